"""
A loop that can be stopped waits where the request to stop cannot be seen.

What it catches
    `time.sleep` of a second or more in a loop whose condition asks an event; a `sleep` of ten seconds or more in a loop
    over a flag, on a thread that stop joins; a `get` or `wait` without limit in such a loop that no stop wakes.

Why it hurts in production
    The stop takes as long as the sleep, in each worker; with a grace period of ten seconds the process is
    killed before it has flushed anything. With a `get` on an idle queue the thread never ends at all, and the
    `join` that waits for it hangs.

What to do instead
    `self._stopping.wait(seconds)` sleeps and wakes at once; `queue.get(timeout=1)`, or a sentinel that stop puts in.

When to ignore it
    When nobody waits for the loop's end.

Limits
    Unknown are durations not written in the code, and waits on objects from elsewhere. Certain only where a stop
    joins the very thread or process; loops of daemon threads that nobody joins are let pass.
"""

from collections.abc import Container, Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import children_of, is_joined, is_thread_class, joins_itself
from worker_lint.analysis.ever_joined import is_ever_joined
from worker_lint.analysis.guard import in_handler
from worker_lint.analysis.left_alone import is_left_alone
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements, with_inner
from worker_lint.analysis.pauses import Asked, asked_event, blocked_on, may_be_woken, slept, within
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.touching import field_name, touched_by
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.going_on import WAITS_IN_WHILE

