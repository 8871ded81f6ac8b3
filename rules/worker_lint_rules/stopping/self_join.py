"""
Code waits for the very thread, pool or task on which it runs.

What it catches
    A method that runs on a thread, in a pool or as a task which the object keeps in a field, and that leads,
    through calls on `self`, to a `join`, a waiting `shutdown`, an `await` or a `cancel` of that same field.

Why it hurts in production
    `join` of the own thread raises RuntimeError in the middle of the stop sequence; a pool that waits for
    itself never ends. A task that cancels itself goes on until its next `await`, and everything after that is
    skipped. It happens only when the worker stops itself, after an error that it cannot
    handle: the path that nobody tries.

What to do instead
    Ask first: `if self._thread is not threading.current_thread()`, or `asyncio.current_task()`; use
    `shutdown(wait=False)`; or let somebody else do the stopping: set a flag that the owner sees.

When to ignore it
    When that way is never taken, because callers make sure of it.

Limits
    The way is followed as far as each call surely runs one function, six calls deep. Certain is what raises or hangs
    at the place itself, and a task that cancels itself and then surely waits before it has released the rest; other
    cancellations (what they skip may be nothing), ways that hang on parameters, and those that follow a loop which the
    stop has ended are likely. A wait whose RuntimeError is caught on the spot is let pass.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import catches
from worker_lint.analysis.launched import Launched, launched_by
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions
from worker_lint.analysis.reached import Reached, hangs_on_parameters, reached_from
from worker_lint.analysis.self_cancel import has_been_told, skips_release
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP111",
    severity="error",
    stage="preview",
    summary="Code waits for the very thread, pool or task on which it runs",
    words=("Thread", "Timer", "create_task", "ensure_future", "submit", "add_job"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("current_thread guard", "wait=False", "new thread"),
    examples=(
        bad(
            "the thread stops the worker that joins it",
            """
            import threading

            class Worker:
                def start(self):
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    try:
                        self.consume()
                    except OSError:
                        self.stop()

                def consume(self):
                    raise OSError

                def stop(self):
                    self.thread.join()  # bad: self.thread
            """,
        ),
        bad(
            "the next wait ends the close, with the connection still open",
            """
            import asyncio

            class Client:
                async def connect(self, host):
                    self.stream, self.writer = await asyncio.open_connection(host, 4222)
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    try:
                        await self.stream.readline()
                    except OSError:
                        await self.close()

                async def close(self):
                    if self.reader is not None:
                        self.reader.cancel()  # bad: self.reader
                    await asyncio.sleep(0)
                    self.writer.close()
            """,
        ),
        bad(
            "a job shuts its own pool down",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self):
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(self.work, message)

                def work(self, message):
                    if message is None:
                        self.stop()

                def stop(self):
                    self.pool.shutdown()  # bad: self.pool
            """,
            is_likely=True,
        ),
        good(
            "it asks whether it is the thread itself",
            """
            import threading

            class Worker:
                def start(self):
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    self.stop()

                def stop(self):
                    if self.thread is not threading.current_thread():
                        self.thread.join()
            """,
            silence="current_thread guard",
        ),
        good(
            "the pool is not waited for",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self):
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(self.work, message)

                def work(self, message):
                    if message is None:
                        self.pool.shutdown(wait=False)
            """,
            silence="wait=False",
        ),
        good(
            "another thread does the stopping",
            """
            import threading

            class Worker:
                def start(self):
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    threading.Thread(target=self.stop).start()

                def stop(self):
                    self.thread.join()
            """,
            silence="new thread",
        ),
        good(
            "that it may be itself is expected: the error is caught, and nothing is left out",
            """
            import threading

            class Worker:
                def start(self):
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    self.stop()

                def stop(self):
                    try:
                        self.thread.join(5)
                    except RuntimeError:
                        pass
                    self.stopped = True
            """,
        ),
        good(
            "somebody else stops it",
            """
            import threading

            class Worker:
                def start(self):
                    self.stopping = False
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while not self.stopping:
                        print("working")

                def stop(self):
                    self.stopping = True
                    self.thread.join()
            """,
        ),
        good(
            "the task forgets itself before it stops the rest",
            """
            import asyncio

            class Client:
                async def connect(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    self.reader = None
                    await self.close()

                async def close(self):
                    if self.reader is not None:
                        self.reader.cancel()
                    await asyncio.sleep(0)
            """,
        ),
        good(
            "a new task does the stopping",
            """
            import asyncio

            class Client:
                async def connect(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    self.closing = asyncio.create_task(self.close())

                async def close(self):
                    self.reader.cancel()
                    await asyncio.sleep(0)
            """,
        ),
        good(
            "the task is cancelled as the last thing, after which nothing is skipped",
            """
            import asyncio

            class Client:
                async def connect(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    self.close()

                def close(self):
                    self.open = False
                    self.reader.cancel()
            """,
        ),
    ),
)

_WAITS = (".join(", ".shutdown(", ".cancel(")
_GUARDS = ("current_thread", "get_ident", "current_task", "main_thread", "native_id")
_TAKE = frozenset({"shield", "wait_for", "gather"})
_WHERE = {"thread": "thread", "timer": "timer", "pool": "pool", "task": "task", "callback": "scheduler"}


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Waits that a thread, pool job or task of the class may come to."""
    text = cls.project.store.text(cls.path)
    if not any(word in text.source for word in _WAITS):
        return
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in rule.words):
        return
    seen: set[ir.At] = set()
    for launched in launched_by(cls):
        for finding in _on_itself(cls, launched):
            if finding.at not in seen:
                seen.add(finding.at)
                yield finding


def _on_itself(cls: Class, launched: Launched) -> Iterator[Finding]:
    for here in reached_from(launched.runs):
        functions = {here.function, *(way.function for way in here.ways)}
        if here.function.path != cls.path or here.me is not cls:
            continue
        if any(mentions(function, *_GUARDS) for function in functions) or _is_forgotten(cls, launched, here):
            continue
        for placed in here.statements():
            found = _waits(cls, launched, here, placed)
            if found is not None:
                yield _finding(cls, launched, here, *found)


def _is_forgotten(cls: Class, launched: Launched, here: Reached) -> bool:
    """Whether a function on the way sets the field to None before it calls on: then it is not itself any more."""
    for way in here.ways:
        for node in find(ir.Assign, way.function.body):
            if node.at < way.call.at and isinstance(node.value, ir.Constant) and node.value.kind == "none":
                for target in node.targets:
                    if launched.place in cls.project.places.denotes(way.function, target, cls):
                        return True
    return False


def _waits(cls: Class, launched: Launched, here: Reached, placed: Placed) -> tuple[ir.At, bool] | None:
    """Where the statement waits for what runs it, if it does, and whether it surely does harm."""

    def is_it(expr: ir.Expr) -> bool:
        return launched.place in cls.project.places.denotes(here.function, expr, cls)

    for call in own_calls(placed.statement):
        if isinstance(call.func, ir.Attribute) and is_it(call.func.value):
            cancels = _is_cancel(launched, call) and _goes_on(here, call, placed)
            waits = _is_wait(launched, call, call.func.name) and not _is_expected(here, placed)
            if cancels or waits:
                return call.at, waits or skips_release(here, placed)
    if launched.kind == "task" and not _is_expected(here, placed):
        for node in own_expressions(placed.statement):
            if isinstance(node, ir.Await) and any(is_it(value) for value in _awaited(node.value)):
                return node.at, True
    return None


def _awaited(value: ir.Expr) -> tuple[ir.Expr, ...]:
    """What an `await` waits for: the coroutine of a call is not what it returns, but some take what they wait for."""
    if not isinstance(value, ir.Call):
        return (value,)
    return value.args if (ir.dotted_name(value.func) or "").rpartition(".")[2] in _TAKE else ()


def _is_cancel(launched: Launched, call: ir.Call) -> bool:
    return launched.kind == "task" and isinstance(call.func, ir.Attribute) and call.func.name == "cancel"


def _is_expected(here: Reached, placed: Placed) -> bool:
    """Whether the wait is all that its `try` still has to do, and the error of waiting for oneself is caught there."""
    if not placed.around:
        return False
    outer = placed.around[-1]
    is_last = isinstance(outer, (ir.Try, ir.With)) and outer.body[-1] is placed.statement
    return is_last and catches(here.function, placed._replace(around=(outer,)), ("RuntimeError",))


def _is_wait(launched: Launched, call: ir.Call, name: str) -> bool:
    if launched.kind in {"thread", "timer"}:
        return name == "join"
    if launched.kind in {"pool", "callback"} and name == "shutdown":
        given = [keyword.value for keyword in call.keywords if keyword.name == "wait"] or list(call.args[:1])
        return not given or (isinstance(given[0], ir.Constant) and given[0].value is True)
    return False


def _goes_on(here: Reached, call: ir.Call, placed: Placed) -> bool:
    """Whether the function awaits something after it has cancelled the task: there the cancellation strikes."""
    handled = any(isinstance(outer, (ir.While, ir.For)) for outer in placed.around)
    return not handled and any(node.at > call.at for node in find(ir.Await, here.function.body))


def _finding(cls: Class, launched: Launched, here: Reached, at: ir.At, harms: bool) -> Finding:  # noqa: FBT001
    name = ".".join(launched.place)
    where = _WHERE[launched.kind]
    first = launched.runs.function
    notes = [Note(launched.path, launched.at, f"`{first.name}` runs on this {where}")]
    notes.extend(Note(way.function.path, way.call.at, "it calls this") for way in here.ways)
    consequence = {
        "task": "The task cancels or awaits itself: what follows the next `await` is skipped.",
        "pool": "A job cannot wait for its own pool: the shutdown fails or never ends.",
        "callback": "A job cannot wait for its own scheduler: the shutdown fails or never ends.",
    }.get(launched.kind, "`join` of the own thread raises RuntimeError, and the rest of the stop is skipped.")
    return Finding(
        at=at,
        message=f"`{first.name}` comes here on the {where} `{name}` and waits for itself",
        consequence=consequence,
        help="leave it out when `current_task()` is the task"
        if launched.kind == "task"
        else "leave it out when `current_thread()` is the thread, or do not wait",
        notes=tuple(notes),
        symbol=here.function.symbol,
        culprit=("wait", cls.symbol, name, str(at[0])),
        confidence="certain"
        if harms and not hangs_on_parameters(here, at) and not has_been_told(here, at)
        else "likely",
    )
