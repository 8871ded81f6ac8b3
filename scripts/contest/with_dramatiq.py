"""Dramatiq, as its guide shows it: it acknowledges after the work by default."""

import os
import sys

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker

from contest.handler import handle

URL = os.environ["CONTEST_URL"]
broker = RabbitmqBroker(url=URL, confirm_delivery=True) if URL.startswith("amqp") else RedisBroker(url=URL)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name="contest.dramatiq")
def contest(number: int) -> None:
    """See `handle`."""
    handle(number)


def publish(count: int) -> None:
    """Put so many messages into the queue."""
    for number in range(count):
        contest.send(number)


def work() -> None:
    """Consume until killed."""
    from dramatiq.cli import main, make_argument_parser

    options = ["contest.with_dramatiq", "--processes", "1", "--threads", os.environ["CONTEST_THREADS"]]
    sys.exit(main(make_argument_parser().parse_args(options)))
