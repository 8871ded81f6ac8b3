"""
A cancellation during clean-up skips the releases that stand after an `await`.

What it catches
    In a `finally` block of a coroutine, or in a handler of CancelledError: an `await` without protection, and
    after it a call that releases something else.

Why it hurts in production
    A task that is being cancelled is cleaning up when the second cancellation comes: a time-out around the
    shutdown, a second Ctrl-C, the end of `asyncio.run`. The await is cut, the exception leaves the
    block, and what stands below is never released: a connection stays open, a lock stays taken.

What to do instead
    Put the later release into a nested `finally`, put those that need no `await` first, shield
    the await (`asyncio.shield`, `CancelScope(shield=True)`), or use an AsyncExitStack.

When to ignore it
    When nothing can cancel the task, or the process ends right after.

Limits
    Left alone are awaits of coroutines of the project that wait for nothing, ends of its asynchronous generators that
    do nothing then, coroutines that their file runs with `run_until_complete`, which nobody can cancel, and ends of
    channels in memory, which hold nothing outside.
    What is released is judged by the names of methods such as `close`, `stop` and `release`. It is only likely where
    a comment in the clean-up speaks of cancelling, where either is the `aclose` of what may be an asynchronous
    generator, where the later release is an attempt of its own, or of what a web server, CPython or a stop of the
    object may still end, in a coroutine defined in another function, and in one that ends with the program or server.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function
from worker_lint.analysis.assigned import assigned_at
from worker_lint.analysis.cut_cleanup import harm_is_sure, is_plain_generator_end
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.guard import handler_names
from worker_lint.analysis.nesting import Placed, mentions, own_expressions, placed_statements, with_inner
from worker_lint.analysis.nobody_waits import names_function
from worker_lint.analysis.places.denoted import method_around
from worker_lint.analysis.statements import inner_blocks, walk_statements
from worker_lint.analysis.suspending import never_suspends
from worker_lint.analysis.visit import receiver_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_RELEASES = frozenset(
    {"aclose", "cleanup", "close", "disconnect", "dispose", "kill", "release", "shutdown", "stop", "terminate"}
)

rule = Rule(
    code="STP124",
    severity="warning",
    stage="preview",
    summary="A cancellation during clean-up skips the releases that stand after an await",
    words=("finally", "CancelledError", "BaseException"),
    besides=tuple(f".{name}" for name in sorted(_RELEASES)),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("shield", "nested finally", "last statement"),
    examples=(
        bad(
            "the producer is stopped only if the consumer could be",
            """
            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                finally:
                    await consumer.stop()  # bad: producer.stop
                    await producer.stop()
            """,
        ),
        bad(
            "the pool gets its connection back after a round trip",
            """
            class Pipeline:
                async def execute(self, commands):
                    try:
                        return await self.connection.send(commands)
                    finally:
                        if self.watching:
                            await self.connection.send("UNWATCH")  # bad: self.pool.release
                        self.pool.release(self.connection)
            """,
        ),
        bad(
            "in the handler of the cancellation",
            """
            import asyncio

            async def run(worker, client):
                try:
                    await worker.run()
                except asyncio.CancelledError:
                    await worker.drain()  # bad: client.close
                    await client.close()
                    raise
            """,
        ),
        good(
            "a coroutine that waits for nothing",
            """
            class Mark:
                def __init__(self):
                    self.is_set = False

                async def set(self):
                    self.is_set = True

            async def serve(server, accept):
                done = Mark()
                try:
                    await accept()
                finally:
                    await done.set()
                    server.close()
            """,
        ),
        good(
            "a generator that does nothing at its end",
            """
            async def fill(value):
                while True:
                    yield value

            async def run(work, producer):
                filler = aiter(fill(0))
                try:
                    await work(filler)
                finally:
                    await filler.aclose()
                    await producer.stop()
            """,
        ),
        good(
            "nobody holds the task",
            """
            import asyncio

            class Driver:
                def __call__(self):
                    asyncio.new_event_loop().run_until_complete(self.run())

                async def run(self):
                    try:
                        await self.work()
                    finally:
                        await asyncio.sleep(1)
                        await self.client.close()
            """,
        ),
        good(
            "two ends of one channel in memory",
            """
            import trio

            class Lifespan:
                def __init__(self, app):
                    self.app = app
                    self.send, self.receive = trio.open_memory_channel(3)

                async def run(self):
                    try:
                        await self.app(self.receive)
                    finally:
                        await self.send.aclose()
                        await self.receive.aclose()
            """,
        ),
        good(
            "the await is shielded",
            """
            import asyncio

            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                finally:
                    await asyncio.shield(consumer.stop())
                    await producer.stop()
            """,
            silence="shield",
        ),
        good(
            "each release has its own finally",
            """
            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                finally:
                    try:
                        await consumer.stop()
                    finally:
                        await producer.stop()
            """,
            silence="nested finally",
        ),
        good(
            "nothing is released after it",
            """
            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                finally:
                    producer.close()
                    await consumer.stop()
            """,
            silence="last statement",
        ),
        good(
            "a scope that cancellation does not enter",
            """
            import anyio

            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                finally:
                    with anyio.CancelScope(shield=True):
                        await consumer.stop()
                        await producer.stop()
            """,
            silence="shield",
        ),
        good(
            "an exception that is no cancellation",
            """
            async def run(consumer, producer):
                try:
                    await consumer.run(producer)
                except ValueError:
                    await consumer.stop()
                    await producer.stop()
            """,
        ),
    ),
)

_CHANNELS = frozenset({"open_memory_channel", "create_memory_object_stream"})
_TAKES_CANCELLATION = frozenset({"CancelledError", "BaseException"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Clean-up blocks of coroutines."""
    if not (mentions(function, *rule.words) and mentions(function, "await ") and mentions(function, *rule.besides)):
        return
    for scope in with_inner(function):
        if scope.node.is_async:
            for placed in placed_statements(scope.body):
                if isinstance(placed.statement, ir.Try):
                    for block in _cleaning(placed.statement):
                        for finding in _in_block(scope, block, _released_around(placed)):
                            if not _is_run_alone(scope):
                                yield finding


