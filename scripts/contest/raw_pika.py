"""pika alone, as its examples show it: the yardstick."""

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pika

from contest.handler import handle

QUEUE = "contest.raw"
THREADS = int(os.environ["CONTEST_THREADS"])


def connect() -> Any:
    """A channel with the durable queue."""
    channel = pika.BlockingConnection(pika.URLParameters(os.environ["CONTEST_URL"])).channel()
    channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    return channel


def publish(count: int) -> None:
    """Put so many messages into the queue, each confirmed."""
    channel = connect()
    channel.confirm_delivery()
    for number in range(count):
        channel.basic_publish("", QUEUE, str(number).encode(), pika.BasicProperties(delivery_mode=2))  # type: ignore[no-untyped-call]  # pika leaves it so
    channel.connection.close()


def work() -> None:
    """Consume for ever; with one thread in the consumer's own, else in a pool that acknowledges by callback."""
    channel = connect()
    channel.basic_qos(prefetch_count=THREADS)
    pool = ThreadPoolExecutor(THREADS)

    def run(tag: int, body: bytes) -> None:
        handle(int(body))
        channel.connection.add_callback_threadsafe(functools.partial(channel.basic_ack, tag))

    def on_message(_channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        if THREADS == 1:
            handle(int(body))
            channel.basic_ack(method.delivery_tag)
        else:
            pool.submit(run, method.delivery_tag, body)

    channel.basic_consume(QUEUE, on_message)
    channel.start_consuming()
