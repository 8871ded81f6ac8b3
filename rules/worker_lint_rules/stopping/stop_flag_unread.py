"""
What stop sets is read by no loop that the worker runs.

What it catches
    A stop method that sets a flag or an event of the object, while the loop of the object's thread, task or `run`
    method never looks at it, nor at anything else that the stop changes. Also a callback that arms the timer for
    its next turn each time it runs, keeps no handle that the stop cancels, and never looks.

Why it hurts in production
    `stop` returns as if all were well, and the worker goes on taking messages until the process is killed in the middle
    of one. A flag that was renamed in one of two places does this, and no test notices, because tests end anyway.

What to do instead
    `while not self._stopping.is_set()`: the loop reads what stop sets, at every turn.

When to ignore it
    When something outside the class ends the loop.

Limits
    Loops that get the object itself handed on, or end by code that nobody knows, are let pass. What the object's own
    thread, task or `run` does is certain; an endless loop of any other method is likely to be the worker's.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker_lint.analysis import Class
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import goes_on, never_ends, service_loops
from worker_lint.analysis.flags import calls_out, is_flag, is_read
from worker_lint.analysis.rearmed import Rearmed, rearmed
from worker_lint.analysis.stopping import STOP_WORDS, is_stop_name
from worker_lint.analysis.touching import Act, acts_of, code_of, done_by, touched_by, whole_stops
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP105",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="What stop sets is read by no loop that the worker runs",
    words=STOP_WORDS,
    product_only=True,
    silences=("sentinel", "closed socket", "task.cancel", "callback that stops the loop", "loop in an override"),
    examples=(
        bad(
            "the loop reads another flag",
            """
            import threading

            class Worker:
                def start(self):
                    self._running = True
                    self._stopped = False
                    threading.Thread(target=self._run).start()

                def _run(self):
                    while self._running:
                        print("working")

                def stop(self):
                    self._stopped = True  # bad: self._stopped
            """,
        ),
        bad(
            "the loop is endless and looks at nothing",
            """
            import threading
            import time

            class Worker(threading.Thread):
                def __init__(self):
                    super().__init__()
                    self._stopping = threading.Event()

                def run(self):
                    while True:
                        time.sleep(1)
                        print("working")

                def stop(self):
                    self._stopping.set()  # bad: self._stopping
            """,
        ),
        bad(
            "a method of any name that never ends",
            """
            class Consumer:
                def __init__(self, source):
                    self._source = source
                    self._running = False

                @property
                def running(self):
                    return self._running

                def consume(self):
                    self._running = True
                    while True:
                        message = self._source.receive()
                        if message is None:
                            continue
                        print(message)

                def stop(self):
                    self._running = False  # bad: self._running
            """,
        ),
        bad(
            "the timer goes on",
            """
            class Beat:
                def __init__(self, loop, link):
                    self._loop = loop
                    self._link = link
                    self._closed = False

                def _tick(self):
                    self._link.beat()
                    self._loop.call_later(10, self._tick)

                def close(self):
                    self._closed = True  # bad: _tick
            """,
        ),
        good(
            "the timer's code looks",
            """
            class Beat:
                def __init__(self, loop):
                    self._loop = loop
                    self._closed = False

                def _tick(self):
                    if not self._closed:
                        self._loop.call_later(10, self._tick)

                def close(self):
                    self._closed = True
            """,
        ),
        good(
            "a sentinel wakes it",
            """
            import queue
            import threading

            class Worker:
                def __init__(self):
                    self._jobs = queue.Queue()
                    self._stopped = False
                    threading.Thread(target=self._run).start()

                def _run(self):
                    while True:
                        job = self._jobs.get()
                        if job is None:
                            return

                def stop(self):
                    self._stopped = True
                    self._jobs.put(None)
            """,
            silence="sentinel",
        ),
        good(
            "the closed socket ends it",
            """
            import socket
            import threading

            class Reader:
                def __init__(self, address):
                    self._closed = False
                    self._socket = socket.create_connection(address)
                    threading.Thread(target=self._run).start()

                def _run(self):
                    while True:
                        print(self._socket.recv(1))

                def close(self):
                    self._closed = True
                    self._socket.close()
            """,
            silence="closed socket",
        ),
        good(
            "the task is cancelled",
            """
            import asyncio

            class Poller:
                async def start(self):
                    self._stopped = False
                    self._task = asyncio.create_task(self._run())

                async def _run(self):
                    while True:
                        await asyncio.sleep(1)

                def stop(self):
                    self._stopped = True
                    self._task.cancel()
            """,
            silence="task.cancel",
        ),
        good(
            "a callback reads it and ends the loop",
            """
            import threading

            class Worker:
                def __init__(self, source):
                    self._stopped = False
                    self._source = source
                    threading.Thread(target=self._run).start()

                def _run(self):
                    while True:
                        self._source.poll(self._check)

                def _check(self):
                    if self._stopped:
                        raise SystemExit

                def stop(self):
                    self._stopped = True
            """,
            silence="callback that stops the loop",
        ),
        good(
            "the loop of the subclass reads it",
            """
            import threading

            class Base(threading.Thread):
                _stopped = False

                def run(self):
                    while True:
                        self.once()

                def once(self):
                    raise NotImplementedError

                def stop(self):
                    self._stopped = True

            class Worker(Base):
                def once(self):
                    if self._stopped:
                        raise SystemExit
            """,
            silence="loop in an override",
        ),
        good(
            "a generator goes on only as long as somebody asks",
            """
            class Numbers:
                _closed = False

                def each(self):
                    number = 0
                    while True:
                        number += 1
                        yield number

                def close(self):
                    self._closed = True
            """,
        ),
        good(
            "the loop reads it by a property",
            """
            import threading

            class Worker(threading.Thread):
                _stopped = False

                @property
                def stopped(self):
                    return self._stopped

                def run(self):
                    while not self.stopped:
                        print("working")

                def stop(self):
                    self._stopped = True
            """,
        ),
    ),
)

_NAMED: Final = frozenset(
    {"run", "_run", "run_forever", "serve_forever", "main_loop", "_main_loop", "run_loop", "_run_loop"}
)
_KINDS: Final = frozenset({"thread", "process", "task"})


@rule.on_class
def check_timers(cls: Class, context: Context) -> Iterator[Finding]:
    """Callbacks of timers that call for the next timer themselves."""
    for found in rearmed(cls):
        if found.method.path == context.path == found.flag.function.path:
            yield _armed(found)


def _armed(found: Rearmed) -> Finding:
    name, method = found.stop.function.name, found.method
    return Finding(
        at=found.flag.at,
        message=f"`{name}` sets `self.{found.flag.name}`, and `{method.name}`, which arms itself again, never reads it",
        consequence=f"After `{name}` the timer goes on firing, on an object that has been stopped.",
        help=f"return from `{method.name}` when `self.{found.flag.name}` is set, or keep the timer and cancel it",
        notes=(Note(method.path, found.at, "the next turn is armed here, whatever the stop has set"),),
        symbol=found.stop.function.symbol,
    )


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Flags that the stop methods of the class set for nobody."""
    project = context.project
    stops = whole_stops(cls)
    stops = [runs for runs in stops if runs.function.path == context.path and runs.function.owner is cls]
    flags = [(stop, flag) for stop in stops if (flag := _flag_of(cls, stop)) is not None and not calls_out(stop)]
    loops = [(runs, loop) for runs in _run_by(cls) if (loop := _loop_of(cls, runs)) is not None] if flags else []
    for stop, flag in flags if loops else ():
        telling = [
            act for runs in project.workers.stops(cls) for act in touched_by(cls, runs.function.name) if act.tells
        ]
        for runs, _ in loops:
            seen = {act.name for act in code_of(cls, runs) if act.kind == "used"}
            if any(act.name in seen for act in telling) or is_read(cls, flag.name):
                break
        else:
            found = _finding(stop, flag, *loops[0])
            is_own = loops[0][0] in set(_run_by_itself(cls))
            yield replace(found, confidence="certain" if is_own else "likely")
            return


