"""
An event that others wait for without limit is set only when its owner succeeds.

What it catches
    A thread or task of the object sets an event, or gives a future its result, after steps that may fail; the
    failure leaves the thread's code without setting it, no other method sets it, and a method of the same object
    waits for it without a time-out.

Why it hurts in production
    The port is in use, the broker refuses the password: the thread dies with a traceback, and `start`, which waits
    for "ready", hangs for ever, so no supervisor sees a failure. Or the loop dies of one error and `stop` waits for
    "stopped" until the process is killed.

What to do instead
    Set it in `finally`, and tell success from failure by a second field; or wait with a time-out and look whether
    the thread is alive.

When to ignore it
    When the steps before it cannot fail after all.

Limits
    Only failures that a library's model or the project's own code states, and only events of the same object.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, External, Function, Instance
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import Edge, Step, Watch, find_path
from worker_lint.analysis.flow.paths import Path
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions
from worker_lint.analysis.places import Use
from worker_lint.analysis.routines import USER_CODE
from worker_lint.analysis.touching import Act, acts_of, done_by, family
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP125",
    severity="warning",
    stage="preview",
    summary="An event that others wait for without limit is set only when its owner succeeds",
    words=("Event", "Future", "create_future"),
    closure="file",
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
_SETS: Final = frozenset({"set", "set_result", "set_exception", "cancel"})
_LIMITS: Final = frozenset({"wait_for", "timeout", "timeout_at", "wait", "move_on_after", "fail_after"})
_MISTAKES: Final = frozenset({"TypeError", "AssertionError", "AttributeError", "NotImplementedError", "NameError"})


class _Unset(Watch[bool]):
    """Whether the event has been set on the path so far."""

    def __init__(self, sets: frozenset[ir.At]) -> None:
        super().__init__(start=False)
        self.sets = sets

    def step(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 - the state is a yes or no
        """A path on which it is set is of no interest any more."""
        return None if step.node.at in self.sets else state

    def along(self, edge: Edge, state: bool) -> bool | None:  # noqa: FBT001 - the state is a yes or no
        """Mistakes in the code, and what unknown code may throw at a log line, are no failures to prepare for."""
        if edge.kind == "exception" and all(thrown.name in _MISTAKES for thrown in edge.thrown):
            return None
        return state


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Events that the class's threads and tasks set, and its other methods wait for."""
    methods = list(context.project.values.fields.methods(cls))
    if not any(mentions(method, ".set(", ".set_result(") for method in methods):
        return
    seen: set[str] = set()
    for method in methods:
        if not mentions(method, "Thread", "create_task", "ensure_future"):
            continue
        for entry in context.project.workers.entries(method, cls):
            runs = entry.callee.runs[0] if len(entry.callee.runs) == 1 else None
            if entry.kind in {"thread", "task"} and runs is not None and runs.me is cls and runs.function.owner is cls:
                for finding in _judged(cls, runs):
                    if finding.message not in seen:
                        seen.add(finding.message)
                        yield finding


def _judged(cls: Class, runs: Runs) -> Iterator[Finding]:
    """The events that the code of one thread or task sets only when nothing fails."""
    own = cls.project.resources.reached(cls, runs.function.name)
    for act in _set_by(cls, runs):
        waiter = _waiter(cls, act.name, own)
        if waiter is None or _is_set_elsewhere(cls, act.name, own):
            continue
        path = _missing(cls, runs, act.name)
        if path is not None and path.raising:
            yield _finding(runs, act, waiter, path)


def _set_by(cls: Class, runs: Runs) -> Iterator[Act]:
    """The first place for each event where the code sets it."""
    names: set[str] = set()
    for act in done_by(runs):
        if act.called in {"set", "set_result"} and act.name not in names and act.function.path == cls.path:
            kind = cls.project.values.field(cls, act.name)
            if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _EVENTS:
                names.add(act.name)
                yield act


def _waiter(cls: Class, name: str, own: frozenset[str]) -> Act | None:
    """Where a method outside the thread's code waits for the event without limit."""
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            if method.name in own:
                continue
            for act in acts_of(method, cls):
                if act.name == name and act.called == "wait" and _is_unlimited(act):
                    return act
    return None


def _is_unlimited(act: Act) -> bool:
    use = act.use
    if use is None or use.call is None or use.call.args or use.call.keywords or use.statement is None:
        return False
    around = (ir.dotted_name(call.func) or "" for call in own_calls(use.statement) if call is not use.call)
    return not any(name.rpartition(".")[2] in _LIMITS | {"create_task", "ensure_future"} for name in around)


def _is_set_elsewhere(cls: Class, name: str, own: frozenset[str]) -> bool:
    """Whether a method outside the thread's code sets the event, or hands it to somebody who may."""
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for act in acts_of(method, cls) if method.name not in own else ():
                if act.name != name or act.use is None:
                    continue
                if act.called in _SETS or act.use.how in {"passed", "stored", "held", "returned"}:
                    return True
                if act.use.how == "attribute" and act.use.name in _SETS:
                    return True
    return False


def _missing(cls: Class, runs: Runs, name: str) -> Path | None:
    """A path on which an error leaves the code of the thread before the event is set."""
    graph = cls.project.routines.graph(*runs)
    if graph is None:
        return None
    sets = frozenset(_setting(cls, runs.function, name))
    found = find_path(graph, _Unset(sets), lambda block, _: block is graph.raised)
    return found if isinstance(found, Path) and not _is_vague(found) else None


def _setting(cls: Class, function: Function, name: str) -> Iterator[ir.At]:
    """The calls of the function that set the event, or may do so further down, and the awaits of them."""
    for use in cls.project.places.uses(function, cls):
        if use.call is None or use.statement is None:
            continue
        deeper = use.place == ("self",) or use.place[:1] == ("self",)
        method = use.name if use.place == ("self",) else use.place[-1]
        sets = use.place == ("self", name) and use.how == "called" and use.name in _SETS
        if not sets and deeper and use.how in {"called", "invoked"}:
            inner = cls.project.resources.reached(cls, method)
            sets = any(
                act.name == name and act.called in _SETS
                for owner in family(cls)
                for each in cls.project.values.fields.methods(owner)
                if each.name in inner
                for act in acts_of(each, cls)
            )
        if sets:
            yield use.call.at
            yield from _awaits(use)


def _awaits(use: Use) -> Iterator[ir.At]:
    for node in own_expressions(use.statement) if use.statement is not None else ():
        if isinstance(node, ir.Await) and node.value is use.call:
            yield node.at


def _is_vague(path: Path) -> bool:
    """Whether all that is known of the failure is that somebody else's code runs while logging."""
    first = path.raising[0].step if path.raising else None
    node = first.node if first is not None else None
    call = node.value if isinstance(node, ir.Await) else node
    name = (ir.dotted_name(call.func) or "").lower() if isinstance(call, ir.Call) else ""
    return "log" in name


def _finding(runs: Runs, act: Act, waiter: Act, path: Path) -> Finding:
    edge = path.raising[0]
    step = edge.step
    thrown = next(iter(sorted(one.name for one in edge.thrown)), "an error")
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
    )
