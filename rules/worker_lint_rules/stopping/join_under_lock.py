"""
A lock is held while waiting for threads that need it.

What it catches
    A `join` without limit, or a waiting `shutdown`, inside `with self._lock:`, where the code of the awaited thread
    takes the same lock; and `shutdown(wait)` of children under a lock that other public methods take.

Why it hurts in production
    The thread waits for the lock, the lock's holder waits for the thread: the stop hangs until the process is killed,
    with nothing flushed. It needs the thread to be at the right line, so it shows up once in a hundred restarts.

What to do instead
    Take what you need under the lock, release it, then wait: `thread = self._thread` under it, `join` after the block.

When to ignore it
    When the thread is proven to have passed its last use of the lock.

Limits
    Waits with a time-out end and are let pass; `Condition.wait` gives its lock back. Certain are code of the object
    that takes the lock, and children that were handed the object.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.launched import Launched, launched_by
from worker_lint.analysis.locks import hands_itself_to, locks_of, taken_by
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions, placed_statements
from worker_lint.analysis.reached import Way, reached_from
from worker_lint.analysis.statements import walk_statements
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP112",
    severity="error",
    stage="certain",
    summary="A lock is held while waiting for threads that need it",
    words=("Lock(", "Condition(", "Semaphore("),
    besides=(".join(", ".shutdown(", "await"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("lock released first", "condition wait"),
    examples=(
        bad(
            "stop joins under the lock that the thread takes",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.jobs = []
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    while True:
                        with self.lock:
                            self.jobs.pop()

                def stop(self):
                    with self.lock:
                        self.jobs.append(None)
                        self.thread.join()  # bad: self.lock
            """,
        ),
        bad(
            "the scheduler waits for its executors under the lock of its table",
            """
            from threading import RLock

            class Scheduler:
                def __init__(self):
                    self.lock = RLock()
                    self.executors = {}
                    self.jobs = []

                def add_job(self, job):
                    with self.lock:
                        self.jobs.append(job)

                def shutdown(self, wait=True):
                    with self.lock:
                        for executor in self.executors.values():
                            executor.shutdown(wait)  # bad: self.lock
            """,
            is_likely=True,
        ),
        bad(
            "the wait stands in a helper",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.lock = threading.RLock()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    self.tick()

                def tick(self):
                    with self.lock:
                        self.last = 1

                def join(self):
                    self.thread.join()

                def stop(self):
                    with self.lock:
                        self.join()  # bad: self.lock
            """,
        ),
        bad(
            "a task is awaited under the lock that it takes",
            """
            import asyncio

            class Client:
                def __init__(self):
                    self.lock = asyncio.Lock()

                async def start(self):
                    self.task = asyncio.create_task(self.run())

                async def run(self):
                    while True:
                        async with self.lock:
                            await asyncio.sleep(1)

                async def stop(self):
                    async with self.lock:
                        self.stopping = True
                        await self.task  # bad: self.lock
            """,
        ),
        good(
            "first the lock is released",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.jobs = []
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    while True:
                        with self.lock:
                            self.jobs.pop()

                def stop(self):
                    with self.lock:
                        self.jobs.append(None)
                    self.thread.join()
            """,
            silence="lock released first",
        ),
        good(
            "waiting on the condition gives its lock back",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.idle = threading.Condition()
                    self.jobs = []
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    with self.idle:
                        self.jobs.clear()
                        self.idle.notify_all()

                def stop(self):
                    with self.idle:
                        self.idle.wait_for(lambda: not self.jobs)
            """,
            silence="condition wait",
        ),
        good(
            "the thread takes another lock",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.other = threading.Lock()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    with self.other:
                        print("working")

                def stop(self):
                    with self.lock:
                        self.thread.join()
            """,
        ),
        good(
            "the lock guards the table of the children and nothing else",
            """
            from threading import RLock

            class Scheduler:
                def __init__(self):
                    self.lock = RLock()
                    self.executors = {}

                def add(self, name, executor):
                    with self.lock:
                        self.executors[name] = executor

                def remove(self, name):
                    with self.lock:
                        del self.executors[name]

                def shutdown(self, wait=True):
                    with self.lock:
                        for executor in self.executors.values():
                            executor.shutdown(wait)
            """,
        ),
        good(
            "the wait has a limit",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    with self.lock:
                        print("working")

                def stop(self):
                    with self.lock:
                        self.thread.join(timeout=5)
            """,
        ),
    ),
)


class _Wait(NamedTuple):
    """A wait without limit: the place that is waited for, the call at the lock's block, and the ways from there."""

    place: Place | None
    call: ir.Call
    ways: tuple[Way, ...]


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Blocks under a lock of the object that wait."""
    text = cls.project.store.text(cls.path)
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in (".join(", ".shutdown(", "await")):
        return
    launched = None
    for method in cls.project.values.fields.methods(cls):
        for placed in placed_statements(method.body) if mentions(method, "with ") else ():
            if not isinstance(placed.statement, ir.With):
                continue
            locks = locks_of(cls, method, placed.statement)
            for wait in _waits(cls, method, placed.statement) if locks else ():
                launched = list(launched_by(cls)) if launched is None else launched
                yield from _judged(cls, method, locks, wait, launched)


def _waits(cls: Class, method: Function, block: ir.With) -> Iterator[_Wait]:
    for statement in walk_statements(block.body):
        if block.is_async:
            yield from _awaited(cls, method, statement)
        for call in own_calls(statement):
            callee = cls.project.calls.of(method, call, cls)
            if not callee.first and _is_wait(call):
                yield from _waited(cls, method, call, call, ())
                continue
            if not callee.first or callee.first[0].me is not cls or not callee.is_single:
                continue
            for here in reached_from(callee.runs[0]):
                for placed in here.statements() if here.me is cls else ():
                    for inner in own_calls(placed.statement):
                        if _is_wait(inner):
                            yield from _waited(cls, here.function, inner, call, (*here.ways, Way(here.function, inner)))


def _awaited(cls: Class, method: Function, statement: ir.Stmt) -> Iterator[_Wait]:
    """`await self._task` without limit, also within `gather`; what was cancelled waits for no lock any more."""
    if any(use.how == "called" and use.name == "cancel" for use in cls.project.places.uses(method, cls)):
        return
    for node in own_expressions(statement):
        if not isinstance(node, ir.Await):
            continue
        gathers = isinstance(node.value, ir.Call) and (ir.dotted_name(node.value.func) or "").endswith("gather")
        for value in node.value.args if gathers and isinstance(node.value, ir.Call) else (node.value,):
            if isinstance(value, ir.Attribute):
                call = node.value if isinstance(node.value, ir.Call) else ir.Call(node.at, value, (), ())
                for place in cls.project.places.denotes(method, value, cls):
                    yield _Wait(place, call, ())


def _waited(cls: Class, function: Function, wait: ir.Call, call: ir.Call, ways: tuple[Way, ...]) -> Iterator[_Wait]:
    if isinstance(wait.func, ir.Attribute):
        places = [place for place in cls.project.places.denotes(function, wait.func.value, cls) if len(place) == 2]
        for place in places:
            yield _Wait(place, call, ways)
        if not ways and _is_child(function, wait):
            yield _Wait(None, call, ways)


def _is_wait(call: ir.Call) -> bool:
    """`join()` without limit, or `shutdown` that waits."""
    if not isinstance(call.func, ir.Attribute):
        return False
    if call.func.name == "join":
        return not call.args and not call.keywords
    if call.func.name != "shutdown":
        return False
    given = [keyword.value for keyword in call.keywords if keyword.name == "wait"] or list(call.args[:1])
    return not (given and isinstance(given[0], ir.Constant) and given[0].value is False)


def _is_child(function: Function, wait: ir.Call) -> bool:
    """Whether it is `child.shutdown(wait)` of an item of a collection, in a loop over it."""
    given = [*wait.args, *(keyword.value for keyword in wait.keywords if keyword.name == "wait")]
    if not isinstance(wait.func, ir.Attribute) or wait.func.name != "shutdown" or len(given) != 1:
        return False
    if ir.dotted_name(given[0]) != "wait" and not (isinstance(given[0], ir.Constant) and given[0].value is True):
        return False
    return bool(_loops_over(function, wait))


def _judged(
    cls: Class, method: Function, locks: dict[Place, ir.At], wait: _Wait, launched: list[Launched]
) -> Iterator[Finding]:
    if wait.place is None:
        for place, note in islice(_public_use(cls, method, locks, wait), 1):
            is_known = hands_itself_to(cls, _children(method, wait))
            yield _finding(method, ".".join(place), wait, [note], is_certain=is_known)
        return
    for item in launched:
        if item.place != wait.place or item.kind not in {"thread", "timer", "pool", "task"}:
            continue
        found = taken_by(cls, item.runs, locks)
        if found is not None:
            place, here, at = found
            ways = [Note(way.function.path, way.call.at, "it calls this") for way in here.ways]
            first = Note(item.path, item.at, f"`{item.runs.function.name}` runs on it")
            last = Note(here.function.path, at, f"it takes `{'.'.join(place)}` here")
            yield _finding(method, ".".join(place), wait, [first, *ways, last], is_certain=True)
            return


def _public_use(cls: Class, method: Function, locks: dict[Place, ir.At], wait: _Wait) -> Iterator[tuple[Place, Note]]:
    """
    Where another public method takes one of the locks for other work: what runs on the children may call it.
    Those that only add and remove children are no such work.
    """
    children = _children(method, wait)
    for other in cls.project.values.fields.methods(cls):
        if other is method or other.name.startswith("_") or other.name == "start":
            continue
        for node in find(ir.With, other.body):
            for place, at in locks_of(cls, other, node).items():
                if place in locks and not any(item.name in children for item in find(ir.Attribute, node.body)):
                    yield place, Note(other.path, at, f"a job that calls `{other.name}` waits here")


def _children(method: Function, wait: _Wait) -> frozenset[str]:
    """The names of the fields that hold the children: all that the loop over them speaks of."""
    loops = _loops_over(method, wait.call)
    return frozenset(item.name for loop in loops for item in find(ir.Attribute, (loop.iter,)))


def _loops_over(function: Function, wait: ir.Call) -> list[ir.For]:
    name = ir.dotted_name(wait.func.value) if isinstance(wait.func, ir.Attribute) else None
    return [node for node in find(ir.For, function.body) if name and ir.dotted_name(node.target) == name]


def _finding(method: Function, lock: str, wait: _Wait, notes: list[Note], *, is_certain: bool) -> Finding:
    waited = ir.dotted_name(wait.call.func) or "the call"
    ways = [Note(way.function.path, way.call.at, "it leads to this wait") for way in wait.ways[-1:]]
    return Finding(
        at=wait.call.at,
        message=f"`{waited}` waits for code that needs `{lock}`, which is held here",
        consequence="The code waits for the lock, and its holder for the code: the stop never ends.",
        help=f"leave the block of `{lock}` before waiting",
        notes=(*ways, *notes),
        symbol=method.symbol,
        confidence="certain" if is_certain else "likely",
    )
