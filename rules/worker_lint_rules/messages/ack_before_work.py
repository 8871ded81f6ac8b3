"""
A message is acknowledged before the work that it stands for.

What it catches
    A path through a handler on which the delivery is acknowledged first, and only then a call gets what the message
    says. The context of the library (`message.process()`) that is left before the work counts, too.

Why it hurts in production
    The broker deletes a message when it is acknowledged. If the work then fails, or the worker is stopped,
    killed or redeployed while it is at it, nobody has the message any more: it is neither done nor delivered
    again. The later the failure, the less there is to find.

What to do instead
    Do the work, then acknowledge; on failure reject, or give the message back. Where the work takes longer than the
    broker waits (RabbitMQ: half an hour), make it shorter, or write the order down in a store of your own first.

When to ignore it
    When a message may be lost and must not be done twice (at most once). Say so in a comment or docstring of the
    handler, `at most once`: the rule reads it.

Limits
    Reading (`json.loads`), log lines and counters are no work. Once any work is done before the acknowledgement, the
    rest of the path is not looked at. A handler that answers its sender (`reply_to`) is left out. Where a comment
    stands at the acknowledgement, or the queue ends with its connection anyway, the finding is only likely.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.deliveries import (
    CommittedFirst,
    Delivery,
    State,
    Typestate,
    Work,
    committed_first,
    expecting_graph,
)
from worker_lint.analysis.flow import Graph, Step, find_path
from worker_lint.diagnostic import Confidence
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="MSG101",
    severity="warning",
    stage="preview",
    summary="A message is acknowledged before the work that it stands for",
    words=(
        "pika",
        "aio_pika",
        "kombu",
        "nats",
        "pubsub_v1",
        "consume",
        "subscribe",
        "xreadgroup",
        "QueueUrl",
        "receive_messages",
        "KafkaConsumer",
        "AIOKafkaConsumer",
    ),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "at most once is stated",
        "tag handed on",
        "work comes first",
        "log lines and counters",
        "the commit is of the turn before",
        "the sender gets an answer",
    ),
    examples=(
        bad(
            "the offset moves first",
            """
            from kafka import KafkaConsumer

            def run(charge):
                consumer = KafkaConsumer("orders", group_id="charging", enable_auto_commit=False)
                for message in consumer:
                    consumer.commit()  # bad: charge
                    charge(message.value)
            """,
        ),
        bad(
            "out of the pending list first",
            """
            import redis

            def run(client: redis.Redis, charge):
                while True:
                    reply = client.xreadgroup("charging", "one", {"orders": ">"}, count=1, block=1000)
                    if reply:
                        entry, fields = reply[0][1][0]
                        client.xack("orders", "charging", entry)  # bad: entry
                        charge(fields)
            """,
        ),
        bad(
            "deleted, then done",
            """
            import boto3

            def run(url, charge):
                sqs = boto3.client("sqs")
                while True:
                    reply = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
                    for message in reply.get("Messages", []):
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # bad: message
                        charge(message["Body"])
            """,
        ),
        good(
            "done, then deleted",
            """
            import boto3

            def run(url, charge):
                queue = boto3.resource("sqs").Queue(url)
                while True:
                    for message in queue.receive_messages(WaitTimeSeconds=20):
                        charge(message.body)
                        message.delete()
                        log_done(message.body)
            """,
            silence="work comes first",
        ),
        good(
            "what the last turn has done",
            """
            from confluent_kafka import Consumer

            def run(charge):
                consumer = Consumer({"bootstrap.servers": "kafka", "group.id": "charging", "enable.auto.commit": False})
                while True:
                    consumer.commit()
                    message = consumer.poll(1.0)
                    if message is not None:
                        charge(message.value())
            """,
            silence="the commit is of the turn before",
        ),
        good(
            "the offset moves last",
            """
            from aiokafka import AIOKafkaConsumer

            async def run(charge):
                consumer = AIOKafkaConsumer("orders", group_id="charging", enable_auto_commit=False)
                async for message in consumer:
                    await charge(message.value)
                    await consumer.commit()
            """,
            silence="work comes first",
        ),
        good(
            "a request, whose sender hears of the failure",
            """
            import aio_pika

            async def serve(connection: aio_pika.Connection, answer, receiver):
                channel = await connection.channel()
                queue = await channel.declare_queue("requests")
                async with queue.iterator() as messages:
                    async for message in messages:
                        await message.ack()
                        try:
                            result = await receiver(message.body)
                        except Exception as error:
                            result = error
                        await answer(message.reply_to, result)
            """,
            silence="the sender gets an answer",
        ),
        bad(
            "first of all",
            """
            import json

            import pika

            def on_message(channel, method, properties, body):
                channel.basic_ack(method.delivery_tag)  # bad: method
                order = json.loads(body)
                charge(order)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
        ),
        bad(
            "the context ends too soon",
            """
            import aio_pika

            async def work(connection: aio_pika.Connection, charge):
                channel = await connection.channel()
                queue = await channel.declare_queue("orders")
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():  # bad: message
                            order = message.body.decode()
                        await charge(order)
            """,
        ),
        good(
            "said in the docstring",
            '''
            import pika

            def on_message(channel, method, properties, body):
                """A price is worth nothing a second later: delivered at most once."""
                channel.basic_ack(method.delivery_tag)
                show(body)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("prices", on_message)
                channel.start_consuming()
            ''',
            silence="at most once is stated",
        ),
        good(
            "settled by the pool",
            """
            import pika

            class Worker:
                def __init__(self, pool):
                    self.pool = pool
                    self.channel = pika.BlockingConnection().channel()
                    self.channel.basic_consume("orders", self.on_message)

                def on_message(self, channel, method, properties, body):
                    self.pool.submit(self.work, method.delivery_tag, body)
                    notify(body)
            """,
            silence="tag handed on",
        ),
        good(
            "then the follow-up",
            """
            import pika

            def on_message(channel, method, properties, body):
                charge(body)
                channel.basic_ack(method.delivery_tag)
                tell_statistics(body)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="work comes first",
        ),
        good(
            "nothing but a log line",
            """
            import logging

            import pika

            def on_message(channel, method, properties, body):
                if not body:
                    channel.basic_ack(method.delivery_tag)
                    logging.warning("empty message: %r", body)
                    return
                charge(body)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="log lines and counters",
        ),
    ),
)

