"""
A step of a teardown may raise, and what was to be released after it never is.

What it catches
    A release, the stop of a child, or a kill that may raise, with other releases after it that are then not reached:
    in methods that end an object, in `finally` branches, and in loops over children, where the first one that fails
    keeps the others from being stopped. Also a clean-up that stands in `except KeyboardInterrupt` alone, so that no
    other end of the work leads to it; the loop of a parent
    of forked processes; a task group or portal that is left by hand after an `await`; and a file removed
    unasked before the exit status. The notes show the path: what raises, and what is then left open.

Why it hurts in production
    Things are stopped when something is already wrong: the broker is gone, the child has died.
    So the first `close` is the very call that raises then. The connection, thread or process
    behind it stays, the process does not end, or the next start finds the port or lock taken.

What to do instead
    Give each step its own guard: `contextlib.ExitStack` with one callback for each release,
    nested `try`/`finally`, or `contextlib.suppress` around a step whose failure does not matter.
    In a loop over children, catch and log inside the loop.

When to ignore it
    When the process ends right after it and nothing that is left open outlives the process.

Limits
    A call counts as raising when a library model says so, when the project's own code raises, or when it runs code
    that somebody else supplies: a callback, or the stop of a child of unknown class; no other call does, and no
    function that only refuses its arguments. Certain is what comes from outside (a peer, the system, code of users) in
    code that is run, and leaves open what nothing else closes while the process goes on; and a clean-up on Ctrl-C alone
    of work that a signal handler asks to end. Own children, children that the project's own code hands in, what closes
    with its object or gets another turn (a finalizer ends it again, a caller repeats a wait for a time of its own
    choice), a join, the last act of a program are only likely.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.absent_children import absent_children
from worker_lint.analysis.failing_end import fails_one_day
from worker_lint.analysis.gone_files import gone_files
from worker_lint.analysis.interrupted import only_interrupted
from worker_lint.analysis.left_by_hand import stays_entered
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.orphaned import orphaned
from worker_lint.analysis.skipping import Skip, Skipping
from worker_lint.analysis.stopping import STOP_WORDS, ends_several
from worker_lint.analysis.visit import receiver_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_TWO: Final = """
            import contextlib
            import logging
            import pika

            class Worker:
                def __init__(self):
                    self._first = pika.BlockingConnection()
                    self._second = pika.BlockingConnection()
