"""
A stop method waits without limit for something that nobody asked to end.

What it catches
    In `stop`, `shutdown` or `close`: a `join()` without time-out of a process or thread that the object started
    and that nothing in the stop path asks to end; and a blocking `put` into a queue of limited size, which waits for
    ever when its reader has gone.

Why it hurts in production
    The signal reached only the parent, or the reader died of an error: the stop hangs, the orchestrator waits out
    its grace period and kills the process, and everything that was to be flushed after the wait is lost.

What to do instead
    Ask first, then wait: `process.terminate()` and `process.join(timeout)`, or set the flag that the thread's loop
    reads. A sentinel goes into a bounded queue with `put_nowait` or a time-out.

When to ignore it
    When the child surely ends by itself, soon.

Limits
    Waits outside stop methods are let pass, and children of which anything on the way may be a request to end. That a
    queue with a limit is full is only likely, unless it is read by an iteration over the object, which its user leaves.
"""

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import Child, children_of, service_loops
from worker_lint.analysis.nesting import mentions, own_calls
from worker_lint.analysis.places import Use
from worker_lint.analysis.queues import bounded_at, is_emptied_by_own, is_left_unread
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.touching import Act, acts_of, callers_of, code_of, done_by, family, touched_by, whole_stops
from worker_lint.analysis.visit import given_to, is_none
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP107",
    severity="warning",
    stage="certain",
    summary="A stop method waits without limit for something that nobody asked to end",
    words=(".join()", ".join(timeout=None)", ".put("),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("STP106", "STP111", "STP112"),
    silences=("the loop polls a flag", "outside stop", "batch program"),
    examples=(
        bad(
            "the processes are joined and not told",
            """
            import multiprocessing

            class Supervisor:
                def __init__(self, target):
                    self.target = target
                    self.processes = []

                def start(self):
                    for _ in range(4):
                        process = multiprocessing.Process(target=self.target)
                        process.start()
                        self.processes.append(process)

                def shutdown(self):
                    for process in self.processes:
                        process.join()  # bad: self.processes
            """,
        ),
        bad(
            "stop leaves the flag alone that the thread's loop reads",
            """
            import threading

            class Worker:
                def start(self):
                    self.running = True
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while self.running:
                        print("working")

                def stop(self):
                    print("stopping")
                    self.thread.join()  # bad: self.thread
            """,
        ),
        bad(
            "a sentinel for a reader that may be gone",
            """
            import asyncio

            class Watcher:
                def __init__(self):
                    self.updates = asyncio.Queue(maxsize=256)

                async def get(self):
                    return await self.updates.get()

                async def stop(self):
                    await self.updates.put(None)  # bad: self.updates
            """,
            is_likely=True,
        ),
        good(
            "a queue for nothing but the sentinel",
            """
            import queue

            class Writer:
                def __init__(self):
                    self._ending = queue.Queue(maxsize=1)

                def stop(self):
                    self._ending.put(None)
            """,
        ),
        good(
            "the loop reads the flag that stop sets",
            """
            import threading

            class Worker:
                def start(self):
                    self.running = True
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while self.running:
                        print("working")

                def stop(self):
                    self.running = False
                    self.thread.join()
            """,
            silence="the loop polls a flag",
        ),
        good(
            "each process is told first",
            """
            import multiprocessing

            class Supervisor:
                def __init__(self, target):
                    self.target = target

                def start(self):
                    self.process = multiprocessing.Process(target=self.target)
                    self.process.start()

                def shutdown(self):
                    self.process.terminate()
                    self.process.join()
            """,
        ),
        good(
            "a method that only waits",
            """
            import multiprocessing

            class Supervisor:
                def __init__(self, target):
                    self.process = multiprocessing.Process(target=target)
                    self.process.start()

                def wait(self):
                    self.process.join()
            """,
            silence="outside stop",
        ),
        good(
            "the thread ends by itself",
            """
            import threading

            class Upload:
                def start(self, parts):
                    self.parts = parts
                    self.thread = threading.Thread(target=self.send)
                    self.thread.start()

                def send(self):
                    for part in self.parts:
                        print(part)

                def stop(self):
                    self.thread.join()
            """,
            silence="batch program",
        ),
        good(
            "the queue has no limit",
            """
            import queue

            class Watcher:
                def __init__(self):
                    self.updates = queue.Queue()

                def stop(self):
                    self.updates.put(None)
            """,
        ),
        good(
            "a thread of the object empties the queue",
            """
            import queue
            import threading

            class Writer:
                def __init__(self):
                    self.rows = queue.Queue(maxsize=100)
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while True:
                        row = self.rows.get()
                        if row is None:
                            return

                def close(self):
                    self.rows.put(None)
                    self.thread.join()
            """,
        ),
    ),
)

