"""
A stop that cancels the handler throws its message away.

What it catches
    aio-pika's `message.process()` without `requeue=True` around an `await`, in a coroutine that is cancelled when the
    worker stops: it runs under `asyncio.run`, which cancels it on Ctrl-C, or in a task on which the same file calls
    `cancel()`.

Why it hurts in production
    The context rejects the message on any exception, and being cancelled is one: by default without putting it
    back. Each deployment loses the message that was just in work, or sends it to the dead letters as if it
    were bad.

What to do instead
    `message.process(requeue=True, reject_on_redelivered=True)`: what was cut off comes back once.

When to ignore it
    When a dead-letter exchange of the queue takes up what was cut off, and somebody reads it.

Limits
    Only consuming loops. Callbacks run in tasks of the library, which a stop cancels after the connection is
    closed: their messages come back.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope, Scope
from worker_lint.analysis.deliveries import (
    Delivery,
    flag_of,
    functions_with,
    settlement_of,
    settling_context,
)
from worker_lint.analysis.flow import find
from worker_lint.analysis.visit import last_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG112",
    severity="error",
    stage="preview",
    summary="A stop that cancels the handler throws its message away",
    words=("aio_pika",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("requeue=True", "shielded", "a dead-letter exchange", "nothing cancels it", "nothing is awaited"),
    examples=(
        bad(
            "under asyncio.run",
            """
            import asyncio

            import aio_pika

            async def main():
                connection = await aio_pika.connect_robust("amqp://localhost")
                async with connection:
                    channel = await connection.channel()
                    await channel.set_qos(prefetch_count=10)
                    queue = await channel.declare_queue("orders")
                    async with queue.iterator() as messages:
                        async for message in messages:
                            async with message.process():  # bad: process
                                await charge(message.body)

            asyncio.run(main())
            """,
        ),
        bad(
            "the task is cancelled",
            """
            import asyncio

            import aio_pika

            class Worker:
                def __init__(self, queue: aio_pika.Queue):
                    self.queue = queue

                def start(self):
                    self.task = asyncio.create_task(self.consume())

                async def consume(self):
                    async with self.queue.iterator() as messages:
                        async for message in messages:
                            async with message.process():  # bad: process
                                await charge(message.body)

                async def stop(self):
                    self.task.cancel()
                    await asyncio.gather(self.task, return_exceptions=True)
            """,
        ),
        good(
            "put back, once",
            """
            import asyncio

            import aio_pika

            async def main(queue: aio_pika.Queue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process(requeue=True, reject_on_redelivered=True):
                            await charge(message.body)

            asyncio.run(main(queue))
            """,
            silence="requeue=True",
        ),
        good(
            "asyncio.shield",
            """
            import asyncio

            import aio_pika

            async def handle(message):
                await charge(message.body)

            async def main(queue: aio_pika.Queue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():
                            await asyncio.shield(charge(message.body))

            asyncio.run(main(queue))
            """,
            silence="shielded",
        ),
        good(
            "declared with the queue",
            """
            import asyncio

            import aio_pika

            async def main(channel: aio_pika.Channel):
                queue = await channel.declare_queue("orders", arguments={"x-dead-letter-exchange": "failed"})
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():
                            await charge(message.body)

            asyncio.run(main(channel))
            """,
            silence="a dead-letter exchange",
        ),
        good(
            "somebody awaits it",
            """
            import aio_pika

            async def consume(queue: aio_pika.Queue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():
                            await charge(message.body)
            """,
            silence="nothing cancels it",
        ),
        good(
            "no point at which it can be cut off",
            """
            import asyncio

            import aio_pika

            async def main(queue: aio_pika.Queue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():
                            charge(message.body)

            asyncio.run(main(queue))
            """,
            silence="nothing is awaited",
        ),
    ),
)

_RUNS = ("asyncio.run", "asyncio.runners.run")
_TASKS = ("create_task", "ensure_future", "start_soon")
_DEPTH = 6


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every consuming loop of the file whose messages are settled by a context."""
    text = context.project.store.text(module.path).source
    if "dead-letter" in text or "dead_letter" in text:
        return
    for delivery in context.project.deliveries.of(module.path):
        if delivery.how == "callback" or delivery.opening.auto is not False or not delivery.function.node.is_async:
            continue
        for block in find(ir.With, delivery.function.statements):
            call = _dropping(delivery, block)
            cause = _cancelled_by(module, delivery.function, context) if call is not None else None
            if call is not None and cause is not None:
                yield _finding(delivery, call, cause, context)


def _dropping(delivery: Delivery, block: ir.With) -> ir.Call | None:
    """The call that makes a context which rejects for good, where the block can be cut off."""
    for item in block.items:
        model = settling_context(delivery, item)
        call = item.context
        if model is None or not isinstance(call, ir.Call):
            continue
        if flag_of(call, model, model.facts.requeue, default=model.facts.default_requeue) is False:
            return call if any(_can_be_cut_off(delivery, node) for node in find(ir.Await, block.body)) else None
    return None


def _can_be_cut_off(delivery: Delivery, node: ir.Await) -> bool:
    call = node.value
    if not isinstance(call, ir.Call) or settlement_of(delivery, call) is not None:
        return False
    return last_name(call.func) not in ("shield", "publish")


def _cancelled_by(module: ModuleScope, function: Function, context: Context) -> ir.Call | None:
    """The call of the file by which a stop cancels the coroutine: what runs it, or what cancels its task."""
    for scope in (module, *functions_with(context.project, module.path, ("run", "cancel"))):
        for call in find(ir.Call, scope.statements):
            if call.args and context.project.calls.of(scope, call).dotted in _RUNS:
                started = call.args[0]
                runs = context.project.calls.of(scope, started).runs if isinstance(started, ir.Call) else ()
                if any(_awaits(each.function, function, context, _DEPTH) for each in runs):
                    return call
            if last_name(call.func) == "cancel" and _is_task_of(module, scope, call, function, context):
                return call
    return None


def _awaits(outer: Function, wanted: Function, context: Context, depth: int) -> bool:
    """Whether a coroutine awaits another one, at some remove."""
    if outer is wanted:
        return True
    if depth == 0 or any(last_name(call.func) in _TASKS for call in find(ir.Call, outer.statements)):
        return False
    for node in find(ir.Await, outer.statements):
        runs = context.project.calls.of(outer, node.value).runs if isinstance(node.value, ir.Call) else ()
        if any(_awaits(each.function, wanted, context, depth - 1) for each in runs):
            return True
    return False


def _is_task_of(module: ModuleScope, scope: Scope, cancel: ir.Call, function: Function, context: Context) -> bool:
    """Whether what is cancelled is a task that was made of the coroutine."""
    if not isinstance(cancel.func, ir.Attribute):
        return False
    place = ir.dotted_name(cancel.func.value)
    for other in functions_with(context.project, module.path, _TASKS) if place else ():
        if place is not None and not place.startswith("self.") and other is not scope:
            continue
        for node in find(ir.Assign, other.statements):
            call = node.value
            if isinstance(call, ir.Call) and last_name(call.func) in _TASKS and call.args:
                made = call.args[0]
                runs = context.project.calls.of(other, made).runs if isinstance(made, ir.Call) else ()
                same = any(ir.dotted_name(target) == place for target in node.targets)
                if same and any(_awaits(each.function, function, context, _DEPTH) for each in runs):
                    return True
    return False


def _finding(delivery: Delivery, call: ir.Call, cause: ir.Call, context: Context) -> Finding:
    return Finding(
        at=call.at,
        message=f"when this is cancelled, `process` rejects `{delivery.shown}` for good",
        consequence=f"A stop in the middle of the work loses it: {delivery.facts.library} is told not to requeue.",
        help="write `process(requeue=True, reject_on_redelivered=True)`",
        notes=(Note(context.path, cause.at, "a stop cancels the coroutine through this"),),
        symbol=delivery.function.symbol,
    )