_GONE_ANYWAY = re.compile(r"\bexclusive\s*=\s*True")
_STATED = re.compile(r"at[ -]most[ -]once|may be lost|best[ -]effort|fire[ -]and[ -]forget", re.IGNORECASE)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every delivery of the file that its handler settles."""
    for early in committed_first(context.project, module.path):
        if not _is_meant(early.function, context):
            yield _committed(early, context)
    for delivery in context.project.deliveries.of(module.path):
        function = delivery.function
        graph = expecting_graph(delivery)
        if graph is None or delivery.opening.auto is not False:
            continue
        if _is_meant(function, context):
            continue
        found = _first(delivery, graph)
        if found is not None:
            yield _finding(delivery, *found, context)


def _is_meant(function: Function, context: Context) -> bool:
    """Whether the handler says that a message may be lost, or answers its sender, who hears of a failure."""
    text = context.project.store.text(function.path)
    first, _, last, _ = function.node.at
    return text.has_word("reply_to", first, last) or _STATED.search(text.segment(function.node.at)) is not None


def _confidence(function: Function, settled: ir.At, context: Context) -> Confidence:
    """
    Certain unless somebody wrote a comment at the acknowledgement, who may have meant its place, or the queue is
    exclusive: with the connection, its messages are gone in any case.
    """
    text = context.project.store.text(function.path)
    near = text.between(max(settled[0] - 2, function.node.at[0]), settled[2])
    return "likely" if "#" in near or _GONE_ANYWAY.search(text.source) else "certain"


def _committed(early: CommittedFirst, context: Context) -> Finding:
    name = (ir.dotted_name(early.work.func) or "the work").rpartition(".")[2]
    return Finding(
        at=early.commit.at,
        message=f"the offset is committed before `{name}` has done its work",
        consequence="Kafka's group goes on behind it: when the work fails or is cut off, the message is lost.",
        help="commit after the work; or write `at most once` where a loss is accepted",
        notes=(Note(context.path, early.work.at, "the work follows here"),),
        symbol=early.function.symbol,
        confidence=_confidence(early.function, early.commit.at, context),
    )


class _Late(Typestate):
    """Paths on which work follows the acknowledgement, and none came before."""

    def __init__(self, delivery: Delivery, work: Work) -> None:
        super().__init__(delivery, frozenset({"twice", "lost"}))
        self._work = work
        self.found: list[tuple[ir.At, str, ir.Call]] = []

    def reached(self, step: Step, state: State) -> State | None:
        """Ends a path at the first work on it."""
        node = step.node
        if step.kind != "call" or not isinstance(node, ir.Call) or not self._work.is_work(node):
            return state
        if state.status == "settled" and state.verb in ("ack", "delete"):
            self.found.append((state.by[-1], state.verb, node))
        return None


def _first(delivery: Delivery, graph: Graph) -> tuple[ir.At, str, ir.Call] | None:
    watch = _Late(delivery, Work(delivery))
    find_path(graph, watch, lambda _block, _state: False)
    return min(watch.found, key=lambda one: (one[0], one[2].at)) if watch.found else None


_DONE = {"delete": "deleted"}
_TO_DO = {"delete": "delete it"}
_LOST = {
    "deleted": "{library} forgets it here: when the work fails or is cut off, it is lost.",
    "passed": "{library} gives it to no consumer of the group again: when the work fails or is cut off, it is lost.",
}


def _finding(delivery: Delivery, settled: ir.At, verb: str, work: ir.Call, context: Context) -> Finding:
    name = (ir.dotted_name(work.func) or "the work").rpartition(".")[2]
    return Finding(
        at=settled,
        message=f"`{delivery.shown}` is {_DONE.get(verb, 'acknowledged')} before `{name}` has done its work",
        consequence=_LOST[delivery.facts.settled].format(library=delivery.facts.library),
        help=f"{_TO_DO.get(verb, 'acknowledge')} after the work; or write `at most once` where a loss is accepted",
        notes=(Note(context.path, work.at, "the work follows here"),),
        symbol=delivery.function.symbol,
        confidence=_confidence(delivery.function, settled, context),
    )
