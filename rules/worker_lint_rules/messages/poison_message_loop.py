"""
A message that can never be handled is put back into its queue again and again.

What it catches
    A clause that catches everything and gives the message back (`requeue=True`, which is the default of `basic_nack`
    and `basic_reject`), the context `message.process(requeue=True)`, and `raise Reject(requeue=True)` in a Celery task
    that is acknowledged late, where nothing counts how often the message came, waits, or sends it elsewhere.

Why it hurts in production
    A message that no code can handle, with a field missing or of a type that was removed, is put back at the head of
    the queue and delivered again at once, thousands of times a second. The worker is busy, its log is full, and
    the good messages behind it wait; every other worker on the queue is drawn in.

What to do instead
    Give back only what may work later (a lost connection), and that with a delay. Reject the rest with
    `requeue=False` and a dead-letter exchange; or declare a quorum queue with a delivery limit.

When to ignore it
    When the queue has a delivery limit that is declared elsewhere.

Limits
    Only handlers whose registration is in the same file. A function that speaks of attempts, redelivery, delay or
    a dead letter is taken to have thought of it.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.deliveries import (
    Delivery,
    flag_of,
    functions_with,
    settling_context,
)
from worker_lint.analysis.deliveries.giving_back import handles_itself, only_moves, put_back
from worker_lint.analysis.flow import find
from worker_lint.analysis.late_ack import TaskAck, given_back, task_acks
from worker_lint.analysis.tiers import clause_at
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG103",
    severity="warning",
    stage="preview",
    summary="A message that can never be handled is put back into its queue again and again",
    words=("pika", "aio_pika", "kombu", "consume", "Reject"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "only recoverable classes",
        "redelivery test",
        "delivery limit declared",
        "a delay",
        "the worker stops",
        "bad messages are told apart",
        "it is only passed on within the process",
    ),
    examples=(
        bad(
            "back with everything",
            """
            import logging
            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except Exception:  # bad: basic_nack
                    logging.exception("failed")
                    channel.basic_nack(method.delivery_tag)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
        ),
        bad(
            "the context puts it back",
            """
            import aio_pika
            from aio_pika.abc import AbstractIncomingMessage

            async def on_message(message: AbstractIncomingMessage):
                async with message.process(requeue=True):  # bad: process
                    await charge(message.body)

            async def main(queue: aio_pika.Queue):
                await queue.consume(on_message)
            """,
        ),
        bad(
            "a task that is put back",
            """
            from celery import shared_task
            from celery.exceptions import Reject

            @shared_task(acks_late=True)
            def charge(order, gateway):
                try:
                    gateway.charge(order)
                except Exception as error:  # bad: Reject
                    raise Reject(error, requeue=True)
            """,
        ),
        good(
            "a task that is put back for want of memory",
            """
            import errno

            from celery import shared_task
            from celery.exceptions import Reject

            @shared_task(bind=True, acks_late=True)
            def render(self, film):
                try:
                    film.render()
                except MemoryError as error:
                    raise Reject(error, requeue=True)
                except Exception as error:
                    raise self.retry(exc=error, countdown=10)
            """,
            silence="only recoverable classes",
        ),
        good(
            "a lost connection",
            """
            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except ConnectionError:
                    channel.basic_nack(method.delivery_tag, requeue=True)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="only recoverable classes",
        ),
        good(
            "once more, not twice",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except Exception:
                    logging.exception("failed")
                    channel.basic_nack(method.delivery_tag, requeue=not method.redelivered)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="redelivery test",
        ),
        good(
            "a quorum queue",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except Exception:
                    logging.exception("failed")
                    channel.basic_nack(method.delivery_tag, requeue=True)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                limits = {"x-queue-type": "quorum", "x-delivery-limit": 5}
                channel.queue_declare("orders", durable=True, arguments=limits)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="delivery limit declared",
        ),
        good(
            "after a while",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except Exception:
                    logging.exception("failed")
                    channel.connection.sleep(5)
                    channel.basic_nack(method.delivery_tag)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="a delay",
        ),
        good(
            "given back on the way out",
            """
            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(body)
                except Exception:
                    channel.basic_nack(method.delivery_tag)
                    raise
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="the worker stops",
        ),
        good(
            "into the queue of a thread",
            """
            import logging
            import pika

            class Subscriber:
                def on_message(self, channel, method, properties, body):
                    try:
                        logging.debug("received %s", repr(body))
                        self.pending.put((method.delivery_tag, body))
                    except Exception:
                        channel.basic_nack(method.delivery_tag, requeue=True)

                def main(self):
                    channel = pika.BlockingConnection().channel()
                    channel.basic_consume("orders", self.on_message)
                    channel.start_consuming()
            """,
            silence="it is only passed on within the process",
        ),
        bad(
            "decoded on the way into the queue",
            """
            import json
            import pika

            def on_message(channel, method, properties, body):
                try:
                    channel.pending.put(json.loads(body))
                except Exception:  # bad: basic_nack
                    channel.basic_nack(method.delivery_tag, requeue=True)

            pika.BlockingConnection().channel().basic_consume("orders", on_message)
            """,
        ),
        good(
            "two clauses",
            """
            import json
            import logging

            import pika

            def on_message(channel, method, properties, body):
                try:
                    charge(json.loads(body))
                except ValueError:
                    channel.basic_reject(method.delivery_tag, requeue=False)
                except Exception:
                    logging.exception("failed")
                    channel.basic_nack(method.delivery_tag)
                else:
                    channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="bad messages are told apart",
        ),
    ),
)

_THOUGHT_OF = re.compile(
    r"redeliver|attempt|retr(?:y|ies)|x-death|delivery.?count|num_delivered|sleep|delay|back_?off|dead.?letter|dlq|dlx"
    r"|stop_consuming|should_stop|\.set\(\)",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"delivery.?limit|quorum|dead.?letter", re.IGNORECASE)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every delivery of the file that can be given back."""
    text = context.project.store.text(module.path)
    if _LIMIT.search(text.source):
        return
    yield from _tasks(module, context)
    for delivery in context.project.deliveries.of(module.path):
        if delivery.opening.auto is not False or _THOUGHT_OF.search(text.segment(delivery.function.node.at)):
            continue
        yield from _clauses(delivery, context)
        yield from _contexts(delivery, context)


def _tasks(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Tasks that are acknowledged late, and give their message back whatever the error was."""
    text = context.project.store.text(module.path)
    for function in functions_with(context.project, module.path, ("Reject",)):
        if not function.node.decorators or _THOUGHT_OF.search(text.segment(function.node.at)):
            continue
        for ack in task_acks(context.project, function):
            for node in find(ir.Try, function.statements) if ack.is_late is True else ():
                back = _raised_back(ack, node.handlers[0]) if len(node.handlers) == 1 else None
                if back is not None and _catches_all(function, node.handlers[0], context):
                    yield _of_task(ack, node.handlers[0], back, context)


def _raised_back(ack: TaskAck, handler: ir.Handler) -> ir.Raise | None:
    """The statement by which a clause puts the message back in any case."""
    if any(isinstance(node, (ir.If, ir.Match, ir.Try)) for node in find(ir.Node, handler.body)):
        return None
    return next(given_back(ack, handler.body[-1:]), None)


def _of_task(ack: TaskAck, handler: ir.Handler, back: ir.Raise, context: Context) -> Finding:
    return Finding(
        at=clause_at(handler),
        message="`Reject` puts back what failed, whatever the error was",
        consequence=f"{ack.model.library.capitalize()} gets it again at once: one bad message keeps all workers busy.",
        help="try again with `self.retry()`, which counts and waits, or reject with `requeue=False`",
        notes=(Note(context.path, back.at, "the message goes back into the queue here"),),
        symbol=ack.function.symbol,
        confidence="likely",
    )


def _clauses(delivery: Delivery, context: Context) -> Iterator[Finding]:
    for node in find(ir.Try, delivery.function.statements):
        if not any(True for _ in find(ir.Call, node.body)) or len(node.handlers) != 1 or only_moves(node.body):
            continue
        handler = node.handlers[0]
        back = put_back(delivery, handler)
        if back is not None and _catches_all(delivery.function, handler, context):
            name = back.call.func.name if isinstance(back.call.func, ir.Attribute) else back.verb
            yield _finding(delivery, clause_at(handler), name, back.call.at, context)


def _catches_all(function: Function, handler: ir.Handler, context: Context) -> bool:
    if handler.exception is None:
        return True
    named = context.project.tiers.named(function, handler.exception)
    return any(name in ("Exception", "BaseException") for name in named)


def _contexts(delivery: Delivery, context: Context) -> Iterator[Finding]:
    for item in find(ir.WithItem, delivery.function.statements):
        model = settling_context(delivery, item)
        call = item.context
        if model is None or not isinstance(call, ir.Call) or handles_itself(delivery, item):
            continue
        others = {word.name for word in call.keywords} - {"requeue"}
        if flag_of(call, model, model.facts.requeue, default=False) is True and not others and len(call.args) < 2:
            yield _finding(delivery, call.at, "process", None, context)


def _finding(delivery: Delivery, at: ir.At, name: str, back: ir.At | None, context: Context) -> Finding:
    notes = (Note(context.path, back, "the message goes back into the queue here"),) if back is not None else ()
    return Finding(
        at=at,
        message=f"`{name}` puts back what failed, whatever the error was",
        consequence=f"{delivery.facts.library} delivers it again at once: one bad message keeps all workers busy.",
        help="reject with `requeue=False` and a dead-letter exchange, or test how often the message came",
        notes=notes,
        symbol=delivery.function.symbol,
        confidence="likely",
    )
