"""
A step of a teardown may raise, and what was to be released after it never is.

What it catches
    A release, the stop of a child, or a kill that may raise, with other releases after it that
    are then not reached: in methods that end an object, in `finally` branches, and in loops over
    children, where the first one that fails keeps the others from being stopped. Also a clean-up
    that stands in `except KeyboardInterrupt` alone, so that no other end of the work leads to it. The notes show
    the path: what raises, and what is then left open.

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
    function that only refuses its arguments. Certain is what comes from outside (a library's error, code of users) and
    leaves open what nothing else closes. Own children, a socket given up, a join, a stop on Ctrl-C are only likely.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.absent_children import AbsentChild, absent_children
from worker_lint.analysis.entered_by_hand import StaysEntered, stays_entered
from worker_lint.analysis.failing_end import fails_one_day
from worker_lint.analysis.gone_files import Gone, gone_files
from worker_lint.analysis.interrupted import OnlyInterrupted, only_interrupted
from worker_lint.analysis.nesting import body_text
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
    words=(*STOP_WORDS, "os.kill", "except KeyboardInterrupt", "os.remove", "os.unlink"),
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
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._events = pika.BlockingConnection(parameters)

                def stop(self):
                    self._events.close()  # bad: self._connection
                    self._connection.close()
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
            class Child:
                def __init__(self):
                    self.link = None

                def run(self, connect):
                    self.link = connect()

                def reset(self):
                    if self.link is not None:
                        self.link.disconnect()

            class Pool:
                def __init__(self):
                    self._children = [Child(), Child()]

                def disconnect(self):
                    for child in self._children:
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
            "caught around both of them",
            _TWO
            + """
                def stop(self):
                    try:
                        self._first.close()  # bad: self._second
                        self._second.close()
                    except Exception:
                        logging.exception("not closed")
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
            """
            import logging
            import pika

            def close_quietly(connection):
                try:
                    connection.close()
                except Exception:
                    logging.exception("not closed")

            class Worker:
                def __init__(self):
                    self._first = pika.BlockingConnection()
                    self._second = pika.BlockingConnection()

                def stop(self):
                    close_quietly(self._first)
                    close_quietly(self._second)
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


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """Every function that is no method; of a method only whether it removes a file."""
    for gone in gone_files(context.project, function):
        yield _of_gone(gone, function)
    if function.owner is None and ends_several(function.name, body_text(function)):
        yield from _findings(function, None, context)


def _findings(function: Function, me: Class | None, context: Context) -> Iterator[Finding]:
    skipping = Skipping(context.project, function, me)
    for skip in skipping.skips():
        found = _of_loop(skip, function, context) if skip.is_loop else _of_sequence(skip, function, me, context)
        yield replace(found, confidence="certain") if fails_one_day(skipping, skip) else found
    for entered in stays_entered(context.project, function, me):
        yield _of_entered(entered, function)
    for absent in absent_children(context.project, function, me):
        empty = _of_absent(absent, function)
        yield replace(empty, confidence="certain") if absent.tested_in is function else empty
    if context.project.store.text(function.path).has_word("KeyboardInterrupt", *function.node.at[0:3:2]):
        for one in only_interrupted(context.project, function, me):
            stopped = _of_interrupt(one, function)
            yield replace(stopped, confidence="certain") if one.is_asked else stopped


def _of_interrupt(one: OnlyInterrupted, function: Function) -> Finding:
    call = ir.dotted_name(one.call.func) or "this"
    return _of_call(
        one.call,
        function,
        (f"`{call}()` runs only when the work is interrupted by Ctrl-C", "move it to a finally branch of the try"),
        "When the work ends by itself or by an error, this clean-up is left out.",
        Note(function.path, one.body.at, "may return or raise here, past the clean-up"),
    )


def _of_entered(one: StaysEntered, function: Function) -> Finding:
    subject = receiver_name(one.left)
    return _of_call(
        one.awaited,
        function,
        (
            f"a cancellation may end this `await` and leave `{subject}` entered",
            "leave it in a finally branch, or enter it with `async with` or an AsyncExitStack",
        ),
        "What was entered in this task is never left: its tasks go on, and the scopes around it end in errors.",
        Note(function.path, one.left.at, f"`{subject}` is then not left here"),
    )


def _of_gone(one: Gone, function: Function) -> Finding:
    call = ir.dotted_name(one.removal.func) or "this"
    return _of_call(
        one.removal,
        function,
        (
            f"`{call}()` may raise FileNotFoundError and leave the exit status out",
            "suppress FileNotFoundError here, or do this in a finally branch after the rest",
        ),
        "When the file has gone, or was never made, the process ends with a traceback instead.",
        Note(function.path, one.exit.at, "the status is then not given here"),
    )


def _of_absent(one: AbsentChild, function: Function) -> Finding:
    return _of_call(
        one.call,
        function,
        (
            f"`{one.subject}` may be None here, which leaves the others of the loop as they are",
            f"ask `if {one.subject}:` first, as is done elsewhere",
        ),
        "The first one that holds nothing ends the loop: all that come after it stay open.",
        Note(one.tested_in.path, one.test, "the same field is tested here, before the same is done"),
    )


def _of_loop(skip: Skip, function: Function, context: Context) -> Finding:
    return _of_call(
        skip.cause,
        function,
        (
            f"`{_written(skip, function, context)}` may raise and leave the others of the loop as they are",
            "catch and log inside the loop, so that each one gets its turn",
        ),
        "The first one that fails ends the loop: all that come after it keep running or stay open.",
        Note(function.path, skip.cause.at, f"may raise {_classes(skip)} here"),
    )


def _of_call(cause: ir.Node, function: Function, said: tuple[str, str], consequence: str, note: Note) -> Finding:
    """`said` is the message and the remedy."""
    return Finding(
        at=cause.at,
        message=said[0],
        consequence=consequence,
        help=said[1],
        notes=(note,),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in cause.at)),
    )


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
