"""
A task is cancelled, and what it uses is closed before it has ended.

What it catches
    An `async` method that cancels a task which the object keeps, and closes another field that the task's code
    uses on its way out (in `finally` or a handler for the cancellation), without awaiting the
    task in between.

Why it hurts in production
    `cancel` only asks: the task ends at the loop's next turns, with its own `finally` blocks. Meanwhile
    its connection is already closed, so it fails where it wanted to settle its last message, and that
    error is never seen: "Task exception was never retrieved", or nothing at all.

What to do instead
    `self._task.cancel()`, then `await asyncio.gather(self._task, return_exceptions=True)`, then close.

When to ignore it
    When the task's last steps can do without what is closed.

Limits
    Only tasks kept in a field of the same object, started with a method of that object. A task that ends at the
    `await` where the cancellation meets it uses nothing any more, and is let pass.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.guard import handler_names
from worker_lint.analysis.launched import Launched, launched_by
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.places import Use
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP123",
    severity="warning",
    stage="preview",
    summary="A task is cancelled, and what it uses is closed before it has ended",
    words=("create_task", "ensure_future"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("gather afterwards",),
    examples=(
        bad(
            "the connection is closed under the reader",
            """
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    try:
                        async for message in self.connection:
                            await message.ack()
                    finally:
                        await self.connection.unsubscribe()

                async def stop(self):
                    self.reader.cancel()  # bad: self.reader
                    await self.connection.close()
            """,
            repaired="""
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    try:
                        async for message in self.connection:
                            await message.ack()
                    finally:
                        await self.connection.unsubscribe()

                async def stop(self):
                    self.reader.cancel()
                    await asyncio.gather(self.reader, return_exceptions=True)  # bad: self.reader
                    await self.connection.close()
            """,
        ),
        bad(
            "the heartbeat says good-bye in a helper",
            """
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection
                    self.task = None

                async def start(self):
                    self.task = asyncio.get_running_loop().create_task(self.beat())

                async def beat(self):
                    try:
                        await asyncio.sleep(60)
                    except asyncio.CancelledError:
                        await self.say_goodbye()
                        raise

                async def say_goodbye(self):
                    await self.connection.send("bye")

                async def close(self):
                    if self.task is not None:
                        self.task.cancel()  # bad: self.task
                        self.task = None
                    self.connection.close()
            """,
        ),
        good(
            "the cancellation ends the task where it waits",
            """
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    async for message in self.connection:
                        await message.ack()

                async def stop(self):
                    self.reader.cancel()
                    await self.connection.close()
            """,
        ),
        good(
            "it is awaited first",
            """
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    async for message in self.connection:
                        await message.ack()

                async def stop(self):
                    self.reader.cancel()
                    await asyncio.gather(self.reader, return_exceptions=True)
                    await self.connection.close()
            """,
            silence="gather afterwards",
        ),
        good(
            "the loop turns before anything is closed",
            """
            import asyncio

            class Client:
                def __init__(self, connection):
                    self.connection = connection

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    async for message in self.connection:
                        await message.ack()

                async def stop(self):
                    self.reader.cancel()
                    await asyncio.sleep(0)
                    await self.connection.close()
            """,
        ),
        good(
            "what is closed is none of the task's business",
            """
            import asyncio

            class Client:
                def __init__(self, connection, log):
                    self.connection = connection
                    self.log = log

                async def start(self):
                    self.reader = asyncio.create_task(self.read())

                async def read(self):
                    async for message in self.connection:
                        await message.ack()

                async def stop(self):
                    self.reader.cancel()
                    self.log.close()
            """,
        ),
    ),
)


class _Closed(NamedTuple):
    """A cancel and the release that comes after it too early."""

    cancel: Use
    release: Use
    used: Use


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The async methods that cancel a task of the object."""
    text = cls.project.store.text(cls.path)
    if not text.has_word(".cancel(", cls.node.at[0], cls.node.at[2]):
        return
    tasks = {item.place: item for item in launched_by(cls) if item.kind == "task"}
    for method in cls.project.values.fields.methods(cls) if tasks else ():
        if method.node.is_async and mentions(method, ".cancel("):
            found = [(task, item) for place, task in tasks.items() for item in _closed(cls, method, place, task)]
            if found:
                yield _finding(method, min(found, key=lambda pair: pair[1].cancel.at))


