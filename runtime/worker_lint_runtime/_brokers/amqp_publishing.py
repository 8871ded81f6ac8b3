"""A channel for publishing on which the broker confirms each message. Used by the connection's owner only."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from pika.channel import Channel
from pika.spec import Basic, BasicProperties

from worker_lint_runtime._broker import BrokerError
from worker_lint_runtime._brokers.amqp_untyped import when_returned

NOT_FOUND = 404
"""The exchange does not exist."""


class UnroutableError(BrokerError):
    """No queue is bound where the message was sent: the queue was deleted."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A message on its way to the broker."""

    exchange: str
    key: str
    body: bytes
    properties: BasicProperties


class ConfirmedChannel:
    """Sends postings and resolves a future for each when the broker has stored it, or has not."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._last = 0
        self._waiting: dict[int, tuple[str, Future[Any]]] = {}
        self._returned: set[str] = set()
        when_returned(channel, self._on_return)

    def send(self, posting: Posting, stored: "Future[Any]") -> None:
        """Publish; the future tells when the broker has it."""
        self._channel.basic_publish(posting.exchange, posting.key, posting.body, posting.properties, mandatory=True)
        self._last += 1
        self._waiting[self._last] = (posting.properties.message_id or "", stored)

    def on_answer(self, frame: Any) -> None:
        """The broker confirms or refuses one message, or all up to one."""
        method = frame.method
        numbers = [number for number in self._waiting if number <= method.delivery_tag] if method.multiple else []
        for number in numbers or [method.delivery_tag]:
            name, stored = self._waiting.pop(number, ("", None))
            if stored is None or stored.done():  # done: whoever published does not wait any more
                continue
            if name in self._returned:
                self._returned.discard(name)
                stored.set_exception(UnroutableError(f"message {name}: no queue takes it"))
            elif isinstance(method, Basic.Nack):
                stored.set_exception(BrokerError(f"message {name}: the broker refused it"))
            else:
                stored.set_result(None)

    def _on_return(self, properties: BasicProperties) -> None:
        self._returned.add(properties.message_id or "")  # the confirmation follows

    def fail_all(self, reason: BaseException) -> None:
        """The channel is gone: nobody knows what became of what was on its way, unless there was no exchange for it."""
        kind = UnroutableError if getattr(reason, "reply_code", 0) == NOT_FOUND else BrokerError
        for name, stored in self._waiting.values():
            if not stored.done():
                stored.set_exception(kind(f"message {name}: not confirmed: {reason}"))
        self._waiting.clear()
