"""
A settlement reaches messages that are not its own, or not the one that it means.

What it catches
    (a) An acknowledgement on another channel than the one that the message came on.
    (b) `multiple=True` in a handler while two consumers are open on the channel.
    (c) `nack(…, multiple=True)` in an object that consumes through a queue or channel that it was given.

Why it hurts in production
    Delivery tags count per channel. On another channel the tag means nothing, or another message: RabbitMQ closes
    that channel (406, PRECONDITION_FAILED), or deletes a message that nobody has worked on. `multiple=True` settles
    every open message of the channel up to the tag, those of other consumers, too: they are lost while they are
    still in work, or delivered twice.

What to do instead
    Settle on the channel that the callback gets, one message at a time; or give each consumer a channel of its own.

When to ignore it
    When no other consumer can be on the channel.

Limits
    Channels are told apart by the calls that make them, in one file. A computed `multiple` is let pass.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.deliveries import Delivery, Opening, functions_with, settlements_in
from worker_lint.analysis.flow import find
from worker_lint.analysis.values import made_by
from worker_lint.analysis.visit import last_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG114",
    severity="warning",
    stage="preview",
    summary="A settlement reaches messages that are not its own, or not the one that it means",
    words=("basic_consume", "multiple"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("the callback's channel", "a channel of its own", "one message at a time"),
    examples=(
        bad(
            "the publisher's channel",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.incoming = self.connection.channel()
                    self.outgoing = self.connection.channel()
                    self.incoming.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    self.outgoing.basic_publish("", "done", body)
                    self.outgoing.basic_ack(method.delivery_tag)  # bad: outgoing
            """,
        ),
        bad(
            "two consumers and one tag",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.channel = pika.BlockingConnection().channel()
                    self.channel.basic_consume("orders", self.on_order)
                    self.channel.basic_consume("returns", self.on_return)

                def on_order(self, channel, method, properties, body):
                    charge(body)
                    channel.basic_ack(method.delivery_tag, multiple=True)  # bad: multiple

                def on_return(self, channel, method, properties, body):
                    refund(body)
                    channel.basic_ack(method.delivery_tag)
            """,
        ),
        bad(
            "what is left on closing",
            """
            class Messages:
                def __init__(self, queue, buffer):
                    self.queue = queue
                    self.buffer = buffer

                async def start(self):
                    self.tag = await self.queue.consume(self.buffer.put)

                async def close(self):
                    await self.queue.cancel(self.tag)
                    last = None
                    while not self.buffer.empty():
                        last = self.buffer.get_nowait()
                    if last is not None:
                        await last.nack(requeue=True, multiple=True)  # bad: multiple
            """,
        ),
        good(
            "what the callback gets",
            """
            import pika

            class Worker:
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.incoming = self.connection.channel()
                    self.outgoing = self.connection.channel()
                    self.incoming.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    self.outgoing.basic_publish("", "done", body)
                    channel.basic_ack(method.delivery_tag)
            """,
            silence="the callback's channel",
        ),
        good(
            "one consumer for each channel",
            """
            import pika

            class Worker:
                def __init__(self):
                    connection = pika.BlockingConnection()
                    self.orders = connection.channel()
                    self.orders.basic_consume("orders", self.on_order)
                    self.returns = connection.channel()
                    self.returns.basic_consume("returns", self.on_order)

                def on_order(self, channel, method, properties, body):
                    charge(body)
                    channel.basic_ack(method.delivery_tag, multiple=True)
            """,
            silence="a channel of its own",
        ),
        good(
            "each on its own",
            """
            class Messages:
                def __init__(self, queue, buffer):
                    self.queue = queue
                    self.buffer = buffer

                async def start(self):
                    self.tag = await self.queue.consume(self.buffer.put)

                async def close(self):
                    await self.queue.cancel(self.tag)
                    while not self.buffer.empty():
                        await self.buffer.get_nowait().nack(requeue=True, multiple=False)
            """,
            silence="one message at a time",
        ),
    ),
)

_CONSUMES = ("consume", "basic_consume")


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The deliveries of the file, and objects that consume through what they are given."""
    openings = context.project.deliveries.openings(module.path)
    for delivery in context.project.deliveries.of(module.path):
        if delivery.how == "callback":
            yield from _elsewhere(delivery, context)
            yield from _shared(delivery, openings, context)
    for function in functions_with(context.project, module.path, ("multiple",)):
        yield from _given(function, context)


def _elsewhere(delivery: Delivery, context: Context) -> Iterator[Finding]:
    """Settlements on a channel that is surely another one."""
    if not delivery.facts.tag:
        return
    here = _channel(delivery.opening, context)
    for settlement in settlements_in(delivery):
        func = settlement.call.func
        there = made_by(context.project, delivery.function, func.value) if isinstance(func, ir.Attribute) else None
        is_channel = there is not None and last_name(there.func) == "channel"
        if here is not None and there is not None and is_channel and there.at != here.at:
            name = ir.dotted_name(func) or "the call"
            yield Finding(
                at=settlement.call.at,
                message=f"`{name}` is called on another channel than the message came on",
                consequence=f"{delivery.facts.library} knows the tag of another message there, or closes the channel.",
                help="settle on the channel that the callback gets",
                notes=(Note(context.path, delivery.opening.call.at, "it comes in on this one"),),
                symbol=delivery.function.symbol,
            )


def _channel(opening: Opening, context: Context) -> ir.Call | None:
    """The call that makes the channel of a consumer."""
    func = opening.call.func
    made = made_by(context.project, opening.scope, func.value) if isinstance(func, ir.Attribute) else None
    return made if made is not None and last_name(made.func) == "channel" else None


def _shared(delivery: Delivery, openings: tuple[Opening, ...], context: Context) -> Iterator[Finding]:
    """`multiple=True` where another consumer is on the same channel."""
    here = _channel(delivery.opening, context)
    others = [one for one in openings if one is not delivery.opening and one.auto is not True]
    same = [one for one in others if here is not None and (made := _channel(one, context)) and made.at == here.at]
    for settlement in settlements_in(delivery) if same else ():
        if settlement.multiple is True:
            yield Finding(
                at=settlement.call.at,
                message="`multiple=True` settles the messages of the other consumer, too",
                consequence="What the other consumer of the channel still works on is deleted, or delivered twice.",
                help="settle one message at a time, or give each consumer a channel of its own",
                notes=(Note(context.path, same[0].call.at, "the other consumer on this channel"),),
                symbol=delivery.function.symbol,
            )


def _given(function: Function, context: Context) -> Iterator[Finding]:
    """`nack(multiple=True)` of an object that is one of those who consume on a channel."""
    owner = function.owner
    if owner is None or ".channel(" in context.project.store.text(context.path).segment(owner.node.at):
        return
    for call in find(ir.Call, function.statements):
        if last_name(call.func) not in ("nack", "basic_nack") or not _is_multiple(call):
            continue
        consuming = next((one for method in _methods(function) for one in _consumers(method)), None)
        if consuming is not None:
            yield Finding(
                at=call.at,
                message="`multiple=True` gives back the messages of other consumers, too",
                consequence="Whoever else consumes on this channel still works on them: they are done twice.",
                help="give each message back on its own",
                notes=(Note(context.path, consuming.at, "this object is one consumer on the channel it was given"),),
                symbol=function.symbol,
                confidence="likely",
            )


def _is_multiple(call: ir.Call) -> bool:
    return any(
        word.name == "multiple" and isinstance(word.value, ir.Constant) and word.value.value is True
        for word in call.keywords
    )


def _methods(function: Function) -> tuple[Function, ...]:
    owner = function.owner
    return tuple(function.project.values.fields.methods(owner)) if owner is not None else ()


def _consumers(method: Function) -> Iterator[ir.Call]:
    """Calls that consume through a field which a parameter filled."""
    for call in find(ir.Call, method.statements):
        func = call.func
        if isinstance(func, ir.Attribute) and func.name in _CONSUMES and isinstance(func.value, ir.Attribute):
            owner = method.owner
            if owner is not None and ir.dotted_name(func.value.value) == "self":
                assigned = method.project.values.fields.assigned(owner, func.value.name)
                if assigned and all(
                    isinstance(one.source.expr, ir.Name) or one.source.how == "annotation" for one in assigned
                ):
                    yield call
