"""The broker on Redis keeps the contract, across processes that die, servers that restart and links that break."""

import uuid
from collections.abc import Iterator

import pytest

from faults.servers import RedisServer
from worker_lint_runtime._brokers.redis_streams import RedisBroker
from worker_lint_runtime.testing.broker_contract import BrokerContract


@pytest.mark.slow
class TestRedisBroker(BrokerContract):
    @pytest.fixture
    def broker(self, redis_server: RedisServer) -> Iterator[RedisBroker]:
        self.queue = f"contract.{uuid.uuid4().hex}"  # a queue that no other test has used
        broker = RedisBroker(redis_server.url)
        broker.connect()
        yield broker
        broker.close()
