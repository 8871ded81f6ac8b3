"""
Two threads, tasks or signals come into the same state between a question and the answer.

What it catches
    A dict or set that is changed under a lock everywhere, and gone through without that lock; a signal handler
    that starts a new stop task each time it runs; a field that a coroutine finds empty and fills
    only after an `await`, so that two tasks both open a connection; a field that is tested and then used, while the
    object's thread sets it to None in between.

Why it hurts in production
    Stop is where threads meet: one thread walks over the table of executors while another adds one, and
    `RuntimeError: dictionary changed size during iteration` leaves the rest running. Impatient operators press
    Ctrl-C twice: two stop sequences close everything twice. The first of two connections is never closed.

What to do instead
    Take the lock and copy: `with self._lock: jobs = list(self._jobs.values())`. Keep the stop task, and start it only
    when there is none. Hold an `asyncio.Lock` over question, `await` and assignment. Ask a local copy.

When to ignore it
    When one thread or task alone ever calls these methods.

Limits
    A table counts as guarded when two methods or more change it under the lock, and twice as many uses hold it as do
    not. Fields filled after an `await` count if several methods lead to what needs a release. Certain is only a loop
    over the field itself, never under the lock, where members are taken out, too, and nothing shows a thought of it.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, Function, ModuleScope, Scope
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.filled_late import Late, fields_filled_late
from worker_lint.analysis.guarding import Unguarded, takes_locks, walks_without_lock
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.nesting import mentions, own_calls, with_inner
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stop_tasks import stop_started
from worker_lint.analysis.taken_away import TakenAway, fields_taken_away
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.shared import FILLED_AFTER_WAIT, LOCK_TAKEN

rule = Rule(
    code="STP109",
    severity="warning",
    stage="certain",
    summary="Two threads, tasks or signals come into the same state between a question and the answer",
    words=(LOCK_TAKEN, "SIGTERM", "SIGINT", "Thread", "Timer", FILLED_AFTER_WAIT),
    closure="file",
    resumable="trail",
    yields_to=("STP120",),
    product_only=True,
    silences=("single thread or loop without await between",),
    examples=(
        bad(
            "stop walks over the table without its lock",
            """
            import threading

            class Scheduler:
                def __init__(self):
                    self._executors = {}
                    self._lock = threading.RLock()

                def add_executor(self, name, executor):
                    with self._lock:
                        self._executors[name] = executor

                def remove_executor(self, name):
                    with self._lock:
                        del self._executors[name]

                def shutdown(self):
                    for executor in self._executors.values():  # bad: self._executors
                        executor.shutdown()
            """,
        ),
        bad(
            "threads leave the set by themselves",
            """
            import threading

            class Pool:
                def __init__(self):
                    self._threads = set()
                    self._threads_lock = threading.Lock()

                def spawn(self):
                    self._threads_lock.acquire()
                    try:
                        thread = threading.Thread(target=self.run)
                        self._threads.add(thread)
                        thread.start()
                    finally:
                        self._threads_lock.release()

                def run(self):
                    with self._threads_lock:
                        self._threads.remove(threading.current_thread())

                def stop(self):
                    for thread in self._threads:  # bad: self._threads
                        thread.join()
            """,
        ),
        bad(
            "a second Ctrl-C begins a second stop",
            """
            import asyncio
            import signal

            class Worker:
                async def run(self):
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGINT, self.on_signal)  # bad: on_signal
                    await self.consume()

                def on_signal(self):
                    asyncio.ensure_future(self.stop())

                async def stop(self):
                    await self.connection.close()
            """,
            is_likely=True,
        ),
        bad(
            "two tasks both find no connection",
            """
            import aio_pika

            class Client:
                connection = None

                async def _ensure(self):
                    if self.connection is None:
                        self.connection = await aio_pika.connect()  # bad: self.connection

                async def get(self, key):
                    await self._ensure()

                async def put(self, key):
                    await self._ensure()

                async def close(self):
                    await self.connection.close()
            """,
            is_likely=True,
        ),
        bad(
            "the thread takes the socket away between question and use",
            """
            import socket
            import threading

            class Client:
                def __init__(self, address):
                    self.sock = socket.create_connection(address)
                    threading.Thread(target=self._read).start()

                def _read(self):
                    self.sock.recv(4096)
                    self.sock.close()
                    self.sock = None

                def send(self, data):
                    if self.sock is not None:
                        self.sock.sendall(data)  # bad: self.sock
            """,
            is_likely=True,
        ),
        good(
            "the copy is made under the lock, and the private method runs under its callers' lock",
            """
            import threading

            class Scheduler:
                def __init__(self):
                    self._executors = {}
                    self._lock = threading.RLock()

                def add_executor(self, name, executor):
                    with self._lock:
                        self._executors[name] = executor

                def remove_executor(self, name):
                    with self._lock:
                        del self._executors[name]

                def pause(self):
                    with self._lock:
                        executors = list(self._executors.values())
                    for executor in executors:
                        executor.pause()

                def shutdown(self):
                    with self._lock:
                        self._shutdown_all()

                def _shutdown_all(self):
                    for executor in self._executors.values():
                        executor.shutdown()
            """,
        ),
        good(
            "no thread is left when the table is walked over",
            """
            import threading

            class Pool:
                def __init__(self):
                    self._jobs = set()
                    self._lock = threading.Lock()
                    self._thread = threading.Thread(target=self.run)

                def run(self):
                    with self._lock:
                        self._jobs.clear()

                def add(self, job):
                    with self._lock:
                        self._jobs.add(job)

                def stop(self):
                    self._thread.join()
                    for job in self._jobs:
                        job.cancel()
            """,
        ),
        good(
            "the handler starts one stop task only; the other stop knows that it runs",
            """
            import asyncio
            import signal

            class Worker:
                stopping = None
                stopped = False

                async def run(self):
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGINT, self.on_signal)
                    loop.add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(self.stop_once()))
                    await self.consume()

                def on_signal(self):
                    if self.stopping is None:
                        self.stopping = asyncio.ensure_future(self.stop())

                async def stop(self):
                    await self.connection.close()

                async def stop_once(self):
                    if self.stopped:
                        return
                    self.stopped = True
                    await self.connection.close()
            """,
        ),
        good(
            "nothing else runs between question and answer, or a lock is held over both",
            """
            import aio_pika
            import asyncio
            import socket

            class Client:
                sock = connection = None

                def __init__(self):
                    self.lock = asyncio.Lock()

                async def _ensure(self):
                    if self.sock is None:
                        self.sock = socket.socket()
                    async with self.lock:
                        if self.connection is None:
                            self.connection = await aio_pika.connect()

                async def get(self, key):
                    await self._ensure()

                async def put(self, key):
                    await self._ensure()
            """,
            silence="single thread or loop without await between",
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Tables with a lock of their own, and fields that coroutines fill late."""
    text = cls.project.store.text(cls.path)
    start, end = cls.node.at[0], cls.node.at[2]
    locking = Locking(cls)
    if takes_locks(cls):
        for unguarded in walks_without_lock(cls, locking, copies=context.wants_likely):
            yield _walk(unguarded)
    if context.wants_likely and text.has_word("await ", start, end):
        yield from map(_late, fields_filled_late(cls, locking))
    if context.wants_likely and text.has_word("None", start, end):
        yield from map(_taken, fields_taken_away(cls, locking))


