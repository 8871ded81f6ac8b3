"""What a worker receives, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message of a queue.

    `attempt` counts from 1 how often it was given to a handler, kills of the worker included; deliveries that were
    handed back do not count. The id stays the same over all attempts, so it can key an idempotent effect.
    """

    id: str
    body: bytes
    queue: str
    attempt: int = 1
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Answer(StrEnum):
    """What the broker is told about a delivery."""

    ACK = "ack"
    RETRY = "retry"
    REJECT = "reject"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a delivery is settled. A handler that returns None acknowledges."""

    answer: Answer
    delay: float = 0.0
    reason: str = ""

    @classmethod
    def ack(cls) -> "Outcome":
        """The work is done."""
        return cls(Answer.ACK)

    @classmethod
    def retry(cls, delay: float = 0.0, *, reason: str = "") -> "Outcome":
        """Deliver again after so many seconds; charges an attempt."""
        if delay < 0:
            raise ValueError(f"a delay is not negative: {delay}")
        return cls(Answer.RETRY, delay, reason)

    @classmethod
    def reject(cls, reason: str) -> "Outcome":
        """Put it aside as a dead letter, with the reason."""
        return cls(Answer.REJECT, reason=reason)

    @classmethod
    def release(cls) -> "Outcome":
        """Give it back as if it had never been received; charges no attempt."""
        return cls(Answer.RELEASE)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One handing-over of a message. The token is the broker's own: a tag, a row with its fencing number."""

    message: Message
    token: object