rule = Rule(
    code="STP106",
    severity="warning",
    stage="certain",
    summary="A loop that can be stopped waits where the request to stop cannot be seen",
    words=(WAITS_IN_WHILE,),
    besides=("Event", "Thread", "is_set"),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("STP105",),
    silences=("a sentinel wakes it", "waits under a second"),
    examples=(
        bad(
            "it sleeps although the event could be waited for",
            """
            import threading
            import time

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.is_set():
                        print("poll")
                        time.sleep(30)  # bad: 30 s

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
            repaired="""
            import threading
            import time

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.is_set():
                        print("poll")
                        self._stopping.wait(30)  # bad: 30 s

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
        ),
        bad(
            "the event is a parameter",
            """
            import time
            from multiprocessing.synchronize import Event

            INTERVAL = 5

            def scan(directory, stopping: Event):
                while not stopping.is_set():
                    print(directory)
                    time.sleep(INTERVAL)  # bad: 5 s
            """,
            is_likely=True,
        ),
        bad(
            "stop waits for a thread that sleeps for a minute",
            """
            import threading
            import time

            class Poller:
                def start(self):
                    self._running = True
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while self._running:
                        time.sleep(60)  # bad: 60 s

                def stop(self):
                    self._running = False
                    self._thread.join()
            """,
        ),
        bad(
            "an idle queue holds the thread",
            """
            import queue
            import threading

            class Worker:
                def __init__(self):
                    self._running = True
                    self._jobs = queue.Queue()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def submit(self, job):
                    self._jobs.put(job)

                def _run(self):
                    while self._running:
                        job = self._jobs.get()  # bad: self._jobs
                        job()

                def stop(self):
                    self._running = False
                    self._thread.join()
            """,
        ),
        good(
            "only a daemon thread that nobody keeps",
            """
            import threading
            import time

            class Batch:
                def __init__(self):
                    self._stopping = threading.Event()
                    threading.Thread(target=self._tune, daemon=True).start()

                def _tune(self):
                    while not self._stopping.is_set():
                        print("tune")
                        time.sleep(1)
            """,
        ),
        good(
            "a sentinel",
            """
            import queue
            import threading

            class Worker:
                def __init__(self):
                    self._running = True
                    self._jobs = queue.Queue()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while self._running:
                        job = self._jobs.get()
                        print(job)

                def stop(self):
                    self._running = False
                    self._jobs.put(None)
                    self._thread.join()
            """,
            silence="a sentinel wakes it",
        ),
        good(
            "it sleeps for a short while",
            """
            import threading
            import time

            class Poller:
                def __init__(self):
                    self._stopping, self._thread = threading.Event(), threading.Thread(target=self._run)

                def _run(self):
                    while not self._stopping.is_set():
                        time.sleep(0.1)

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
            silence="waits under a second",
        ),
        good(
            "the get has a time-out",
            """
            import queue
            import threading

            class Worker:
                def __init__(self):
                    self._running = True
                    self._jobs = queue.Queue()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while self._running:
                        try:
                            job = self._jobs.get(timeout=1)
                        except queue.Empty:
                            continue
                        print(job)

                def stop(self):
                    self._running = False
                    self._thread.join()
            """,
        ),
        good(
            "the sleep ends an attempt, and the function returns",
            """
            import time
            from threading import Event

            def connect(dial, stopping: Event):
                while not stopping.is_set():
                    try:
                        return dial()
                    except OSError:
                        stopping.wait(5)
            """,
        ),
        good(
            "nobody waits for the daemon thread",
            """
            import queue
            import threading

            class Worker:
                def __init__(self):
                    self._running = True
                    self._jobs = queue.Queue()
                    self._thread = threading.Thread(target=self._run, daemon=True)
                    self._thread.start()

                def _run(self):
                    while self._running:
                        print(self._jobs.get())

                def stop(self):
                    self._running = False
            """,
        ),
    ),
)

_LONG: Final = 1.0
_BACK_OFF: Final = 5.0
"""A pause after an error is rare: a short one delays no stop that anybody would notice."""
_LONGER: Final = 10.0
"""What a stop may take: the usual grace period before a container is killed."""


@rule.on_function
def check_events(function: Function, context: Context) -> Iterator[Finding]:
    """Sleeps in loops that ask an event."""
    if not mentions(function, "sleep"):
        return
    me = function.owner
    for block in with_inner(function):
        for placed in placed_statements(block.body):
            asked = asked_event(block, placed, me)
            if asked is None:
                continue
            for call in own_calls(placed.statement):
                length = slept(block, call, me)
                is_long = length is not None and length >= (_BACK_OFF if in_handler(placed) else _LONG)
                if length is not None and is_long and not is_left_alone(function, me):
                    yield _sleep(block, call, asked, length, context)


def _sleep(block: Function, call: ir.Call, asked: Asked, length: float, context: Context) -> Finding:
    text = context.project.store.text(block.path)
    event = text.segment(asked.event.at)
    wait = f"{event}.wait({text.segment(call.args[0].at)})"
    return Finding(
        at=call.at,
        message=f"the loop sleeps for {length:g} s, and `{event}` cannot wake it",
        consequence=f"Whoever sets `{event}` waits up to {length:g} s longer for the loop to end.",
        help=f"write `{wait}`: it sleeps as long, and wakes at once",
        notes=(Note(block.path, asked.loop.test.at, "the loop asks the event here"),),
        symbol=block.symbol,
        confidence="certain" if is_ever_joined(block) else "likely",
        fix=Fix(f"wait for `{event}`", (Replace(call.at, wait),)),
    )


# --- waits on the threads of an object ---


@rule.on_class
def check_threads(cls: Class, context: Context) -> Iterator[Finding]:
    """Waits in the loops of threads that a stop method of the class waits for."""
    if is_thread_class(cls) and joins_itself(cls):
        own = context.project.calls.method(cls, "run").runs
        if len(own) == 1:
            where = Note(own[0].function.path, own[0].function.node.name_at, "this is the thread's code")
            yield from _in_code(cls, Runs(own[0].function, cls), where, context, joined=True)
    if not any(mentions(method, "Thread") for method in context.project.values.fields.methods(cls)):
        return
    for child in children_of(cls):
        if child.kind != "thread" or child.runs is None or child.runs.me is not cls:
            continue
        joined = is_joined(child)
        if joined or not child.is_daemon:
            site = next(iter(child.held.acquired or child.held.created))
            where = Note(site.function.path, site.at, "the thread is started here")
            yield from _in_code(cls, child.runs, where, context, joined=joined)


def _in_code(cls: Class, runs: Runs, where: Note, context: Context, *, joined: bool) -> Iterator[Finding]:
    told = {
        act.name: act
        for stop in cls.project.workers.stops(cls)
        for act in touched_by(cls, stop.function.name)
        if act.tells
    }
    for here in reached_from(runs):
        if here.me is not cls or here.function.path != context.path:
            continue
        for placed in here.statements():
            flag = _flag(here.function, placed, told.keys())
            if not flag:
                continue
            for call in own_calls(placed.statement):
                length = slept(here.function, call, cls) if joined else None
                if length is not None and length >= _LONGER and asked_event(here.function, placed, cls) is None:
                    yield _long(here.function, call, flag, length, where)
                name = blocked_on(cls, here.function, placed, call)
                if name and name not in told and not may_be_woken(cls, name):
                    yield _stuck(here.function, call, flag, name, where, joined=joined)


def _flag(function: Function, placed: Placed, told: Container[str]) -> str:
    """The field of the object in the condition of the loop around a statement that the stop sets, or ""."""
    loops = [outer for outer in placed.around if isinstance(outer, (ir.While, ir.For))]
    if not loops or not isinstance(loops[-1], ir.While):
        return ""
    names = (field_name(function, node) for node in within(loops[-1].test))
    return next((name for name in names if name in told), "")


def _long(function: Function, call: ir.Call, flag: str, length: float, where: Note) -> Finding:
    return Finding(
        at=call.at,
        message=f"the thread sleeps for {length:g} s, and `self.{flag}` cannot wake it",
        consequence=f"The stop joins the thread, and may hang for {length:g} s: longer than it usually has.",
        help=f"make `self.{flag}` a `threading.Event`, and wait for it with the time-out",
        notes=(where,),
        symbol=function.symbol,
    )


def _stuck(function: Function, call: ir.Call, flag: str, name: str, where: Note, *, joined: bool) -> Finding:
    func = call.func.name if isinstance(call.func, ir.Attribute) else "get"
    return Finding(
        at=call.at,
        message=f"the thread waits for `self.{name}` without limit, and `self.{flag}` cannot wake it",
        consequence="While nothing comes the thread never sees the request to stop, and whoever joins it hangs.",
        help=f"give `{func}` a time-out, or let the stop wake it, as with a sentinel",
        notes=(where,),
        symbol=function.symbol,
        confidence="certain" if joined else "likely",
    )
