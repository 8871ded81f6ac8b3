"""The in-memory broker keeps the contract."""

from collections.abc import Iterator

import pytest

from worker_lint_runtime import MemoryBroker
from worker_lint_runtime.testing import FakeClock
from worker_lint_runtime.testing.broker_contract import BrokerContract


class TestMemoryBroker(BrokerContract):
    moment = 0.0

    def let_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @pytest.fixture
    def broker(self) -> Iterator[MemoryBroker]:
        self.clock = FakeClock()
        broker = MemoryBroker(clock=self.clock)
        broker.connect()
        yield broker
        broker.close()


def test_delays_follow_the_clock(clock: FakeClock) -> None:
    broker = MemoryBroker(clock=clock)
    broker.publish("q", b"late", delay=20)
    broker.publish("q", b"soon", delay=10)
    consumer = broker.consume("q", 5)
    assert consumer.receive(0) is None
    clock.advance(20)
    bodies = [delivery.message.body for _ in range(2) if (delivery := consumer.receive(0))]
    assert bodies == [b"soon", b"late"]
