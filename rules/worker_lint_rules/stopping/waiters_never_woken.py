"""
An event that others wait for without limit is set only when its owner succeeds.

What it catches
    A thread or task of the object sets an event, or gives a future its result, after steps that may fail; the
    failure leaves the thread's code without setting it, no other method sets it, and a method of the same object
    waits for it without a time-out. Also a future in a table of the object that only the reader's loop looks into:
    when that loop ends, nobody fails those that still stand there.

Why it hurts in production
    The port is in use, the broker refuses the password: the thread dies with a traceback, and `start`, which waits
    for "ready", hangs for ever, so no supervisor sees a failure. Or the loop dies of one error and `stop` waits for
    "stopped" until the process is killed.

What to do instead
    Set it in `finally` and tell failure by a second field; or wait with a time-out, and see whether the thread lives.

When to ignore it
    When the steps before it cannot fail after all.

Limits
    Only failures that a library's model or the project's own code states, and only events of the same object; an error
    that a handler takes counts only when another leaves the thread behind it. Certain is a failure of a call; likely, a
    `raise` in the thread's own code or one that depends on a field of the object, a guard that may never strike, what
    code from outside throws, an unknown encoding or data nested too deep, a wait that all callers in the class limit,
    and tables.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, External, Function, Instance
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import serves
from worker_lint.analysis.flow import Edge
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.pending import Waiting, is_emptied_as_a_whole, serving, waiting_in
from worker_lint.analysis.routines import USER_CODE
from worker_lint.analysis.touching import Act, done_by
from worker_lint.analysis.unset import ending_edge, is_refused_by_state, telling, unset_path
from worker_lint.analysis.waiters import is_set_elsewhere, waiter_for
from worker_lint.diagnostic import Confidence
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP125",
    severity="warning",
    stage="certain",
    summary="An event that others wait for without limit is set only when its owner succeeds",
    words=("Event", "Future", "create_future"),
    besides=(".set(", ".set_result(", "Future(", "Event(", "create_future"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("finally", "waiters time out"),
    examples=(
        bad(
            "start waits for a thread that may fail before it is ready",
            """
            import socket
            import threading

            class Server:
                def __init__(self, address):
                    self.address = address
                    self.ready = threading.Event()

                def start(self):
                    threading.Thread(target=self.run).start()
                    self.ready.wait()

                def run(self):
                    listener = socket.socket()
                    listener.bind(self.address)
                    self.ready.set()  # bad: self.ready
                    listener.listen()
            """,
        ),
        bad(
            "stop waits for a loop that may die",
            """
            import asyncio

            class Worker:
                def __init__(self, handler):
                    self.handler = handler
                    self.stopping = asyncio.Event()
                    self.stopped = asyncio.Event()

                async def start(self):
                    self.task = asyncio.create_task(self.run())

                async def run(self):
                    while not self.stopping.is_set():
                        await self.handler()
                    self.stopped.set()  # bad: self.stopped

                async def stop(self):
                    self.stopping.set()
                    await self.stopped.wait()
            """,
            is_likely=True,
        ),
        bad(
            "the reader's end leaves those who wait for an answer",
            """
            import asyncio

            class Client:
                def __init__(self, reader):
                    self.reader = reader
                    self.pending = {}

                async def start(self):
                    self.task = asyncio.create_task(self.read())

                async def read(self):
                    while True:
                        number, answer = await self.reader.next()
                        self.pending.pop(number).set_result(answer)

                async def ask(self, number):
                    future = asyncio.get_running_loop().create_future()
                    self.pending[number] = future
                    return await future  # bad: read
            """,
            is_likely=True,
        ),
        good(
            "the reader fails them all at its end",
            """
            import asyncio

            class Client:
                def __init__(self, reader):
                    self.reader = reader
                    self.pending = {}

                async def start(self):
                    self.task = asyncio.create_task(self.read())

                async def read(self):
                    try:
                        while True:
                            number, answer = await self.reader.next()
                            self.pending.pop(number).set_result(answer)
                    finally:
                        for future in self.pending.values():
                            future.cancel()

                async def ask(self, number):
                    future = asyncio.get_running_loop().create_future()
                    self.pending[number] = future
                    return await future
            """,
        ),
        good(
            "it is set in any case",
            """
            import socket
            import threading

            class Server:
                def __init__(self, address):
                    self.address = address
                    self.ready = threading.Event()

                def start(self):
                    threading.Thread(target=self.run).start()
                    self.ready.wait()

                def run(self):
                    try:
                        listener = socket.socket()
                        listener.bind(self.address)
                    finally:
                        self.ready.set()
                    listener.listen()
            """,
            silence="finally",
        ),
        good(
            "the waiter gives up after a while",
            """
            import socket
            import threading

            class Server:
                def __init__(self, address):
                    self.address = address
                    self.ready = threading.Event()

                def start(self):
                    threading.Thread(target=self.run).start()
                    self.ready.wait(10)

                def run(self):
                    listener = socket.socket()
                    listener.bind(self.address)
                    self.ready.set()
            """,
            silence="waiters time out",
        ),
        good(
            "nothing can fail before it is set",
            """
            import threading

            class Server:
                def __init__(self):
                    self.ready = threading.Event()

                def start(self):
                    threading.Thread(target=self.run).start()
                    self.ready.wait()

                def run(self):
                    self.started = True
                    self.ready.set()
            """,
        ),
        good(
            "a handler sets it, too",
            """
            import socket
            import threading

            class Server:
                def __init__(self, address):
                    self.address = address
                    self.ready = threading.Event()

                def start(self):
                    threading.Thread(target=self.run).start()
                    self.ready.wait()

                def run(self):
                    try:
                        listener = socket.socket()
                        listener.bind(self.address)
                    except OSError:
                        self.ready.set()
                        raise
                    self.ready.set()
            """,
        ),
    ),
)

_EVENTS: Final = (
    "threading.Event", "asyncio.locks.Event", "multiprocessing.synchronize.Event", "asyncio.Event",
    "asyncio.futures.Future", "concurrent.futures._base.Future", "asyncio.Future",
)  # fmt: skip
_NAMED: Final = frozenset({"run", "_run", "serve_forever", "run_forever", "consume", "main_loop"})
_LAUNCHES: Final = ("Thread", "create_task", "ensure_future")


@rule.on_class
def check_tables(cls: Class, context: Context) -> Iterator[Finding]:
    """Futures and events in tables of the object, which only the arrival of an answer wakes."""
    for method in context.project.values.fields.methods(cls):
        if not mentions(method, "Future(", "Event(", "create_future"):
            continue
        for waiting in waiting_in(cls, method):
            runs = serving(cls, waiting.table)
            if runs is not None and serves(runs) and not is_emptied_as_a_whole(cls, waiting.table):
                yield _unanswered(waiting, runs)


def _unanswered(waiting: Waiting, runs: Runs) -> Finding:
    name = runs.function.name
    return Finding(
        at=waiting.at,
        message=f"`{waiting.method.name}` waits for an answer that only `{name}` gives",
        consequence=f"When `{name}` ends, by an error or by the stop, all who wait in the table hang for ever.",
        help=f"fail all that stands in `self.{waiting.table}` when `{name}` ends, in `finally`",
        notes=(
            Note(waiting.method.path, waiting.put, "it is put into the table here"),
            Note(runs.function.path, runs.function.node.name_at, f"`{name}` wakes one at a time, and none at its end"),
        ),
        symbol=waiting.method.symbol,
        confidence="likely",
    )


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Events that the class's threads and tasks set, and its other methods wait for."""
    methods = list(context.project.values.fields.methods(cls))
    if not any(mentions(method, ".set(", ".set_result(") for method in methods):
        return
    seen: set[str] = set()
    for runs in dict.fromkeys(_owners(cls, methods)):
        for finding in _judged(cls, runs):
            if finding.message not in seen:
                seen.add(finding.message)
                yield finding