def _closed(cls: Class, method: Function, place: Place, task: Launched) -> Iterator[_Closed]:
    uses = [use for use in cls.project.places.uses(method, cls) if use.function is method]
    cancel = next((use for use in uses if use.place == place and use.how == "called" and use.name == "cancel"), None)
    if cancel is None:
        return
    later = [use for use in uses if use.at > cancel.at]
    if _gives_way(method, cancel):
        return
    if any(use.place == place and use.how not in {"tested", "attribute"} for use in later):
        return  # awaited, gathered, or handed to something that may
    for use in later:
        if (
            use.how == "called"
            and use.name != "cancel"
            and is_stop_name(use.name)
            and _is_other_field(use.place, place)
        ):
            used = next(_uses_by(cls, task, use.place), None)
            if used is not None:
                yield _Closed(cancel, use, used)
                return


def _gives_way(method: Function, cancel: Use) -> bool:
    """Whether the method lets the loop turn after the cancel, so that the task has its chance to end."""
    awaited = (node.value for node in find(ir.Await, method.body) if node.at > cancel.at)
    calls = (node.func for node in awaited if isinstance(node, ir.Call))
    return any((ir.dotted_name(func) or "").rpartition(".")[2] in {"sleep", "gather", "wait"} for func in calls)


def _is_other_field(place: Place, task: Place) -> bool:
    return len(place) == 2 and place[0] == "self" and place != task


def _uses_by(cls: Class, task: Launched, place: Place) -> Iterator[Use]:
    """Where the task's code uses the field after it was cancelled."""
    for here in reached_from(task.runs):
        if here.me is not task.runs.me:
            continue
        leaving = _is_leaving(here.around, here.ways[-1].call.at) if here.ways else False
        spans = [placed for placed in here.statements() if leaving or _is_leaving(placed.around, placed.statement.at)]
        for use in cls.project.places.uses(here.function, here.me) if spans else ():
            if use.place == place and use.how in {"called", "iterated", "entered", "attribute"}:
                if any(use.statement is placed.statement for placed in spans):
                    yield use


def _is_leaving(around: tuple[ir.Stmt, ...], at: ir.At) -> bool:
    """Whether the place is reached on the way out of a cancelled task: a `finally`, or a handler that takes it."""
    for outer in around:
        if isinstance(outer, ir.Try):
            if _holds(outer.final, at):
                return True
            for handler in outer.handlers:
                if {"CancelledError", "BaseException"} & set(handler_names(handler)) and _holds(handler.body, at):
                    return True
    return False


def _holds(body: tuple[ir.Stmt, ...], at: ir.At) -> bool:
    return bool(body) and body[0].at[:2] <= at[:2] and at[2:] <= body[-1].at[2:]


def _finding(method: Function, first: tuple[Launched, _Closed]) -> Finding:
    task, found = first
    name, field = ".".join(task.place), ".".join(found.release.place)
    return Finding(
        at=found.cancel.at,
        message=f"`{name}` is cancelled and not awaited before `{field}` is closed",
        consequence=f"`{found.used.function.name}` uses `{field}` on the task's way out: it fails there, unseen.",
        help=f"`await asyncio.gather({name}, return_exceptions=True)` before closing",
        notes=(
            Note(method.path, found.release.at, f"`{field}` is closed here"),
            Note(found.used.function.path, found.used.at, f"the task uses `{field}` here"),
            Note(task.path, task.at, "the task is started here"),
        ),
        symbol=method.symbol,
        fix=_repair(method, found, name),
    )


def _repair(method: Function, found: _Closed, name: str) -> Fix | None:
    """An `await` of the task right behind the cancel, where the module knows asyncio by that name."""
    statement = found.cancel.statement
    if not isinstance(statement, ir.Expression) or "asyncio" not in method.module.block.names:
        return None
    text = method.project.store.text(method.path).segment(statement.at)
    indent = " " * (statement.at[1] - 1)
    wait = f"await asyncio.gather({name}, return_exceptions=True)"
    return Fix(f"Await `{name}` before closing", (Replace(statement.at, f"{text}\n{indent}{wait}"),))
