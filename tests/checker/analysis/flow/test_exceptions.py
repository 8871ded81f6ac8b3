from __future__ import annotations

import pytest

from worker_lint.analysis.flow import ANY, Hierarchy, Split, Thrown

PIKA = {
    "pika.exceptions.AMQPError": ["Exception"],
    "pika.exceptions.AMQPConnectionError": ["pika.exceptions.AMQPError"],
    "round.A": ["round.B"],
    "round.B": ["round.A"],
}


@pytest.mark.parametrize(
    ("name", "above", "expected"),
    [
        ("KeyError", "LookupError", True),
        ("builtins.KeyError", "Exception", True),
        ("ConnectionResetError", "IOError", True),
        ("socket.error", "Exception", True),
        ("LookupError", "KeyError", False),
        ("asyncio.CancelledError", "Exception", False),
        ("asyncio.CancelledError", "BaseException", True),
        ("KeyboardInterrupt", "Exception", False),
        ("pika.exceptions.AMQPConnectionError", "pika.exceptions.AMQPError", True),
        ("round.A", "round.B", True),
    ],
)
def test_subclasses(name: str, above: str, expected: bool) -> None:  # noqa: FBT001 -- a parameter
    assert Hierarchy(PIKA).is_subclass(name, above) is expected


def split(thrown: Thrown, *catchers: str | None) -> tuple[set[str], set[str]]:
    found = Hierarchy(PIKA).split(thrown, catchers)
    assert isinstance(found, Split)
    return {one.name for one in found.caught}, {one.name for one in found.rest}


def test_splits() -> None:
    assert split(ANY, "Exception") == ({"Exception"}, set())
    assert split(ANY, "ValueError", "KeyError") == ({"ValueError", "KeyError"}, {"Exception"})
    assert split(ANY, None) == ({"Exception"}, {"Exception"})
    assert split(Thrown("OSError"), "TimeoutError") == ({"TimeoutError"}, {"OSError"})
    assert split(Thrown("OSError", exact=True), "TimeoutError") == (set(), {"OSError"})
    assert split(Thrown("KeyError"), "OSError", "LookupError") == ({"KeyError"}, set())
    assert split(Thrown("KeyError")) == (set(), {"KeyError"})


def test_what_may_be_a_group() -> None:
    hierarchy = Hierarchy()
    assert hierarchy.is_group(ANY)
    assert hierarchy.is_group(Thrown("ExceptionGroup", exact=True))
    assert not hierarchy.is_group(Thrown("ValueError"))
    assert not hierarchy.is_group(Thrown("Exception", exact=True))
