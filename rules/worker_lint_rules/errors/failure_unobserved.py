"""
Work runs elsewhere, and nobody can see when it fails.

What it catches
    The future of `executor.submit(…)`, `executor.map(…)`, `asyncio.run_coroutine_threadsafe(…)` or a pool's
    `apply_async(…)` that nobody reads, and futures that are only waited for, when calls in the function may fail.

Why it hurts in production
    An executor stores the exception in the future and says nothing: no traceback, no log line, no exit code. The
    refresh, the flush, the consumer that was submitted is gone since the first error, and all else looks healthy.

What to do instead
    Keep the future and ask for its `result()`, or give it a done callback that logs `future.exception()`; or catch and
    log at the top of the function.

When to ignore it
    Where a failure of this work is of no interest.

Limits
    Only functions of the project are looked at, decorated ones are not. A future that is handed on, stored in a field
    or returned is taken to be read. Threads are left out: they print theirs. Certain is a future let go whose work runs
    code of others, talks to another side (a write into a buffer is no talk), or states its errors, and ends nothing;
    and a task around a callback from outside of the project for whose failure it has a `finally`.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions, with_inner
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers.observing import Failing, evident, reads_of, unseen
from worker_lint.analysis.tiers.unasked import is_foreseen, unasked_tasks
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.named import STARTS_WORK

rule = Rule(
    code="ERR117",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    summary="Work runs elsewhere, and nobody can see when it fails",
    words=(STARTS_WORK,),
    product_only=True,
    yields_to=("STP122", "STP125"),
    silences=(
        "top-level handler in the target",
        "result read",
        "done callback",
        "kept elsewhere",
        "nothing in it fails",
        "an error callback",
    ),
    examples=(
        bad(
            "a refresh that ends at the first error",
            """
            from concurrent.futures import ThreadPoolExecutor
            import requests

            class Rates:
                def __init__(self):
                    self.pool = ThreadPoolExecutor(1)

                def start(self):
                    self.pool.submit(self._refresh)  # bad: nobody reads the future

                def _refresh(self):
                    while True:
                        self.rates = requests.get("https://rates.example").json()
            """,
        ),
        bad(
            "waited for, and never asked",
            """
            from concurrent.futures import ThreadPoolExecutor, wait

            def send(message):
                raise OSError(message)

            def send_all(messages):
                with ThreadPoolExecutor() as pool:
                    futures = [pool.submit(send, each) for each in messages]  # bad: only waited for
                    wait(futures)
            """,
            is_likely=True,
        ),
        bad(
            "from a thread into the loop",
            """
            import asyncio

            class Bridge:
                async def _publish(self, body):
                    await self.channel.publish(body)

                def on_message(self, body):
                    asyncio.run_coroutine_threadsafe(self._publish(body), self.loop)  # bad: nobody reads the future
            """,
        ),
        good(
            "the function catches all",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Rates:
                def start(self):
                    pool = ThreadPoolExecutor(1)
                    pool.submit(self._refresh)

                def _refresh(self):
                    while True:
                        try:
                            self.rates = self.client.rates()
                        except Exception:
                            self.log.exception("no rates")
            """,
            silence="top-level handler in the target",
        ),
        good(
            "asked for the result",
            """
            from concurrent.futures import ThreadPoolExecutor, as_completed

            def send(message):
                raise OSError(message)

            def send_all(messages):
                with ThreadPoolExecutor() as pool:
                    futures = [pool.submit(send, each) for each in messages]
                    for future in as_completed(futures):
                        future.result()
            """,
            silence="result read",
        ),
        bad(
            "a task that runs somebody's callback",
            """
            import asyncio

            class Once:
                def __init__(self, callback):
                    self.callback = callback
                    self.finished = asyncio.Event()
                    self._task = None

                async def _run(self):
                    try:
                        await self.callback()
                    finally:
                        self.finished.set()

                def start(self):
                    if self._task is None:
                        self._task = asyncio.create_task(self._run())  # bad: callback

                def stop(self):
                    if self._task is not None:
                        self._task.cancel()
            """,
        ),
        good(
            "a task that tells of the failure by itself",
            """
            import asyncio
            import logging

            class Once:
                def __init__(self, callback):
                    self.callback = callback
                    self._task = None

                async def _run(self):
                    try:
                        await self.callback()
                    except Exception:
                        logging.exception("the callback failed")

                def start(self):
                    self._task = asyncio.create_task(self._run())
            """,
            silence="top-level handler in the target",
        ),
        good(
            "a task that the stop waits for",
            """
            import asyncio

            class Once:
                def __init__(self, callback):
                    self.callback = callback
                    self._task = None

                async def _run(self):
                    await self.callback()

                def start(self):
                    self._task = asyncio.create_task(self._run())

                async def stop(self):
                    await self._task
            """,
            silence="result read",
        ),
        good(
            "a callback looks at it",
            """
            from concurrent.futures import ThreadPoolExecutor

            def send(message):
                raise OSError(message)

            def start(pool: ThreadPoolExecutor, report):
                pool.submit(send, "hello").add_done_callback(report)
            """,
            silence="done callback",
        ),
        good(
            "somebody else keeps it",
            """
            from concurrent.futures import ThreadPoolExecutor

            def send(message):
                raise OSError(message)

            class Sender:
                def __init__(self):
                    self.pool = ThreadPoolExecutor()

                def start(self):
                    self.running = self.pool.submit(send, "hello")

                def more(self):
                    future = self.pool.submit(send, "more")
                    return future
            """,
            silence="kept elsewhere",
        ),
        good(
            "a flag is set",
            """
            import threading
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self):
                    self.done = threading.Event()
                    self.pool = ThreadPoolExecutor()

                def _finish(self):
                    self.done.set()

                def stop(self):
                    self.pool.submit(self._finish)
            """,
            silence="nothing in it fails",
        ),
        good(
            "the pool tells",
            """
            import multiprocessing

            def send(message):
                raise OSError(message)

            def start(report):
                pool = multiprocessing.Pool()
                pool.apply_async(send, ("hello",), error_callback=report)
                pool.close()
                pool.join()
            """,
            silence="an error callback",
        ),
    ),
)