def _flag_of(cls: Class, stop: Runs) -> Act | None:
    """The first field that the stop sets as a flag."""
    return next((act for act in done_by(stop) if is_flag(act)), None)


def _run_by(cls: Class) -> Iterator[Runs]:
    """The methods of the worker's own, and others that go round for ever: whoever calls them, that is its loop."""
    yield from _run_by_itself(cls)
    for name, runs in cls.project.workers.methods(cls).items():
        if name not in _NAMED and not is_stop_name(name) and never_ends(runs):
            yield runs


def _run_by_itself(cls: Class) -> Iterator[Runs]:
    """The methods that the object's threads, processes and tasks run, and those named for it."""
    methods = cls.project.workers.methods(cls)
    for runs in methods.values():
        for entry in cls.project.workers.entries(*runs):
            if entry.kind in _KINDS and len(entry.callee.runs) == 1 and entry.callee.runs[0].me is cls:
                yield entry.callee.runs[0]
    for name, runs in methods.items():
        if name in _NAMED:
            yield runs


def _loop_of(cls: Class, runs: Runs) -> ir.While | None:
    """The loop of the method itself that goes on by fields of the object, or for ever; None when it hands on `self`."""
    function = runs.function
    if any(len(use.place) == 1 and use.how in {"passed", "held", "stored"} and use.place[0] == "self"
           for use in cls.project.places.uses(function, cls)):  # fmt: skip
        return None
    for owner, loop in service_loops(runs):
        if owner is not function or not isinstance(loop, ir.While):
            return None
        if isinstance(loop.test, ir.Constant):
            return loop if goes_on(loop) else None
        reads = [act.name for act in acts_of(function, cls) if loop.test.at[:2] <= act.at[:2] <= loop.test.at[2:]]
        return loop if reads and goes_on(loop) else None
    return None


def _finding(stop: Runs, flag: Act, runs: Runs, loop: ir.While) -> Finding:
    name, function = stop.function.name, runs.function
    return Finding(
        at=flag.at,
        message=f"`{name}` sets `self.{flag.name}`, and the loop of `{function.name}` never reads it",
        consequence=f"After `{name}` the loop goes on, until the process is killed in the middle of its work.",
        help=f"read `self.{flag.name}` in the loop's condition",
        notes=(Note(function.path, loop.test.at, "this loop sees nothing of what the stop sets"),),
        symbol=stop.function.symbol,
    )
