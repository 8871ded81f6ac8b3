"""
A class sets threads going and has no method that ends them.

What it catches
    A class without any stop-like method that starts a thread, not a daemon, whose loop nothing can end, or a timer
    that nothing cancels; with it, the connections that it opens. And a thread class whose `run` gives itself to an
    event loop that it made, cleans up after it, and that nobody ever stops.

Why it hurts in production
    There is no way to end the object: at a deploy the process ignores the request to stop, because the thread holds
    it, until it is killed; the clean-up after the loop has never run in production.

What to do instead
    A `stop` method that sets an event which the loop waits for, joins the thread, and closes what it used; or the
    base worker of the runtime, which has it all.

When to ignore it
    When the process has nothing else to do than this thread, and dies with it by design.

Limits
    One diagnostic for each class. Daemon threads, and loops that end by themselves, are let pass.
"""

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.children import Child, children_of, is_endless, is_thread_class, service_loops
from worker_lint.analysis.flow import find
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.pauses import is_made_here
from worker_lint.analysis.resources import NETWORK, Held
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.touching import acts_of, code_of, family, field_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP127",
    severity="warning",
    closure="file",
    resumable="trail",
    summary="A class sets threads going and has no method that ends them",
    words=("Thread", "Timer"),
    product_only=True,
    silences=("injected", "one-shot"),
    examples=(
        bad(
            "a thread and a connection without an end",
            """
            import threading
            import pika

            class Consumer:  # bad: Consumer
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while True:
                        self.connection.process_data_events(time_limit=1)
            """,
        ),
        bad(
            "the clean-up after the event loop never runs",
            """
            import asyncio
            from threading import Thread

            class LoopThread(Thread):  # bad: LoopThread
                def __init__(self):
                    super().__init__()
                    self.loop = asyncio.new_event_loop()

                def run(self):
                    self.loop.run_forever()
                    self.loop.close()
            """,
        ),
        good(
            "the caller's thread",
            """
            import threading

            class Consumer:
                def __init__(self, thread):
                    self.thread = thread
                    self.thread.start()

                def run(self):
                    while True:
                        print("working")
            """,
            silence="injected",
        ),
        good(
            "the thread ends by itself",
            """
            import threading

            class Upload:
                def __init__(self, parts):
                    self.parts = parts
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while self.parts:
                        print(self.parts.pop())
            """,
            silence="one-shot",
        ),
        good(
            "a daemon that lives as long as the process",
            """
            import threading

            class Heart:
                def __init__(self):
                    self.thread = threading.Thread(target=self.run, daemon=True)
                    self.thread.start()

                def run(self):
                    while True:
                        print("beat")
            """,
        ),
        good(
            "a method sets what the loop reads",
            """
            import threading

            class Consumer:
                def __init__(self):
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()
                    self.wanted = True

                def run(self):
                    while True:
                        if not self.wanted:
                            return

                def abandon(self):
                    self.wanted = False
            """,
        ),
        good(
            "somebody stops the loop",
            """
            import asyncio
            from threading import Thread

            class LoopThread(Thread):
                def __init__(self):
                    super().__init__()
                    self.loop = asyncio.new_event_loop()

                def run(self):
                    self.loop.run_forever()
                    self.loop.close()

            def end(thread: LoopThread):
                thread.loop.call_soon_threadsafe(thread.loop.stop)
            """,
        ),
    ),
)