"""

rule = Rule(
    code="STP102",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="An error in one step of a teardown leaves later releases out",
    words=(*STOP_WORDS, "os.kill", "except KeyboardInterrupt", "os.remove", "os.unlink", "__aexit__(None", "os.fork"),
    product_only=True,
    yields_to=("STP115", "STP124", "STP128", "ERR115"),
    silences=(
        "each step guarded",
        "suppress",
        "ExitStack",
        "nested finally",
        "helper that swallows",
        "steps that cannot raise",
        "one resource only",
    ),
    examples=(
        bad(
            "two closes in a row",
            _TWO
            + """
                def stop(self):
                    self._first.close()  # bad: self._second
                    self._second.close()
            """,
        ),
        bad(
            "the first child that fails keeps the others running",
            """
            class Service:
                def __init__(self):
                    self._children = []

                def add(self, child):
                    self._children.append(child)

                def stop(self):
                    for child in self._children:
                        child.stop()  # bad: child.stop()
            """,
        ),
        bad(
            "a child that holds nothing ends the loop",
            """
            class Group:
                def disconnect(self):
                    if self.link:
                        self.link.disconnect()
                    for child in self.children:
                        child.link.disconnect()  # bad: child.link
            """,
        ),
        bad(
            "a child that has died ends the loop",
            """
            import os
            import signal

            def terminate(pids):
                for pid in pids:
                    os.kill(pid, signal.SIGTERM)  # bad: os.kill
            """,
        ),
        bad(
            "a callback of the user before the close",
            """
            import pika

            class Worker:
                def __init__(self, on_stop):
                    self._on_stop = on_stop
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._on_stop()  # bad: self._connection
                    self._connection.close()
            """,
        ),
        bad(
            "cleaned up on Ctrl-C only",
            """
            class Broker:
                def listen(self): ...

                def shutdown(self): ...

            def main():
                broker = Broker()
                try:
                    broker.listen()
                except KeyboardInterrupt:
                    broker.shutdown()  # bad: Ctrl-C
            """,
        ),
        good(
            "a guard for each",
            _TWO
            + """
                def stop(self):
                    try:
                        self._first.close()
                    except Exception:
                        pass
                    self._second.close()
            """,
            silence="each step guarded",
        ),
        good(
            "suppressed",
            _TWO
            + """
                def stop(self):
                    with contextlib.suppress(Exception):
                        self._first.close()
                    self._second.close()
            """,
            silence="suppress",
        ),
        good(
            "the stack calls all of them",
            _TWO
            + """
                def stop(self):
                    with contextlib.ExitStack() as stack:
                        stack.callback(self._second.close)
                        stack.callback(self._first.close)
            """,
            silence="ExitStack",
        ),
        good(
            "one finally inside the other",
            _TWO
            + """
                def stop(self):
                    try:
                        self._first.close()
                    finally:
                        self._second.close()
            """,
            silence="nested finally",
        ),
        good(
            "a helper that logs and goes on",
            _TWO
            + """
                def stop(self):
                    self._close_quietly(self._first)
                    self._close_quietly(self._second)

                def _close_quietly(self, connection):
                    try:
                        connection.close()
                    except Exception:
                        logging.exception("not closed")
            """,
            silence="helper that swallows",
        ),
        good(
            "a flag and a join do not fail",
            """
            import threading
            import pika

            class Worker:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = threading.Thread(target=print)
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
                    self._connection.close()
            """,
            silence="steps that cannot raise",
        ),
        good(
            "nothing comes after it",
            """
            import pika

            def run(parameters):
                connection = pika.BlockingConnection(parameters)
                connection.close()
            """,
            silence="one resource only",
        ),
    ),
)


@rule.on_class
def check_methods(cls: Class, context: Context) -> Iterator[Finding]:
    """Every method that the class itself defines, on objects of this class."""
    for method in context.project.values.fields.methods(cls):
        if ends_several(method.name, body_text(method)):
            yield from _findings(method, cls, context)
        for one in orphaned(cls, method):
            words = (ir.dotted_name(one.call.func) or "this", one.field)
            yield _of_call(one.call, method, _ORPHANED, words, (method.path, one.after.at))


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """Every function that is no method; of a method only whether it removes a file."""
    for gone in gone_files(context.project, function):
        words = (ir.dotted_name(gone.removal.func) or "this", "")
        yield _of_call(gone.removal, function, _GONE, words, (function.path, gone.exit.at))
    if function.owner is None and ends_several(function.name, body_text(function)):
        yield from _findings(function, None, context)


class _Said(NamedTuple):
    """What is said of one shape: `{0}` is the name in it, `{1}` what is raised."""

    message: str
    consequence: str
    help: str
    note: str


_LOOP: Final = _Said(
    "`{0}` may raise and leave the others of the loop as they are",
    "The first one that fails ends the loop: all that come after it keep running or stay open.",
    "catch and log inside the loop, so that each one gets its turn",
    "may raise {1} here",
)
_ABSENT: Final = _Said(
    "`{0}` may be None here, which leaves the others of the loop as they are",
    "The first one that holds nothing ends the loop: all that come after it stay open.",
    "ask `if {0}:` first, as is done elsewhere",
    "the same field is tested here, before the same is done",
)
_INTERRUPT: Final = _Said(
    "`{0}()` runs only when the work is interrupted by Ctrl-C",
    "When the work ends by itself or by an error, this clean-up is left out.",
    "move it to a finally branch of the try",
    "may return or raise here, past the clean-up",
)
_ORPHANED: Final = _Said(
    "`{0}()` may raise and end the parent of forked processes, which go on",
    "The error leaves the loop: what comes after it, and sees to the children, is never done.",
    "see to the children in a finally branch, or take the error inside the loop",
    "`{1}` is then not seen to here",
)
_ENTERED: Final = _Said(
    "a cancellation may end this `await` and leave `{0}` entered",
    "What was entered in this task is never left: its tasks go on, and the scopes around it end in errors.",
    "leave it in a finally branch, or enter it with `async with` or an AsyncExitStack",
    "`{0}` is then not left here",
)
_GONE: Final = _Said(
    "`{0}()` may raise FileNotFoundError and leave the exit status out",
    "When the file has gone, or was never made, the process ends with a traceback instead.",
    "suppress FileNotFoundError here, or do this in a finally branch after the rest",
    "the status is then not given here",
)


def _findings(function: Function, me: Class | None, context: Context) -> Iterator[Finding]:
    project = context.project
    skipping = Skipping(project, function, me)
    for skip in skipping.skips():
        found = _of_loop(skip, function, context) if skip.is_loop else _of_sequence(skip, function, me, context)
        yield replace(found, confidence="certain") if fails_one_day(skipping, skip) else found
    for entered in stays_entered(project, function, me):
        words = (receiver_name(entered.left), "")
        yield _of_call(entered.awaited, function, _ENTERED, words, (function.path, entered.left.at))
    for absent in absent_children(project, function, me):
        empty = _of_call(absent.call, function, _ABSENT, (absent.subject, ""), (absent.tested_in.path, absent.test))
        yield replace(empty, confidence="certain") if absent.tested_in is function else empty
    if project.store.text(function.path).has_word("KeyboardInterrupt", *function.node.at[0:3:2]):
        for one in only_interrupted(project, function, me):
            words = (ir.dotted_name(one.call.func) or "this", "")
            stopped = _of_call(one.call, function, _INTERRUPT, words, (function.path, one.body.at))
            yield replace(stopped, confidence="certain") if one.is_asked else stopped


def _of_call(
    cause: ir.Node, function: Function, said: _Said, words: tuple[str, str], noted: tuple[str, ir.At]
) -> Finding:
    return Finding(
        at=cause.at,
        message=said.message.format(*words),
        consequence=said.consequence,
        help=said.help.format(*words),
        notes=(Note(*noted, said.note.format(*words)),),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in cause.at)),
    )


def _of_loop(skip: Skip, function: Function, context: Context) -> Finding:
    words = (_written(skip, function, context), _classes(skip))
    return _of_call(skip.cause, function, _LOOP, words, (function.path, skip.cause.at))


def _of_sequence(skip: Skip, function: Function, me: Class | None, context: Context) -> Finding:
    names = [".".join(part for part in place if part != "*") for place, _ in skip.places]
    left = f"`{names[0]}`" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    notes = [Note(function.path, skip.cause.at, f"may raise {_classes(skip)} here")]
    for name, (place, at) in zip(names, skip.places, strict=True):
        notes.append(Note(function.path, at, f"`{name}` is then not released here"))
        notes.extend(_opened(place, me, context))
    return Finding(
        at=skip.cause.at,
        message=f"`{_written(skip, function, context)}` may raise and leave {left} open",
        consequence="An error here ends the teardown: what was to be released after it never is.",
        help="guard the step with try/finally or contextlib.suppress, or release all through an ExitStack",
        notes=tuple(notes),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in skip.cause.at)),
    )


def _opened(place: tuple[str, ...], me: Class | None, context: Context) -> Iterator[Note]:
    """Where a field is opened, as far as this class or its bases do it."""
    site = context.project.resources.opened(me, place[1]) if me is not None and len(place) > 1 else None
    if site is not None:
        yield Note(site.function.path, site.at, f"`self.{place[1]}` is opened here")


def _written(skip: Skip, function: Function, context: Context) -> str:
    """The call as it stands in the code, shortened to one line."""
    code = context.project.store.text(function.path).segment(skip.cause.at)
    head = code.partition("\n")[0].partition("(")[0]
    return f"{head}()"


def _classes(skip: Skip) -> str:
    names = sorted({thrown.name.rpartition(".")[2] for thrown in skip.thrown})
    return " or ".join(names[:2]) if names and names != ["Exception"] else "an error"
