"""
What a worker's queue consists of in RabbitMQ, declared step by step; declaring it again changes nothing.

A queue of work is a quorum queue, which counts deliveries, with a queue of dead letters beside it. Delays are made of
queues whose messages expire into the next: one for each power of two, so that any delay is a sum of them, as the bits
of a number; the routing key holds the bits.
"""

from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import quote

from pika.channel import Channel
from pika.spec import Basic, BasicProperties

from worker_lint_runtime._broker import BrokerError
from worker_lint_runtime._brokers.amqp_untyped import when_answered

UNIT = 0.1
"""Seconds of the shortest delay; others are rounded up to a multiple."""
LEVELS = 24
DELIVER = "worker-lint.deliver"
"""The exchange at which a delay ends."""
MOST_DELIVERIES = 100
"""
The broker's own limit, above any that a worker may set: a net for a message whose mere arrival kills the process.

An argument of the queue, so it must be the same for all programs that declare it.
"""

Step = Callable[[Callable[..., None]], object]
"""A request that calls back when it was answered."""
Steps = Generator[Step, Any, Any]


def run_steps(steps: Steps, done: Callable[[Any], None], answer: Any = None) -> None:
    """Make one request after the other, each when the last was answered; at the end give what the steps returned."""
    try:
        step = steps.send(answer)
    except StopIteration as end:
        done(end.value)
        return

    def go_on(frame: Any = None) -> None:
        run_steps(steps, done, frame)

    step(go_on)


def get_one(channel: Channel, queue: str, done: Callable[..., None]) -> None:
    """Ask for one message: calls back with its properties and body, or with None when there is none."""
    answered = False  # what waits for "empty" stays registered when a message comes

    def answer(found: tuple[BasicProperties, bytes] | None) -> None:
        nonlocal answered
        if not answered:
            answered = True
            done(found)

    when_answered(channel, Basic.GetEmpty, lambda: answer(None))
    channel.basic_get(queue, lambda _channel, _method, properties, body: answer((properties, body)))


def dead_queue(queue: str) -> str:
    """The name of the queue of dead letters."""
    return f"{queue}.dead"


def delay_key(queue: str, delay: float) -> tuple[str, str]:
    """Exchange and routing key for a delay in seconds. Raises BrokerError for one that is too long."""
    units = max(1, -int(-delay // UNIT))
    if units >= 2**LEVELS:
        raise BrokerError(f"a delay of {delay:.0f} s is too long: at most {2**LEVELS * UNIT / 86400:.0f} days")
    bits = [(units >> level) & 1 for level in reversed(range(LEVELS))]
    return _exchange(units.bit_length() - 1), ".".join([*map(str, bits), _token(queue)])


def declare_queue(channel: Channel, queue: str) -> Steps:
    """The queue, its dead letters, and its place at the end of delays; returns the queue's Declare-Ok frame."""
    dead = dead_queue(queue)
    arguments = {
        "x-queue-type": "quorum",
        "x-delivery-limit": MOST_DELIVERIES,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
        # The queue keeps a message until the dead letter is stored; the broker asks for this overflow then.
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    # Later versions drop what was given out twenty times, and looking at dead letters counts.
    yield from _declare(channel, dead, {"x-queue-type": "quorum", "x-delivery-limit": 10**9})
    answer = yield from _declare(channel, queue, arguments)
    yield lambda done: channel.exchange_declare(DELIVER, "topic", durable=True, callback=done)
    yield lambda done: channel.queue_bind(queue, DELIVER, f"#.{_token(queue)}", callback=done)
    return answer


def declare_delays(channel: Channel) -> Steps:
    """The ladder of delays, which all queues share. From the bottom, so that each level leads to one that is there."""
    yield lambda done: channel.exchange_declare(DELIVER, "topic", durable=True, callback=done)
    for level in range(LEVELS):
        yield from _declare_level(channel, level)


def _declare_level(channel: Channel, level: int) -> Steps:
    here, below = _exchange(level), _exchange(level - 1) if level else DELIVER
    yield lambda done: channel.exchange_declare(here, "topic", durable=True, callback=done)
    arguments = {
        "x-queue-type": "quorum",
        "x-message-ttl": round(2**level * UNIT * 1000),
        "x-dead-letter-exchange": below,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    yield from _declare(channel, here, arguments)
    before = "*." * (LEVELS - 1 - level)
    yield lambda done: channel.queue_bind(here, here, f"{before}1.#", callback=done)
    yield lambda done: channel.exchange_bind(below, here, f"{before}0.#", callback=done)


def _declare(channel: Channel, queue: str, arguments: dict[str, Any]) -> Steps:
    return (yield lambda done: channel.queue_declare(queue, durable=True, arguments=arguments, callback=done))


def _exchange(level: int) -> str:
    return f"worker-lint.delay.{level}"


def _token(queue: str) -> str:
    """The queue's name as one word of a routing key: dots would make it several."""
    return quote(queue, safe="").replace(".", "%2E")
