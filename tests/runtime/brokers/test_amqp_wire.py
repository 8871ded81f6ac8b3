"""What the headers of a message of RabbitMQ mean, without a server."""

from typing import Any

import pytest

from worker_lint_runtime._brokers.amqp_wire import (
    ATTEMPTS,
    charged_copy,
    new_properties,
    read_dead_letter,
    read_message,
)


def properties(**headers: Any) -> Any:
    made = new_properties(None)
    made.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return made


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [
        ({}, 1),
        ({"x_delivery_count": 2}, 3),
        ({"x_worker_attempts": 4}, 5),
        ({"x_worker_attempts": 4, "x_delivery_count": 2}, 7),
        ({"x_delivery_count": "2", "x_worker_attempts": -1}, 1),
    ],
)
def test_attempts_are_those_of_all_copies(headers: dict[str, Any], attempt: int) -> None:
    assert read_message("q", properties(**headers), b"").attempt == attempt


def test_users_see_their_own_headers_only() -> None:
    given = properties(trace=1, x_delivery_count=2, x_death=[{"count": 1}], x_first_death_queue="q")
    assert dict(read_message("q", given, b"").headers) == {"trace": "1"}


def test_a_copy_keeps_what_foreign_publishers_gave_and_drops_what_the_broker_counted() -> None:
    given = properties(trace="1", x_delivery_count=2, x_death=[])
    given.correlation_id, given.content_type = "c", "text/plain"
    copy = charged_copy(given, 3)
    assert (copy.message_id, copy.correlation_id, copy.content_type) == (given.message_id, "c", "text/plain")
    assert copy.headers == {"trace": "1", ATTEMPTS: 3}
    assert read_message("q", copy, b"").attempt == 4


def test_a_message_without_a_name_keeps_the_one_it_is_given() -> None:
    given = properties()
    given.message_id = None
    name = read_message("q", given, b"").id
    assert name
    assert read_message("q", charged_copy(given, 1), b"").id == name


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"x_worker_reason": "poison"}, "poison"),
        ({"x_first_death_reason": "delivery_limit"}, "delivery_limit"),
        ({}, ""),
    ],
)
def test_a_dead_letter_has_its_reason(headers: dict[str, Any], reason: str) -> None:
    assert read_dead_letter("q", properties(**headers), b"").reason == reason