def _owners(cls: Class, methods: list[Function]) -> Iterator[Runs]:
    """The methods of the class body that its threads and tasks run, and those that are named for it."""
    for method in methods:
        if method.name in _NAMED:
            yield Runs(method, cls)
        for entry in cls.project.workers.entries(method, cls) if mentions(method, *_LAUNCHES) else ():
            runs = entry.callee.first[0] if entry.callee.first and entry.kind in {"thread", "task"} else None
            if runs is not None and runs.me is cls and runs.function.owner is cls and len(entry.callee.runs) == 1:
                yield runs


def _judged(cls: Class, runs: Runs) -> Iterator[Finding]:
    """The events that the code of one thread or task sets only when nothing fails."""
    own = cls.project.resources.reached(cls, runs.function.name)
    for act in _set_by(cls, runs):
        waiter = waiter_for(cls, act.name, own)
        if waiter is None or is_set_elsewhere(cls, act.name, own, runs.function.name):
            continue
        path = unset_path(cls, runs, act.name, waiter.act.function)
        cause = ending_edge(runs.function, path) if path is not None else None
        if cause is not None and not _is_vague(cause):
            is_certain = not waiter.is_limited_above and _is_proven(cause) and not is_refused_by_state(cls, runs, cause)
            yield _finding(runs, act, waiter.act, cause, "certain" if is_certain else "likely")


def _set_by(cls: Class, runs: Runs) -> Iterator[Act]:
    """The first place for each event where the code sets it."""
    names: set[str] = set()
    for act in done_by(runs):
        if act.called in {"set", "set_result"} and act.name not in names and act.function.path == cls.path:
            kind = cls.project.values.field(cls, act.name)
            if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _EVENTS:
                names.add(act.name)
                yield act


def _is_vague(cause: Edge) -> bool:
    """Whether all that is known of the failure is that somebody else's code runs while logging."""
    node = cause.step.node if cause.step is not None else None
    call = node.value if isinstance(node, ir.Await) else node
    name = (ir.dotted_name(call.func) or "").lower() if isinstance(call, ir.Call) else ""
    return "log" in name


def _is_proven(cause: Edge) -> bool:
    """
    Whether a call fails in a way that somebody states. A `raise` in the thread's own code is a guard: who starts the
    thread may have asked the same. What code from outside throws is anybody's guess.
    """
    is_guard = cause.step is not None and isinstance(cause.step.node, (ir.Raise, ir.Assert))
    return not is_guard and bool(telling(cause)) and all(one.name != USER_CODE for one in cause.thrown)


def _finding(runs: Runs, act: Act, waiter: Act, cause: Edge, confidence: Confidence) -> Finding:
    step = cause.step
    thrown = next(iter(telling(cause)), "an error")
    what = thrown if thrown != USER_CODE else "an error of code that it is given"
    notes = [Note(waiter.function.path, waiter.at, f"`{waiter.function.name}` waits for it here, without limit")]
    if step is not None:
        notes.insert(0, Note(runs.function.path, step.node.at, f"when this raises {what}, it is never set"))
    return Finding(
        at=act.at,
        message=f"`self.{act.name}` is set only when `{runs.function.name}` succeeds",
        consequence=f"When `{runs.function.name}` fails first, `{waiter.function.name}` hangs for ever.",
        help=f"set `self.{act.name}` in `finally`, or wait with a time-out",
        notes=tuple(notes),
        symbol=act.function.symbol,
        confidence=confidence,
    )
