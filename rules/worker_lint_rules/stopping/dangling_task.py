"""
A task is started and nobody keeps it.

What it catches
    `asyncio.create_task(…)`, `ensure_future(…)`, `loop.create_task(…)` or `run_coroutine_threadsafe(…)` as
    a statement of its own, or kept only in a local variable that nothing reads. Also a task that has a done callback
    and nothing else, in a class that inherits a stop which does nothing.

Why it hurts in production
    At stop nobody can cancel the task or wait for it: it goes on while its connection is closed
    under it, or is cut in the middle of a message when the loop ends. If it fails, nothing notices; the
    event loop itself holds tasks only weakly, so it may even vanish half-way.

What to do instead
    Keep it, and cancel and await it in `stop`: `self._tasks.add(task)` with
    `task.add_done_callback(self._tasks.discard)`; or start it in an `asyncio.TaskGroup`.

When to ignore it
    When the work may be lost at any moment and its failure is of no interest.

Limits
    A `create_task` method counts only where its object is known to be an event loop, and
    `run_coroutine_threadsafe` only in a stop method: elsewhere the coroutine often brings its own way to
    tell its result. Tasks kept in a field are judged by `resource-never-released`. The coroutine must be known:
    one whose waits all have a limit or a handler for every error, or that hands its result to futures, is let pass.
    It is certain when an error can leave the coroutine unseen and an object half-way; only likely when words near it
    tell why, when it tells others once, stops another object, its own starter or the program, when a stop awaits a
    sign of its end, when it waits for what the object keeps and closes, or when the file cancels all tasks, or one that
    knows the class handles the errors that the loop is left with.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.event_loop import is_event_loop
from worker_lint.analysis.flow import find
from worker_lint.analysis.inert_stop import Outliving, tasks_past_stop
from worker_lint.analysis.let_go import is_kept_by_factory
from worker_lint.analysis.nesting import mentions, with_inner
from worker_lint.analysis.self_contained import looks_after_itself
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.unkept import is_waited_for, loss_is_sure
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_WORDS = (
    *(f"{before}create_task" for before in (".", " ", "\t", "(", ",")), "ensure_future", "run_coroutine_threadsafe",
)  # fmt: skip
"""Longer names that end so, as `async_create_task`, are the business of their frameworks, and in hundreds of files."""

rule = Rule(
    code="STP122",
    severity="warning",
    stage="preview",
    summary="A task is started and nobody keeps it",
    words=_WORDS,
    closure="file",
    resumable="trail",
    yields_to=("STP129",),
    product_only=True,
    silences=("TaskGroup", "done callback", "kept in a set"),
    examples=(
        bad(
            "the consumer starts a task for each message",
            """
            import asyncio

            class Worker:
                async def handle(self, message):
                    await message.ack()

                async def run(self, messages):
                    async for message in messages:
                        asyncio.create_task(self.handle(message))  # bad: create_task
            """,
        ),
        bad(
            "reconnecting in the background",
            """
            import asyncio

            class Client:
                def __init__(self):
                    self.loop = asyncio.get_event_loop()

                async def connect(self):
                    self.open = True

                def on_lost(self, error):
                    self.loop.create_task(self.connect())  # bad: create_task
            """,
        ),
        bad(
            "a variable that nothing reads",
            """
            import asyncio

            async def beat():
                while True:
                    await asyncio.sleep(1)

            async def run(consumer):
                heartbeat = asyncio.ensure_future(beat())  # bad: ensure_future
                await consumer.run()
            """,
        ),
        bad(
            "a coroutine sent to another thread's loop",
            """
            import asyncio

            class Bridge:
                def __init__(self, loop):
                    self.loop = loop

                async def flush(self):
                    self.pending = []

                def stop(self):
                    asyncio.run_coroutine_threadsafe(self.flush(), self.loop)  # bad: run_coroutine_threadsafe
            """,
        ),
        bad(
            "jobs that no shutdown ends",
            """
            class BaseExecutor:
                def start(self, scheduler):
                    self.scheduler = scheduler

                def shutdown(self, wait=True):
                    pass

            class Executor(BaseExecutor):
                def start(self, scheduler):
                    super().start(scheduler)
                    self.loop = scheduler.loop

                def submit(self, job):
                    def done(task):
                        self.scheduler.done(task.result())

                    task = self.loop.create_task(job.run())  # bad: create_task
                    task.add_done_callback(done)
            """,
        ),
        good(
            "a group waits for its tasks",
            """
            import asyncio

            async def handle(message):
                await message.ack()

            async def run(messages):
                async with asyncio.TaskGroup() as group:
                    async for message in messages:
                        group.create_task(handle(message))
            """,
            silence="TaskGroup",
        ),
        good(
            "somebody looks at the result",
            """
            import asyncio

            async def handle(message):
                await message.ack()

            def done(task):
                print(task.exception())

            async def run(messages):
                async for message in messages:
                    asyncio.create_task(handle(message)).add_done_callback(done)
            """,
            silence="done callback",
        ),
        good(
            "the tasks are kept",
            """
            import asyncio

            class Worker:
                def __init__(self):
                    self.tasks = set()

                async def handle(self, message):
                    await message.ack()

                async def run(self, messages):
                    async for message in messages:
                        task = asyncio.create_task(self.handle(message))
                        self.tasks.add(task)
            """,
            silence="kept in a set",
        ),
        good(
            "the coroutine tells its result by other means",
            """
            import asyncio
            import threading

            async def into(work, result, done):
                try:
                    result.append(await work)
                finally:
                    done.set()

            def run(work, loop):
                result, done = [], threading.Event()
                asyncio.run_coroutine_threadsafe(into(work, result, done), loop)
                done.wait()
                return result
            """,
        ),
        good(
            "a loop that lasts as long as the process and takes its own errors",
            """
            import asyncio
            import logging

            class Replica:
                async def report(self):
                    while True:
                        try:
                            await asyncio.sleep(10)
                            await self.push()
                        except Exception:
                            logging.exception("cannot report")

                async def push(self):
                    self.pushed = True

                def start(self):
                    asyncio.create_task(self.report())
            """,
        ),
        good(
            "one shot with a limit",
            """
            import asyncio
            import contextlib

            class Worker:
                async def wait_for_jobs(self):
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(self.jobs_done(), 30)
                    self.task.cancel()

                def on_signal(self):
                    asyncio.create_task(self.wait_for_jobs())
            """,
        ),
        good(
            "others wait for the futures that it resolves",
            """
            import asyncio

            async def load(batch, fetch):
                values = await fetch([item.key for item in batch])
                for item, value in zip(batch, values):
                    if isinstance(value, Exception):
                        item.future.set_exception(value)
                    else:
                        item.future.set_result(value)

            async def dispatch(batch, fetch):
                asyncio.ensure_future(load(batch, fetch))
            """,
        ),
        good(
            "some other object's create_task",
            """
            async def run(application, work):
                application.create_task(work())
            """,
        ),
        good(
            "the task is waited for in an inner function",
            """
            import asyncio

            async def run(work):
                task = asyncio.create_task(work())

                async def stop():
                    await task

                return stop
            """,
        ),
    ),
)

_STARTERS = frozenset({"create_task", "ensure_future", "run_coroutine_threadsafe"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Tasks that a function starts and lets go."""
    if not mentions(function, *_STARTERS) or function.name == "__del__":
        return  # what a finalizer starts is the matter of `unsafe-finalizer`
    for scope in with_inner(function):
        for statement in walk_statements(scope.body):
            match statement:
                case ir.Expression(value=ir.Call() as call):
                    yield from _started(scope, call, "")
                case ir.Assign(targets=(ir.Name(id=name),), value=ir.Call() as call):
                    if not _is_used(scope, name):
                        yield from _started(scope, call, name)
                case _:
                    pass
    if function.owner is not None and mentions(function, "add_done_callback"):
        for found in tasks_past_stop(function.owner, function):
            yield _outliving(found)