_STARTERS = ("submit", "map", "run_coroutine_threadsafe", "apply_async", "as_completed")
_EXECUTORS = ("concurrent.futures._base.Executor", "concurrent.futures.thread.", "concurrent.futures.process.")
_WAITS = frozenset({"concurrent.futures._base.wait", "concurrent.futures.wait"})
_COMPLETED = frozenset({"concurrent.futures._base.as_completed", "concurrent.futures.as_completed"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Futures that a function makes and lets go."""
    if not mentions(function, *_STARTERS):
        return
    for scope in with_inner(function):
        for statement in walk_statements(scope.body):
            match statement:
                case ir.Expression(value=ir.Call() as call):
                    yield from _started(scope, call, "nobody reads the future", context)
                case ir.Assign(targets=(ir.Name(id=name),), value=value) if value is not None:
                    for call in _submits(value):
                        how = _unread(scope, name)
                        if how:
                            yield from _started(scope, call, how, context)
                case _:
                    pass


@rule.on_class
def check_tasks(cls: Class, context: Context) -> Iterator[Finding]:
    """Tasks that a class keeps in a field and never asks how they ended."""
    for one in unasked_tasks(cls):
        if one.function.path == context.path:
            yield Finding(
                at=one.call.at,
                message=f"`{ir.dotted_name(one.failing.func) or one.target.name}` may fail, and nobody asks the task "
                f"`{one.field}` how it ended",
                consequence="The task keeps the exception: at best it is reported when the object is collected.",
                help="catch and log the error in the task, or add a done callback that does",
                notes=(Note(one.target.path, one.failing.at, "what fails here is not seen"),),
                symbol=one.function.symbol,
                confidence="certain" if is_foreseen(cls, one) else "likely",
            )


def _submits(value: ir.Expr) -> Iterator[ir.Call]:
    """The call whose future the name holds, or one of a list of futures made in one go."""
    if isinstance(value, ir.Comprehension) and value.kind in ("list", "set"):
        value = value.element
    if isinstance(value, ir.Call):
        yield value


def _unread(scope: Function, name: str) -> str:
    """How a local comes to be unread; "" where it is read, or may be."""
    declared = {one for node in find(ir.Scope, scope.body) for one in node.names}
    if name in declared or any(name in node.names for node in find(ir.Opaque, scope.body)):
        return ""
    reads = {node.at for node in reads_of(scope, name)}
    if not reads:
        return f"nobody reads `{name}`"
    waits: set[ir.At] = set()
    for statement in walk_statements(scope.body):
        match statement:
            case ir.Expression(value=ir.Call(args=(ir.Name() as given, *_)) as call):
                if dotted_callee(scope, call) in _WAITS:
                    waits.add(given.at)
            case ir.For(target=ir.Name(id=each), iter=ir.Call(args=(ir.Name() as given, *_)) as call):
                if dotted_callee(scope, call) in _COMPLETED and not any(
                    node.id == each for node in find(ir.Name, statement.body)
                ):
                    waits.add(given.at)
            case _:
                pass
    return f"`{name}` is only waited for" if reads <= waits else ""


def _started(scope: Function, call: ir.Call, how: str, context: Context) -> Iterator[Finding]:
    kind = _kind(scope, call)
    if not kind:
        return
    for entry in context.project.workers.entries(scope, scope.owner):
        if entry.call is not call and entry.call.at != call.at:
            continue
        runs = entry.callee.runs
        if len(runs) != 1:
            return
        failing = unseen(runs[0].function)
        if failing:
            yield _finding(scope, call, kind, how, runs[0].function, failing)
        return


def _kind(scope: Function, call: ir.Call) -> str:
    """What starts the work, where it keeps an exception to itself; "" for anything else."""
    dotted = dotted_callee(scope, call)
    if dotted == "asyncio.run_coroutine_threadsafe":
        return "run_coroutine_threadsafe"
    if dotted.startswith(_EXECUTORS) and dotted.rpartition(".")[2] in ("submit", "map"):
        return dotted.rpartition(".")[2]
    is_applied = dotted.startswith("multiprocessing.pool.") and dotted.endswith(".apply_async")
    is_told = len(call.args) > 4 or any(keyword.name in ("error_callback", None) for keyword in call.keywords)
    return "apply_async" if is_applied and not is_told else ""


def _is_part_of_stop(scope: Function, target: Function) -> bool:
    """Whether the work belongs to the end of something: nobody is left who would act on its error."""
    return any(is_stop_name(one.name.strip("_")) for one in (scope, target))


def _finding(
    scope: Function, call: ir.Call, kind: str, how: str, target: Function, failing: tuple[Failing, ...]
) -> Finding:
    first = evident(target, failing)
    return Finding(
        at=call.at,
        message=f"`{target.name}` may fail, and {how}",
        consequence=f"`{kind}` keeps the exception for whoever asks: here it is lost without a trace.",
        help="ask for its `result()`, or add a done callback that logs the exception",
        notes=(Note(target.path, (first or failing[0]).node.at, "what fails here is never seen"),),
        symbol=scope.symbol,
        confidence="certain" if first and not _is_part_of_stop(scope, target) else "likely",
    )
