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
    A finding is certain only when code seen to run on the main thread outside the handler takes the very lock in a
    `while` loop, or holds it while it waits: a lock that is taken once, by `Event.wait()` too, or only by the handler
    and on other threads, is met by a signal within microseconds at most. To join or start a thread is only likely to
    do harm, and so is what is done for signals that a person sends, such as SIGUSR1, and in files that name gevent.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope, Scope
from worker_lint.analysis.calls import Callee
from worker_lint.analysis.in_signal_handler import Unsafe, unsafe_in, unsafe_in_lambda
from worker_lint.analysis.main_thread import locks_of_main
from worker_lint.analysis.nesting import mentions, with_inner
from worker_lint.analysis.signalled import Installed, installed_in, is_by_hand
from worker_lint.rule import Context, Finding, Note, Rule, bad, good

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
            is_likely=True,
        ),
        bad(
            "the main loop takes the lock again and again",
            """
            import signal
            import threading
            import time

            class Table:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.jobs = []
                    signal.signal(signal.SIGTERM, self.on_signal)  # bad: on_signal

                def on_signal(self, number, frame):
                    with self.lock:
                        self.jobs.clear()

                def run(self):
                    while self.jobs:
                        self.step()

                def step(self):
                    with self.lock:
                        self.jobs.pop()
            """,
        ),
        bad(
            "the main loop waits for the event, a second at a time",
            """
            import signal
            import threading

            stopping = threading.Event()

            def main():
                signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())  # bad: Event.set
                while not stopping.wait(1):
                    print("working")
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
            is_likely=True,
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

_DEADLOCK = "If the signal comes while the main thread is in there, the process waits for itself for ever."
_EVENT = (
    "It takes a lock: if the signal, or a second one, comes while the main thread is in the same event, the process"
    " waits for itself for ever."
)


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
            found = list(unsafe_in_lambda(scope, callee.body))
        else:
            runs = [item for item in callee.runs if not scope.project.values.is_wrapped(item.function)]
            found = list(unsafe_in(runs[0])) if len(runs) == 1 and len(callee.runs) == 1 else []
        if found:
            sure = _certain(scope, installed, found)
            worst = min(found, key=lambda item: (item.is_setter, item not in sure, item.waits, item.order))
            yield _finding(scope, installed, callee, worst, found, is_certain=worst in sure)


def _certain(scope: Scope, installed: Installed, found: list[Unsafe]) -> list[Unsafe]:
    """
    What takes a lock that the main thread takes again and again, or holds while it waits: no mere wait for another
    thread or start of one, for signals that are sent without a person who looks, and gevent does not put a lock
    without waiting in its place.
    """
    takes = [(item, item.lock) for item in found if not item.waits]
    if is_by_hand(installed.signals) or "gevent" in scope.project.store.text(scope.path).source or not takes:
        return []
    apart = {function for item in found for function in item.functions}
    locks = locks_of_main(scope, installed.handler.at, apart)
    return [item for item, lock in takes if lock is not None and any(lock.is_same(one) for one in locks)]


def _finding(
    scope: Scope, installed: Installed, callee: Callee, worst: Unsafe, found: list[Unsafe], *, is_certain: bool
) -> Finding:
    name = callee.runs[0].function.name if callee.runs else "lambda"
    notes = [Note(way.function.path, way.call.at, "it is called here") for way in worst.here.ways]
    notes.append(Note(worst.here.function.path, worst.at, f"{worst.what} in a signal handler"))
    others = [item for item in found if item is not worst and item.is_setter is worst.is_setter][:3]
    notes.extend(Note(item.here.function.path, item.at, f"{item.what}, too") for item in others)
    return Finding(
        at=installed.handler.at,
        message=f"the signal handler `{name}` reaches {worst.what}",
        consequence=_EVENT if worst.is_setter else _DEADLOCK,
        help="set a plain attribute in the handler and do the work in the main loop",
        notes=tuple(notes),
        symbol=scope.symbol,
        severity="note" if worst.is_setter else "error",
        confidence="certain" if is_certain else "likely",
    )
