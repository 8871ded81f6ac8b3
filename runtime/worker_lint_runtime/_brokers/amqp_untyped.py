"""What the client library leaves without types, or without a public name, said here once with its type."""

from collections.abc import Callable
from typing import Any

import pika
from pika.channel import Channel
from pika.spec import BasicProperties

from worker_lint_runtime._brokers.amqp_loop import SharedLoop


def loop_of(connection: pika.SelectConnection) -> SharedLoop:
    """The loop that the connection was made with."""
    untyped: Any = connection
    loop: SharedLoop = untyped.ioloop
    return loop


def connection_of(channel: Channel) -> pika.SelectConnection:
    """The connection of a channel."""
    untyped: Any = channel
    connection: pika.SelectConnection = untyped.connection
    return connection


def when_blocked(connection: pika.SelectConnection, callback: Callable[[], object]) -> None:
    """Call it when the broker takes no messages any more."""
    untyped: Any = connection
    untyped.add_on_connection_blocked_callback(_without_arguments(callback))


def when_closed(channel: Channel, callback: Callable[[Channel, BaseException], object]) -> None:
    """Call it with the channel and the reason."""
    untyped: Any = channel
    untyped.add_on_close_callback(callback)


def when_cancelled(channel: Channel, callback: Callable[[], object]) -> None:
    """Call it when the broker ends the subscription, as it does when the queue is deleted."""
    untyped: Any = channel
    untyped.add_on_cancel_callback(_without_arguments(callback))


def when_returned(channel: Channel, callback: Callable[[BasicProperties], object]) -> None:
    """Call it for each message that no queue takes."""

    def take(_channel: Channel, _method: object, properties: BasicProperties, _body: bytes) -> None:
        callback(properties)

    untyped: Any = channel
    untyped.add_on_return_callback(take)


def when_answered(channel: Channel, answer: type, callback: Callable[[], object]) -> None:
    """Call it once, with the next answer of that kind."""
    untyped: Any = channel
    untyped.add_callback(_without_arguments(callback), [answer], one_shot=True)


def keep_deliveries(channel: Channel, tag: str) -> None:
    """Let deliveries of a subscription that is being cancelled go on to their consumer; pika would reject them."""
    untyped: Any = channel
    untyped._cancelled.discard(tag)  # noqa: SLF001  # nothing public tells pika so


def break_off(connection: pika.SelectConnection, reason: Exception) -> None:
    """Close the socket of a connection, which ends it with that reason."""
    untyped: Any = connection
    untyped._terminate_stream(reason)  # noqa: SLF001  # nothing public closes the socket while a close is unanswered


def _without_arguments(callback: Callable[[], object]) -> Callable[..., None]:
    def call(*_: object) -> None:
        callback()

    return call