def _outliving(found: Outliving) -> Finding:
    stop, name = found.stop, (ir.dotted_name(found.call.func) or "").rpartition(".")[2]
    return Finding(
        at=found.call.at,
        message=f"nobody keeps what `{name}` starts, and the `{stop.name}` that the class inherits does nothing",
        consequence="What runs at the stop goes on after it, on resources that are closed under it.",
        help=f"keep the tasks in a set, and cancel them in a `{stop.name}` of the class's own",
        notes=(Note(stop.path, stop.node.name_at, "this is all that runs at the stop"),),
        symbol=found.method.symbol,
        confidence="likely",
    )


def _is_used(scope: Function, name: str) -> bool:
    """Whether anything in the function, or in those inside it, reads the name or shares it with another block."""
    for inner in with_inner(scope):
        for node in find(ir.Scope, inner.body):
            if name in node.names:
                return True
        stored = {target.at for node in find(ir.Assign, inner.body, inner=True) for target in node.targets}
        if any(node.id == name and node.at not in stored for node in find(ir.Name, inner.body, inner=True)):
            return True
        if any(name in node.names for node in find(ir.Opaque, inner.body, inner=True)):
            return True
    return False


def _started(scope: Function, call: ir.Call, name: str) -> Iterator[Finding]:
    started = _starter(scope, call)
    if not started or (started == "run_coroutine_threadsafe" and not is_stop_name(scope.name)):
        return
    made = argument_of(call, "coro", 0)
    if not isinstance(made, ir.Call):
        return  # a future given by somebody else stays theirs
    runs = scope.project.calls.of(scope, made).runs
    if not runs or all(looks_after_itself(one.function) for one in runs) or is_kept_by_factory(scope):
        return
    is_remote = started == "run_coroutine_threadsafe"
    if is_remote and all(is_waited_for(scope, call, one.function) for one in runs):
        return
    yield Finding(
        at=call.at,
        message=f"the task that `{started}` starts is kept only in `{name}`, which nothing reads"
        if name
        else f"nobody keeps the task that `{started}` starts",
        consequence="If it fails, the exception is lost without a trace."
        if is_remote
        else "Nobody can cancel it or wait for it at stop, and its failure goes unnoticed.",
        help="keep the future and ask for its result, or give it a done callback"
        if is_remote
        else "keep the task, and cancel and await it when stopping",
        symbol=scope.symbol,
        confidence="certain" if not is_remote and loss_is_sure(scope, call, made, runs) else "likely",
    )


def _starter(scope: Function, call: ir.Call) -> str:
    """The function of asyncio that the call starts a task with, or ""."""
    if (
        isinstance(call.func, ir.Attribute)
        and call.func.name == "create_task"
        and is_event_loop(scope, call.func.value)
    ):
        return call.func.name
    if isinstance(call.func, ir.Attribute) and call.func.name not in _STARTERS:
        return ""
    module, _, name = dotted_callee(scope, call).rpartition(".")
    return name if module == "asyncio" and name in _STARTERS else ""