def _released_around(placed: Placed) -> frozenset[str]:
    """What the `finally` blocks around a statement release, and so also after a cancellation in there."""
    outer = (statement for one in placed.around if isinstance(one, ir.Try) for statement in one.final)
    return frozenset(name for statement in outer for call in _released(statement) if (name := receiver_name(call)))


def _cleaning(statement: ir.Try) -> Iterator[tuple[ir.Stmt, ...]]:
    """The blocks in which a cancellation is under way, or may be."""
    if statement.final:
        yield statement.final
    for handler in statement.handlers:
        if _TAKES_CANCELLATION.intersection(handler_names(handler)):
            yield handler.body


def _in_block(scope: Function, block: tuple[ir.Stmt, ...], around: frozenset[str]) -> Iterator[Finding]:
    for index, statement in enumerate(block):
        if not any(True for later in block[index + 1 :] for _ in _released(later)):
            return
        exposed = next((one for one in _exposed(statement) if _waits(scope, one)), None)
        if exposed is None:
            continue
        for later in block[index + 1 :]:
            lost = (one for one in _released(later) if receiver_name(one) not in around)
            release = next((one for one in lost if not _is_in_memory(scope, one)), None)
            if release is not None and not _releases(exposed, release):
                is_certain = harm_is_sure(scope, block, later, exposed, release)
                yield _finding(scope, exposed, release, is_certain=is_certain)
                return
        return


def _exposed(statement: ir.Stmt) -> Iterator[ir.Await]:
    """The awaits of a statement that a cancellation cuts so that it leaves the statement."""
    if isinstance(statement, (ir.Try, ir.FunctionDef, ir.ClassDef)):
        return
    if isinstance(statement, ir.With) and any(_is_protecting(item.context) for item in statement.items):
        return
    for node in own_expressions(statement):
        if isinstance(node, ir.Await) and not _is_shield(node.value):
            yield node
    for inner in inner_blocks(statement):
        for below in inner:
            yield from _exposed(below)


