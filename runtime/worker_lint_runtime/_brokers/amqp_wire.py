"""Messages as RabbitMQ carries them: which header holds what, and what is kept when a message is sent anew."""

import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pika.spec import PERSISTENT_DELIVERY_MODE, BasicProperties

from worker_lint_runtime._broker import DeadLetter
from worker_lint_runtime._message import Message

ATTEMPTS = "x-worker-attempts"
"""How many attempts were charged to the copies of the message before this one."""
REASON = "x-worker-reason"
"""Why a message is a dead letter."""
COUNT = "x-delivery-count"
"""How often a quorum queue gave the message out before, kills of the consumer included. The broker counts."""

_BROKERS_OWN = ("x-acquired-count", "x-death", "x-delivery-count", "x-first-death-", "x-last-death-")


def new_properties(headers: Mapping[str, str] | None) -> BasicProperties:
    """Of a message that is published for the first time; its id is `message_id`."""
    return _make_properties(message_id=uuid.uuid4().hex, headers=dict(headers or {}))


def read_message(queue: str, properties: BasicProperties, body: bytes) -> Message:
    """
    The message of a delivery.

    A message of a foreign publisher without a `message_id` is given one, which its retries keep; a redelivery after a
    kill gives it another.
    """
    found: Mapping[str, Any] = properties.headers or {}
    if properties.message_id is None:
        properties.message_id = uuid.uuid4().hex
    attempt = _read_number(found, ATTEMPTS) + _read_number(found, COUNT) + 1
    headers = {name: str(value) for name, value in found.items() if not _is_ours(name)}
    return Message(properties.message_id, body, queue, attempt, MappingProxyType(headers))


def charged_copy(properties: BasicProperties, attempts: int, reason: str = "") -> BasicProperties:
    """The properties of a message that is sent anew with so many attempts on its account; the rest is kept."""
    # What the broker wrote must not travel on: it would be counted twice, or taken for a loop of dead letters.
    headers = {key: value for key, value in (properties.headers or {}).items() if not key.startswith(_BROKERS_OWN)}
    headers[ATTEMPTS] = attempts
    if reason:
        headers[REASON] = reason
    return _make_properties(**{name: getattr(properties, name) for name in _KEPT}, headers=headers)


def read_dead_letter(queue: str, properties: BasicProperties, body: bytes) -> DeadLetter:
    """A message of the queue of dead letters; one that the broker put there itself has the broker's reason."""
    headers: Mapping[str, Any] = properties.headers or {}
    reason = str(headers.get(REASON) or headers.get("x-first-death-reason") or "")
    return DeadLetter(read_message(queue, properties, body), reason)


def _make_properties(**values: Any) -> BasicProperties:
    # Its source has no annotations.
    return BasicProperties(**values, delivery_mode=PERSISTENT_DELIVERY_MODE)  # type: ignore[no-untyped-call]


_KEPT = (
    "content_type",
    "content_encoding",
    "priority",
    "correlation_id",
    "reply_to",
    "message_id",
    "timestamp",
    "type",
)


def _is_ours(name: str) -> bool:
    return name in {ATTEMPTS, REASON} or name.startswith(_BROKERS_OWN)


def _read_number(headers: Mapping[str, Any], name: str) -> int:
    value = headers.get(name, 0)
    return value if isinstance(value, int) and value > 0 else 0