def _walk(found: Unguarded) -> Finding:
    field, lock, change = found.walked.field, found.lock, found.change
    is_copy = found.walked.loop is None
    return Finding(
        at=found.walked.at,
        message=f"`self.{field}` is gone through without `self.{lock}`, which guards it elsewhere",
        consequence="What a thread adds meanwhile is left out." if is_copy else _ENDED,
        help=f"copy it under the lock: `with self.{lock}: members = list(…)`",
        notes=(Note(change.function.path, change.at, "it is changed here, under the lock"),),
        symbol=found.walked.function.symbol,
        confidence="certain" if found.is_alone and not is_copy else "likely",
    )


def _late(found: Late) -> Finding:
    path = found.method.path
    leading = tuple(Note(path, one.node.name_at, "it leads there") for one in found.callers[:2])
    return Finding(
        at=found.at,
        message=f"`self.{found.field}` is filled after an `await`, so two tasks may both find it empty",
        consequence="Both open one; the first is overwritten and never closed.",
        help="hold an `asyncio.Lock` over the question and the assignment",
        notes=(Note(path, found.question, "the question"), *leading),
        symbol=found.method.symbol,
        confidence="likely",
    )


def _taken(found: TakenAway) -> Finding:
    path, field, taker = found.method.path, found.field, found.taker
    return Finding(
        at=found.at,
        message=f"`self.{field}` is tested and then used, while `{taker.name}` on another thread sets it to None",
        consequence="Between the two it is gone: AttributeError, and what should follow is left out.",
        help=f"copy it first: `{field} = self.{field}`, then ask and use the copy; or hold a lock on both sides",
        notes=(
            Note(path, found.question, "the question"),
            Note(taker.path, found.taken, "it is set to None here"),
            Note(found.on_thread.path, found.on_thread.node.name_at, "this runs on a thread of the object"),
        ),
        symbol=found.method.symbol,
        confidence="likely",
    )


# --- signals ---

_ENDED: Final = "A thread that changes it meanwhile ends the loop with RuntimeError: the rest is left out."
_INSTALLS: Final = ("add_signal_handler", "signal.signal")


@rule.on_module
def check_module(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Signal handlers installed at module level."""
    if context.wants_likely and any(word in context.project.store.text(module.path).source for word in _INSTALLS):
        yield from _handlers(module)


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """Signal handlers that a function installs."""
    if context.wants_likely and mentions(function, *_INSTALLS):
        for scope in with_inner(function):
            yield from _handlers(scope)


def _handlers(scope: Scope) -> Iterator[Finding]:
    for statement in walk_statements(scope.statements):
        for call in own_calls(statement):
            name = (ir.dotted_name(call.func) or "").rpartition(".")[2]
            is_signal = name == "signal" and dotted_callee(scope, call) == "signal.signal"
            if not is_signal and name != "add_signal_handler":
                continue
            handler = argument_of(call, "handler" if is_signal else "callback", 1)
            started = stop_started(scope, handler) if handler is not None else None
            if handler is not None and started is not None:
                yield _second_stop(scope, handler, *started)


def _second_stop(scope: Scope, handler: ir.Expr, name: str, runs: Runs) -> Finding:
    stop = runs.function
    return Finding(
        at=handler.at,
        message=f"each signal starts another `{stop.name}`: `{name}` does not ask whether one runs",
        consequence="A second Ctrl-C, or SIGTERM after SIGINT, runs the stop sequence twice at the same time.",
        help="keep the task in a field and start it only when there is none",
        notes=(Note(stop.path, stop.node.name_at, "this runs once for each signal"),),
        symbol=scope.symbol,
        confidence="likely",
    )