_ORDERS: Final = frozenset({"stop", "shutdown", "terminate", "halt", "kill", "quit", "shut_down", "graceful_shutdown"})
"""Stop methods that order an end; `close` and `__exit__` may also mean: let them finish."""
_TELLING: Final = ("kill", "term", "stop", "signal", "close", "shut", "cancel", "set", "send", "put", "notify", "exit")
_STARTING: Final = frozenset({"__init__", "start", "run", "open", "connect", "setup", "__enter__", "launch", "begin"})


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Waits on the stop paths of a class."""
    stops = whole_stops(cls)
    if not stops or not any(
        mentions(method, ".join(", ".put(") for method in context.project.values.fields.methods(cls)
    ):
        return
    seen, children = set[ir.At](), list(children_of(cls))
    for stop in stops:
        acts = [act for act in done_by(stop) if act.function.path == context.path]
        for act in acts:
            if act.at not in seen:
                for finding in (*_joined(cls, stop, act, children), *_put(cls, stop, act)):
                    seen.add(act.at)
                    yield finding


def _joined(cls: Class, stop: Runs, act: Act, children: list[Child]) -> Iterator[Finding]:
    for child in children:
        if act.name != child.held.place[1] or act.called != "join" or not _is_unlimited(act.use):
            continue
        if (
            child.kind in ("thread", "process")
            and not child.held.duty.name.startswith("subprocess.")
            and _is_untold(cls, stop, child)
        ):
            yield _finding(stop, act, child)


def _is_unlimited(use: Use | None) -> bool:
    return use is not None and use.call is not None and all(map(is_none, given_to(use.call)))


def _is_untold(cls: Class, stop: Runs, child: Child) -> bool:
    """Whether nothing in the stop, its callers, or a method that others may call first, can ask the child to end."""
    if child.held.escapes or child.held.reachable_outside:
        return False
    name, place = stop.function.name, child.held.place[1]
    telling = [act for act in touched_by(cls, name) if act.tells]
    telling += [act for act in _around(cls, name, child) if act.tells]
    if any(act.name == place and act.kind == "used" for act in telling) or _calls_telling(stop):
        return False
    if child.runs is None or child.runs.me is not cls:
        given = _given(cls, child)
        if child.kind != "process" or child.runs is not None or name not in _ORDERS or given is None:
            return False
        return not any(act.name in given for act in telling)
    if any(act.kind == "assigned" or act.called == "set" for act in done_by(stop)):
        return False  # a flag for nobody is the matter of another rule
    loops = list(service_loops(child.runs))
    seen = {act.name for act in code_of(cls, child.runs) if act.kind == "used"}
    return bool(loops) and not any(act.name in seen for act in telling)


def _given(cls: Class, child: Child) -> set[str] | None:
    """The fields that may reach the code of a child that nobody knows; None when the object itself may."""
    found: set[str] = set()
    for site in child.held.created:
        for use in cls.project.places.uses(site.method, cls):
            if use.how in {"passed", "held", "stored"} and use.place[0] == "self":
                if len(use.place) == 1:
                    return None
                found.add(use.place[1])
    return found


def _around(cls: Class, name: str, child: Child) -> Iterator[Act]:
    """What callers of the stop do, and what other methods set that are no part of the child's own code or its start."""
    callers = callers_of(cls, name)
    own = cls.project.resources.reached(cls, child.runs.function.name) if child.runs is not None else frozenset()
    creators = {site.method.name for site in child.held.created}
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            if method.name in own or method.name in creators or method.name in _STARTING - callers:
                continue
            for act in acts_of(method, cls):
                if _is_request(act):
                    yield act


