"""
A signal handler does what can deadlock or fail in the middle of the code that it interrupts.

What it catches
    A function given to `signal.signal` that takes a lock, waits, joins a thread, uses a queue or closes a broker
    connection, in itself or in what it calls.

Why it hurts in production
    Python runs the handler on the main thread, between two instructions of whatever the thread
    was doing. If that was holding the same lock, the process waits for itself and has to be killed with
    SIGKILL, with everything unflushed. It happens on one stop in a thousand, so no test sees it.

What to do instead
    Set a plain attribute (`self._stopping = True`) or write a byte to a wake-up pipe, and do the work in
    the main loop. With asyncio use `loop.add_signal_handler`, which runs in the loop.

When to ignore it
    When the main thread does nothing but wait for signals, and holds no lock while it waits.

Limits
    `Event.set` alone is a note: it deadlocks only when the signal comes while the main thread is inside the
    same event. Handlers are followed as far as each call surely runs one function; branches that the arguments
    of a call exclude are left out. `print` and the logging module are let pass: their locks let the same thread in
    again, and logging swallows what goes wrong. A handler installed for several signals is reported once.
    A finding is certain when the handler takes a lock that the main thread may hold: of an event only when several
    signals share the handler or the file waits for that event. To join or start a thread is only likely to do harm,
    and so is what is done for signals that a person sends, such as SIGUSR1, and in files that name gevent.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import External, Function, Instance, ModuleScope, Scope
from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.locking import tries_only
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions, with_inner
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.analysis.signalled import Installed, installed_in, is_by_hand, is_made_here, may_meet, only_waits_after
from worker_lint.diagnostic import Severity
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP117",
    severity="error",
    stage="certain",
    summary="A signal handler does what can deadlock or fail in the code that it interrupts",
    words=("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR", "SIGQUIT", "SIGCHLD", "SIGALRM"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "loop.add_signal_handler",
        "attribute set",
        "os.write to a wake-up descriptor",
        "SimpleQueue.put",
        "Event.set alone",
    ),
    examples=(
        bad(
            "the handler joins the workers",
            """
            import signal
            import threading

            class Supervisor:
                def __init__(self):
                    self.thread = threading.Thread(target=print)
                    self.stopping = False
                    signal.signal(signal.SIGTERM, self.on_signal)  # bad: on_signal

                def on_signal(self, number, frame):
                    self.stop()

                def stop(self):
                    self.stopping = True
                    self.thread.join()
            """,
            is_likely=True,
        ),
        bad(
            "the handler takes the lock of the job table",
            """
            import signal
            import threading

            lock = threading.Lock()
            jobs = []

            def on_signal(number, frame):
                with lock:
                    jobs.clear()

            signal.signal(signal.SIGTERM, on_signal)  # bad: on_signal
            """,
        ),
        bad(
            "the handler tells a queue",
            """
            import queue
            import signal

            tasks = queue.Queue()

            def run():
                signal.signal(signal.SIGTERM, lambda number, frame: tasks.put(None))  # bad: Queue.put
            """,
        ),
        bad(
            "an event is set: a note",
            """
            import signal
            import threading

            stopping = threading.Event()

            def on_signal(number, frame):
                stopping.set()

            signal.signal(signal.SIGTERM, on_signal)  # bad: Event.set
            """,
            is_likely=True,
        ),
        good(
            "joining a process takes no lock",
            """
            import multiprocessing
            import signal

            child = multiprocessing.Process(target=print)

            def on_signal(number, frame):
                child.join()

            signal.signal(signal.SIGHUP, on_signal)
            """,
        ),
        good(
            "the event loop runs the handler",
            """
            import asyncio
            import signal
            import threading

            lock = threading.Lock()

            def on_signal():
                with lock:
                    print("stopping")

            async def run():
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, on_signal)
            """,
            silence="loop.add_signal_handler",
        ),
        good(
            "a flag that the main loop reads",
            """
            import signal

            class Worker:
                def __init__(self):
                    self.stopping = False
                    signal.signal(signal.SIGTERM, self.on_signal)

                def on_signal(self, number, frame):
                    self.stopping = True
            """,
            silence="attribute set",
        ),
        good(
            "a byte in a pipe that the main loop selects on",
            """
            import os
            import signal

            reader, writer = os.pipe()

            def on_signal(number, frame):
                os.write(writer, b"x")

            signal.signal(signal.SIGTERM, on_signal)
            """,
            silence="os.write to a wake-up descriptor",
        ),
        good(
            "a queue that may be filled in the middle of anything",
            """
            import queue
            import signal

            signals = queue.SimpleQueue()

            def on_signal(number, frame):
                signals.put(number)

            signal.signal(signal.SIGTERM, on_signal)
            """,
            silence="SimpleQueue.put",
        ),
        good(
            "an event of the event loop, which takes no lock",
            """
            import asyncio
            import signal

            stopping = asyncio.Event()

            def on_signal(number, frame):
                stopping.set()

            signal.signal(signal.SIGINT, on_signal)
            """,
            silence="Event.set alone",
        ),
        good(
            "the branch that joins is not taken for this argument",
            """
            import signal
            import threading

            class Monitor:
                def __init__(self):
                    self.thread = threading.Thread(target=print)
                    signal.signal(signal.SIGTERM, self.on_signal)

                def on_signal(self, number, frame):
                    self.tear_down(wait=False)

                def tear_down(self, wait=True):
                    self.stopped = True
                    if not wait:
                        return
                    self.thread.join()
            """,
        ),
        good(
            "it tells that it heard",
            """
            import logging
            import signal

            def on_signal(number, frame):
                logging.getLogger(__name__).info("stopping")
                print("stopping")

            signal.signal(signal.SIGTERM, on_signal)
            """,
        ),
        good(
            "a handler that does not wait for the lock",
            """
            import signal, threading

            lock = threading.Lock()
            signal.signal(signal.SIGTERM, lambda *_: lock.acquire(blocking=False))
            """,
        ),
    ),
)

_LOCKS = frozenset(
    {"threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore", "multiprocessing.synchronize.Lock"}
)
"""An RLock lets its own thread in again, and a Condition has one unless told otherwise."""
_REENTRANT = ("threading.RLock.", "threading.Condition.notify")
_SETTERS = frozenset({"threading.Event.set", "threading.Event.clear", "multiprocessing.synchronize.Event.set"})
_WAITS = frozenset({"threading.Thread.join", "threading.Thread.start", "multiprocessing.process.BaseProcess.start"})
_ORDER: tuple[Severity, ...] = ("error", "warning", "note")


class _Unsafe(NamedTuple):
    """
    Something unsafe that a handler reaches: what, where, how bad, and what can happen; what it does it to, and
    whether it takes no lock of the program, but waits for another thread or begins one.
    """

    what: str
    here: Reached
    at: ir.At
    severity: Severity
    harm: str
    subject: str = ""
    waits: bool = False

    @property
    def order(self) -> tuple[ir.At, ...]:
        """Comparable with that of others of the same handler: what runs first comes first."""
        return (*(way.call.at for way in self.here.ways), self.at)


@rule.on_module
def check_module(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Handlers installed at module level."""
    yield from _installed(module)


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Handlers installed by a function."""
    if mentions(function, "signal"):
        for scope in with_inner(function):
            yield from _installed(scope)


def _installed(scope: Scope) -> Iterator[Finding]:
    for installed in installed_in(scope):
        callee = scope.project.calls.handed(scope, installed.handler)
        if callee.body is not None and isinstance(scope, Function):
            found = list(_in_lambda(scope, callee.body))
        else:
            runs = [item for item in callee.runs if not scope.project.values.is_wrapped(item.function)]
            found = list(_in_runs(runs[0])) if len(runs) == 1 and len(callee.runs) == 1 else []
        if found:
            worst = min(found, key=lambda item: (_ORDER.index(item.severity), item.waits, item.order))
            yield _finding(scope, installed, callee, worst, found)


def _in_runs(start: Runs) -> Iterator[_Unsafe]:
    for here in reached_from(start):
        for placed in here.statements():
            if isinstance(placed.statement, ir.With):
                yield from _entered(here, placed.statement)
            for call in own_calls(placed.statement):
                yield from _called(here, call)


def _in_lambda(scope: Function, body: ir.Lambda) -> Iterator[_Unsafe]:
    here = Reached(scope, scope.owner)
    for call in own_expressions(ir.Expression(body.at, body.body)):
        if isinstance(call, ir.Call):
            yield from _called(here, call, shares=True)
            runs = callee_in(here, call).runs
            if len(runs) == 1:
                yield from _in_runs(runs[0])


def _entered(here: Reached, statement: ir.With) -> Iterator[_Unsafe]:
    for item in statement.items:
        kind = here.function.project.values.of(here.function, item.context, here.me)
        if isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _LOCKS:
            yield _Unsafe(f"`with {_text(here, item.context)}`", here, item.at, "error", _DEADLOCK)


_DEADLOCK = "If the signal comes while the main thread is in there, the process waits for itself for ever."
_EVENT = (
    "It takes a lock: if the signal, or a second one, comes while the main thread is in the same event, the process"
    " waits for itself for ever."
)


def _called(here: Reached, call: ir.Call, *, shares: bool = False) -> Iterator[_Unsafe]:
    callee = callee_in(here, call)
    model = callee.model
    name = callee.dotted
    if model is not None and model.facts.signal_safe is False and callee.is_sure and not name.startswith(_REENTRANT):
        if (name not in _WAITS and not shares and is_made_here(here.function, call)) or tries_only(name, call):
            return
        severity: Severity = "note" if name in _SETTERS else "error"
        short = ".".join(name.split(".")[-2:])
        harm = _EVENT if name in _SETTERS else _DEADLOCK
        subject = ir.dotted_name(call.func.value) if isinstance(call.func, ir.Attribute) else ""
        yield _Unsafe(f"`{short}`", here, call.at, severity, harm, subject or "", name in _WAITS)


def _text(here: Reached, node: ir.Expr) -> str:
    return ir.dotted_name(node) or here.function.project.store.text(here.function.path).segment(node.at).split("\n")[0]


def _is_certain(scope: Scope, installed: Installed, worst: _Unsafe) -> bool:
    """
    Whether the lock that the handler takes can be the one that the main thread holds: it is no mere wait for another
    thread or start of one, the signals are sent without a person who looks, the main thread does more than wait, an
    event is one that the handler itself may be in, and gevent does not put a lock without waiting in its place.
    """
    text = scope.project.store.text
    if worst.waits or is_by_hand(installed.signals) or "gevent" in text(scope.path).source:
        return False
    if worst.severity == "error" and only_waits_after(scope, installed):
        return False
    source = text(worst.here.function.path).source
    return worst.severity == "error" or may_meet(installed.signals, worst.subject, source)


def _finding(scope: Scope, installed: Installed, callee: Callee, worst: _Unsafe, found: list[_Unsafe]) -> Finding:
    name = callee.runs[0].function.name if callee.runs else "lambda"
    notes = [Note(way.function.path, way.call.at, "it is called here") for way in worst.here.ways]
    notes.append(Note(worst.here.function.path, worst.at, f"{worst.what} in a signal handler"))
    others = [item for item in found if item is not worst and item.severity == worst.severity][:3]
    notes.extend(Note(item.here.function.path, item.at, f"{item.what}, too") for item in others)
    return Finding(
        at=installed.handler.at,
        message=f"the signal handler `{name}` reaches {worst.what}",
        consequence=worst.harm,
        help="set a plain attribute in the handler and do the work in the main loop",
        notes=tuple(notes),
        symbol=scope.symbol,
        severity=worst.severity,
        confidence="certain" if _is_certain(scope, installed, worst) else "likely",
    )