def _waits(scope: Function, exposed: ir.Await) -> bool:
    """Whether a cancellation can come there at all."""
    if isinstance(exposed.value, ir.Call) and _is_in_memory(scope, exposed.value):
        return False
    if is_plain_generator_end(scope, exposed):
        return False
    return not never_suspends(scope, exposed.value, scope.owner)


def _is_in_memory(scope: Function, call: ir.Call) -> bool:
    """Whether a call ends one side of a channel between tasks, which the collector takes as well."""
    receiver = call.func.value if isinstance(call.func, ir.Attribute) else None
    if receiver is None:
        return False
    for place in scope.project.places.denotes(scope, receiver, scope.owner):
        sources = assigned_at(scope, place)
        if sources is None:
            return False
        if sources and all(_makes_channel(source) for source in sources):
            return True
    return False


def _makes_channel(source: ir.Expr | None) -> bool:
    func = source.func if isinstance(source, ir.Call) else None
    func = func.value if isinstance(func, ir.Subscript) else func
    return (ir.dotted_name(func) or "").rpartition(".")[2] in _CHANNELS


def _is_run_alone(scope: Function) -> bool:
    """Whether the file hands what the function makes to `run_until_complete`: it is no task that anybody holds."""
    method = method_around(scope) or scope
    for function in scope.project.functions_in(scope.path):
        if mentions(function, "run_until_complete") and mentions(function, method.name):
            for call in find(ir.Call, function.body):
                if isinstance(call.func, ir.Attribute) and call.func.name == "run_until_complete" and call.args:
                    made = call.args[0]
                    if isinstance(made, ir.Call) and names_function(made.func, method):
                        return True
    return False


def _is_shield(awaited: ir.Expr) -> bool:
    return isinstance(awaited, ir.Call) and (ir.dotted_name(awaited.func) or "").rpartition(".")[2] == "shield"


def _is_protecting(context: ir.Expr) -> bool:
    """A shielded scope, or `suppress` of cancellations."""
    if not isinstance(context, ir.Call):
        return False
    if any(keyword.name == "shield" for keyword in context.keywords):
        return True
    names = {(ir.dotted_name(argument) or "").rpartition(".")[2] for argument in context.args}
    is_suppress = (ir.dotted_name(context.func) or "").rpartition(".")[2] == "suppress"
    return is_suppress and bool(names & _TAKES_CANCELLATION)


def _released(statement: ir.Stmt) -> Iterator[ir.Call]:
    for inner in walk_statements((statement,)):
        for node in own_expressions(inner):
            if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.name in _RELEASES:
                if ir.dotted_name(node.func.value) is not None:
                    yield node


def _releases(exposed: ir.Await, release: ir.Call) -> bool:
    """Whether both speak of one object: `await task.stop()`, then `task.close()` is one sequence of its own."""
    first = exposed.value.func if isinstance(exposed.value, ir.Call) else exposed.value
    receiver = first.value if isinstance(first, ir.Attribute) and isinstance(exposed.value, ir.Call) else first
    return isinstance(release.func, ir.Attribute) and ir.dotted_name(receiver) == receiver_name(release)


def _finding(scope: Function, exposed: ir.Await, release: ir.Call, *, is_certain: bool) -> Finding:
    name = ir.dotted_name(release.func) or "the release"
    return Finding(
        at=exposed.at,
        message=f"a cancellation during this `await` skips `{name}`",
        consequence="CancelledError leaves the clean-up here, and what stands below it is never released.",
        help="put the later release into a nested `finally`, or shield this `await`",
        notes=(Note(scope.path, release.at, f"`{name}` is skipped"),),
        symbol=scope.symbol,
        culprit=("release", scope.path, *(str(number) for number in exposed.at)),
        confidence="certain" if is_certain else "likely",
    )