_ROUND: Final = frozenset({"start", "run_forever", "serve_forever", "mainloop"})


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Whether the class starts what nothing can end."""
    project = context.project
    text = project.store.text(cls.path)
    if not any(text.has_word(word, *cls.node.at[0:3:2]) for word in rule.words) and not is_thread_class(cls):
        return
    if project.workers.stops(cls) or any(is_stop_name(name) for name in project.workers.methods(cls)):
        return
    if not all(isinstance(base, (Class, ModelClass)) for base in project.hierarchy.order(cls)):
        return
    if any(is_stop_name(each.name) for sub in family(cls) for each in project.values.fields.methods(sub)):
        return
    left = [child for child in children_of(cls) if _is_endless(cls, child)]
    if left:
        links = [held for held in project.resources.held(cls) if _is_open_link(held)]
        yield _finding(cls, left, links)
    elif is_thread_class(cls):
        yield from _looping(cls)


def _is_endless(cls: Class, child: Child) -> bool:
    """Whether the child goes on for ever, holds the process, and nothing can tell it to end."""
    held = child.held
    if (
        child.is_daemon
        or held.ends
        or not held.is_ours
        or not held.acquired
        or held.acquired[0].method.owner is not cls
    ):
        return False
    if child.kind == "timer":
        return child.runs is not None and child.runs.me is cls and _starts_again(cls, child)
    if child.kind != "thread" or child.runs is None or child.runs.me is not cls:
        return False
    loops = [loop for function, loop in service_loops(child.runs) if function is child.runs.function]
    if not any(isinstance(loop, ir.While) and is_endless(loop) and not _is_left(loop) for loop in loops):
        return False
    seen = {act.name for act in code_of(cls, child.runs)}
    own = cls.project.resources.reached(cls, child.runs.function.name) | {"__init__"}
    others = (one for owner in family(cls) for one in cls.project.values.fields.methods(owner) if one.name not in own)
    return not any(act.kind == "assigned" and act.name in seen for one in others for act in acts_of(one, cls))


def _starts_again(cls: Class, child: Child) -> bool:
    """Whether the timer's code makes the next timer."""
    runs = child.runs
    reached = cls.project.resources.reached(cls, runs.function.name) if runs is not None else frozenset()
    return any(site.method.name in reached for site in child.held.created)


def _is_left(loop: ir.While) -> bool:
    leaves = any(node.kind == "break" for node in find(ir.Simple, loop.body))
    return leaves or any(True for _ in find(ir.Return, loop.body)) or any(True for _ in find(ir.Raise, loop.body))


def _is_open_link(held: Held) -> bool:
    return (
        held.duty.role in NETWORK and bool(held.acquired) and not held.ends and held.is_ours and not held.derived_from
    )


def _finding(cls: Class, left: list[Child], links: list[Held]) -> Finding:
    names = ", ".join(f"`{one.name}`" for one in (*(child.held for child in left), *links))
    first = left[0]
    notes = [Note(one.acquired[0].function.path, one.acquired[0].at, f"`{one.name}` begins here")
             for one in (*(child.held for child in left), *links)]  # fmt: skip
    return Finding(
        at=cls.node.name_at,
        message=f"`{cls.name}` begins {names} and has no method that ends anything",
        consequence=f"The {first.kind} goes on for ever and holds the process: a request to stop ends in a kill.",
        help="write a `stop` that sets an event which the loop asks, joins the thread, and closes what it used",
        notes=tuple(notes),
        symbol=cls.symbol,
        culprit=("resource", cls.symbol, first.held.place[-1]),
    )


def _looping(cls: Class) -> Iterator[Finding]:
    """A thread class whose `run` goes round in a loop object of its own, with a clean-up that nobody brings about."""
    run = next((one for one in cls.project.values.fields.methods(cls) if one.name == "run"), None)
    for index, statement in enumerate(run.body if run is not None else ()):
        call = statement.value if isinstance(statement, ir.Expression) else None
        if run is None or not isinstance(call, ir.Call) or not isinstance(call.func, ir.Attribute):
            continue
        name = field_name(run, call.func.value)
        if call.func.name not in _ROUND or not name or not is_made_here(cls, name) or _is_ended(cls, name):
            continue
        after = next((each for each in find(ir.Call, run.body[index + 1 :]) if _closes(run, each, name)), None)
        if after is not None:
            yield Finding(
                at=cls.node.name_at,
                message=f"`{cls.name}` runs `self.{name}` for ever, and nothing stops it",
                consequence=f"What follows `self.{name}.{call.func.name}()` never runs: nothing is ever closed.",
                help=f"write a `stop` that has `self.{name}` stopped from its own thread, and join the thread",
                notes=(
                    Note(cls.path, call.at, "the thread stays here"),
                    Note(cls.path, after.at, "this is never reached"),
                ),
                symbol=cls.symbol,
                culprit=("resource", cls.symbol, name),
            )
            return


def _closes(run: Function, call: ir.Call, name: str) -> bool:
    return (
        isinstance(call.func, ir.Attribute) and call.func.name == "close" and field_name(run, call.func.value) == name
    )


def _is_ended(cls: Class, name: str) -> bool:
    """Whether anybody stops the loop, or hands it something to do that may."""
    pattern = rf"\.{re.escape(name)}\.(?:stop|shutdown|add_callback|call_soon_threadsafe|call_soon|add_timeout)\b"
    return cls.project.uses.is_written(cls, (f".{name}.",), pattern)
