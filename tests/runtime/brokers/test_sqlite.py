"""The SQLite broker keeps the contract, across processes that die, disks that fill and clocks that jump."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_lint_runtime import BrokerError, Outcome, SqliteBroker, StaleDeliveryError, StoreFullError
from worker_lint_runtime.testing import FakeClock
from worker_lint_runtime.testing.broker_contract import BrokerContract


class TestSqliteBroker(BrokerContract):
    moment = 0.0

    def let_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @pytest.fixture
    def broker(self, tmp_path: Path) -> Iterator[SqliteBroker]:
        self.clock = FakeClock()
        broker = SqliteBroker(tmp_path / "queue.db", synchronous="NORMAL", clock=self.clock)
        broker.connect()
        yield broker
        broker.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


def test_messages_survive_the_connection(path: Path) -> None:
    first = SqliteBroker(path)
    name = first.publish("q", b"kept")
    first.close()
    second = SqliteBroker(path)
    delivery = second.consume("q", 1).receive(0)
    assert delivery is not None
    assert delivery.message.id == name
    second.close()


def test_a_lease_is_kept_while_the_message_is_in_work(path: Path, clock: FakeClock) -> None:
    broker = SqliteBroker(path, lease=30, clock=clock)
    broker.publish("q", b"")
    consumer = broker.consume("q", 1)
    delivery = consumer.receive(0)
    assert delivery is not None
    for _ in range(10):
        clock.advance(11)
        with broker.changed:
            while _lease_left(path, clock) <= 20:  # the keeper has not looked at the new time yet
                broker.changed.wait(0.005)
    assert broker.depth("q").unsettled == 1
    consumer.settle(delivery, Outcome.ack())
    broker.close()


def _lease_left(path: Path, clock: FakeClock) -> float:
    with sqlite3.connect(path) as database:
        (end,) = database.execute("SELECT lease_end FROM messages").fetchone()
    database.close()
    return float(end) - clock.monotonic()


def test_who_lost_the_lease_cannot_acknowledge(path: Path, clock: FakeClock) -> None:
    slow, other = SqliteBroker(path, lease=1e-3, clock=clock), SqliteBroker(path, clock=clock)
    slow.publish("q", b"")
    consumer = slow.consume("q", 1)
    delivery = consumer.receive(0)
    assert delivery is not None
    with slow.changed:  # its keeper cannot run: the process is suspended
        clock.advance(1)
        taken = other.consume("q", 1).receive(0)
        assert taken is not None
        assert taken.message.attempt == 2
        with pytest.raises(StaleDeliveryError, match="another consumer took it over"):
            consumer.settle(delivery, Outcome.ack())
    assert other.depth("q").unsettled == 1
    other.close()
    slow.close()


def fill(broker: SqliteBroker) -> int:
    """How many messages the store took until it was full."""
    for published in range(10_000):
        try:
            broker.publish("q", b"x" * 1000)
        except StoreFullError:
            return published
    pytest.fail("the store was never full")


def test_a_full_disk_refuses_and_loses_nothing(path: Path) -> None:
    broker = SqliteBroker(path)
    broker.connect()
    with broker.using() as store:
        store._execute("PRAGMA max_page_count = 20", ())
    published = fill(broker)
    assert published > 0
    assert broker.depth("q").ready == published
    consumer = broker.consume("q", 1)
    delivery = consumer.receive(0)
    assert delivery is not None
    consumer.settle(delivery, Outcome.ack())
    assert broker.depth("q").ready == published - 1
    broker.close()


def test_a_message_whose_settlement_failed_comes_again(path: Path, clock: FakeClock) -> None:
    broker = SqliteBroker(path, lease=30, clock=clock)
    name = broker.publish("q", b"")
    consumer = broker.consume("q", 1)
    delivery = consumer.receive(0)
    assert delivery is not None
    with broker.using() as store:
        store._execute("PRAGMA query_only = 1", ())
    with pytest.raises(BrokerError):
        consumer.settle(delivery, Outcome.ack())
    with broker.using() as store:
        store._execute("PRAGMA query_only = 0", ())
    clock.advance(31)
    again = consumer.receive(0)
    assert again is not None
    assert (again.message.id, again.message.attempt) == (name, 2)
    broker.close()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 50, None])
def test_a_file_that_cannot_be_used_is_named(path: Path, content: bytes | None) -> None:
    if content is None:
        path = path / "missing" / "queue.db"
    else:
        path.write_bytes(content)
    with pytest.raises(BrokerError, match=r"queue\.db: "):
        SqliteBroker(path).connect()


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(BrokerError, match="version 99"):
        SqliteBroker(path).connect()


def test_a_broker_that_was_not_connected_says_so(path: Path) -> None:
    broker = SqliteBroker(path)
    consumer = broker.consume("q", 1)
    broker.close()
    assert consumer.receive(0) is None
    with pytest.raises(BrokerError, match="not connected"), broker.using():
        pass


@pytest.mark.parametrize("wrong", [{"lease": 0}, {"delivery_limit": 0}, {"synchronous": "OFF"}])
def test_unsafe_settings_are_refused(path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="SQLite broker"):
        SqliteBroker(path, **wrong)  # type: ignore[arg-type]  # the names are the parameters