def _is_request(act: Act) -> bool:
    if act.kind == "assigned":
        return isinstance(act.value, ir.Constant)
    return act.called in {"set", "clear", "cancel", "terminate", "kill", "stop", "close", "put", "put_nowait", "send"}


def _calls_telling(stop: Runs) -> bool:
    """Whether the stop calls a function outside the object whose name may tell somebody something."""
    for here in reached_from(stop):
        for placed in here.statements():
            for call in own_calls(placed.statement):
                name = (ir.dotted_name(call.func) or "?").lower()
                bare = name.rpartition(".")[2]
                if not name.startswith(("self.", "log", "_log")) and any(word in bare for word in _TELLING):
                    return True
    return False


def _finding(stop: Runs, act: Act, child: Child) -> Finding:
    name, kind = child.held.name, child.kind
    started = next(iter(child.held.acquired or child.held.created))
    notes = [Note(started.function.path, started.at, f"the {kind} is started here")]
    if child.runs is not None:
        function, loop = next(service_loops(child.runs))
        notes.append(Note(function.path, loop.at, "its loop sees nothing of what the stop sets"))
    each = "each process of " if child.held.is_collection else ""
    return Finding(
        at=act.at,
        message=f"`{stop.function.name}` waits without limit for {each}`{name}`, which nobody asks to end",
        consequence=f"As long as the {kind} runs the stop hangs, until the whole process is killed.",
        help="call `terminate()` first, and give `join` a time-out"
        if kind == "process"
        else "set what its loop reads before `join`, and give `join` a time-out",
        notes=tuple(notes),
        symbol=act.function.symbol,
        culprit=("wait", stop.function.symbol, name, str(act.at[0])),
    )


def _put(cls: Class, stop: Runs, act: Act) -> Iterator[Finding]:
    """A blocking `put` into a bounded queue that no thread or task of the object empties."""
    use = act.use
    if act.called != "put" or use is None or use.call is None or len(use.call.args) != 1 or use.call.keywords:
        return
    maker = bounded_at(cls, act.name)
    if maker is None or _is_limited(act, use) or is_emptied_by_own(cls, act.name) or _is_only_put(cls, stop, act):
        return
    yield Finding(
        at=act.at,
        message=f"`{stop.function.name}` puts into `self.{act.name}`, which may be full, and waits without limit",
        consequence="When nobody reads any more the queue stays full, and the stop never ends.",
        help="use `put_nowait` and drop an item when it is full, or put with a time-out",
        notes=(Note(cls.path, maker, "the queue is made here, with a limit"),),
        symbol=act.function.symbol,
        confidence="certain" if is_left_unread(cls, act.name, act.function) else "likely",
    )


def _is_only_put(cls: Class, stop: Runs, act: Act) -> bool:
    """Whether nothing but the stop puts into a private queue, so that there is room for the sentinel."""
    puts = (
        other
        for method in cls.project.values.fields.methods(cls)
        for other in acts_of(method, cls)
        if other.name == act.name and other.called in {"put", "put_nowait"}
    )
    if not act.name.startswith("_") or act.function != stop.function or any(other.at != act.at for other in puts):
        return False  # public, a step that others may take too, or filled by another method
    return not cls.project.uses.is_written(cls, (f".{act.name}.",), rf"(?<!\bself)\.{re.escape(act.name)}\.put")


def _is_limited(act: Act, use: Use) -> bool:
    """Whether the wait stands in a call that limits it: `asyncio.wait_for(queue.put(x), 1)`."""
    statement = use.statement
    calls = own_calls(statement) if statement is not None else iter(())
    names = ((ir.dotted_name(call.func) or "").rpartition(".")[2] for call in calls)
    return act.function.node.is_async and any(name in {"wait_for", "create_task", "ensure_future"} for name in names)
