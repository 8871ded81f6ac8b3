"""The broker on Redis keeps the contract, across processes that die, servers that restart and links that break."""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from faults.proxy import Proxy
from faults.servers import RedisServer, find_free_port
from faults.waiting import wait_until
from worker_lint_runtime import BrokerError, Consumer, Delivery, Outcome, StaleDeliveryError, StoreFullError
from worker_lint_runtime._brokers.redis_consumer import RedisConsumer
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


PATIENCE = 60.0


def take(consumer: Consumer) -> Delivery:
    delivery = consumer.receive(PATIENCE)
    assert delivery is not None
    return delivery


@pytest.fixture
def queue() -> str:
    return f"work.{uuid.uuid4().hex}"


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    proxy = Proxy(redis_server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def own_server(redis_server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may kill and fill."""
    server = RedisServer(tmp_path / "own")
    server.start()
    yield server
    server.close()


@pytest.mark.slow
def test_who_lost_the_lease_cannot_settle(redis_server: RedisServer, proxy: Proxy, queue: str) -> None:
    slow = RedisBroker(f"redis://127.0.0.1:{proxy.port}/0", lease=0.2, timeout=2)
    other = RedisBroker(redis_server.url, lease=0.2)
    name = slow.publish(queue, b"body")
    consumer, successor = slow.consume(queue, 1), other.consume(queue, 1)
    delivery = take(consumer)
    assert successor.receive(0.5) is None  # the lease is kept while the message is in work
    proxy.freeze()
    taken = take(successor)
    assert (taken.message.id, taken.message.attempt) == (name, 2)
    proxy.thaw()
    with pytest.raises(StaleDeliveryError, match="another consumer took it over"):
        consumer.settle(delivery, Outcome.ack())
    successor.settle(taken, Outcome.ack())
    assert other.depth(queue).unsettled == 0
    slow.close()
    other.close()


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_killed(own_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(own_server.url)
    consumer = broker.consume(queue, 2)
    first, second = broker.publish(queue, b"1"), broker.publish(queue, b"2")
    delivery = take(consumer)
    own_server.kill()
    assert consumer.receive(0.0) is None
    assert "refused" in str(consumer.obstacle)
    settling = threading.Thread(target=lambda: consumer.settle(delivery, Outcome.ack()))
    settling.start()  # it tries as long as the lease holds
    own_server.start()
    settling.join(PATIENCE)
    assert take(consumer).message.id == second
    assert consumer.obstacle is None
    assert broker.depth(queue).unsettled == 1
    assert delivery.message.id == first
    broker.close()


@pytest.mark.slow
def test_it_consumes_again_from_a_server_that_was_emptied(own_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(own_server.url)
    consumer = broker.consume(queue, 1)
    client = redis.Redis.from_url(own_server.url)
    client.flushall()
    client.close()
    name = broker.publish(queue, b"after")
    assert take(consumer).message.id == name
    broker.close()


@pytest.mark.slow
def test_a_full_memory_refuses_and_is_said_so(own_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(own_server.url)
    broker.publish(queue, b"before")
    client = redis.Redis.from_url(own_server.url)
    client.config_set("maxmemory", "1")
    with pytest.raises(StoreFullError):
        broker.publish(queue, b"too much")
    client.close()
    consumer = broker.consume(queue, 1)
    consumer.settle(take(consumer), Outcome.ack())
    assert broker.depth(queue).ready == 0
    broker.close()


@pytest.mark.slow
def test_a_server_that_may_lose_messages_is_warned_of(
    own_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    RedisBroker(own_server.url).connect()
    assert caplog.messages == []
    client = redis.Redis.from_url(own_server.url)
    client.config_set("appendonly", "no")
    client.close()
    with caplog.at_level(logging.WARNING):
        broker = RedisBroker(own_server.url)
        broker.connect()
    assert "may lose messages: appendonly is no" in caplog.text
    broker.close()


@pytest.mark.slow
def test_a_message_that_kills_becomes_a_dead_letter(redis_server: RedisServer, proxy: Proxy, queue: str) -> None:
    dying = RedisBroker(f"redis://127.0.0.1:{proxy.port}/0", lease=0.1, timeout=1)
    name = dying.publish(queue, b"poison", headers={"trace": "1"})
    take(dying.consume(queue, 1))
    proxy.freeze()
    broker = RedisBroker(redis_server.url, lease=0.1, delivery_limit=1)
    heir = broker.consume(queue, 1)
    wait_until(lambda: heir.receive(0.1) is None and broker.depth(queue).dead == 1, "no dead letter")
    (letter,) = broker.dead_letters(queue)
    assert (letter.message.id, letter.reason) == (name, "delivered 1 times without an answer")
    assert dict(letter.message.headers) == {"trace": "1"}
    proxy.thaw()
    dying.close()
    broker.close()


@pytest.mark.slow
def test_a_delay_from_before_a_step_back_of_the_clock_is_over(redis_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(redis_server.url)
    name = broker.publish(queue, b"", delay=30)
    client = redis.Redis.from_url(redis_server.url)
    key = f"worker-lint:{{{queue}}}:delayed"
    (member,) = client.zrange(key, 0, -1)
    assert isinstance(member, bytes)
    consumer = broker.consume(queue, 1)
    assert consumer.receive(0.0) is None
    client.zincrby(key, 3_600_000, member)  # as if it had been set by a clock that was an hour ahead
    assert take(consumer).message.id == name
    client.close()
    broker.close()


def test_a_server_that_is_not_there_is_named() -> None:
    port = find_free_port()
    broker = RedisBroker(f"redis://127.0.0.1:{port}/0")
    with pytest.raises(BrokerError, match=f"redis://127.0.0.1:{port}: .*refused"):
        broker.connect()


@pytest.mark.parametrize("wrong", [{"lease": 0}, {"delivery_limit": 0}, {"timeout": 0}])
def test_unsafe_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="Redis"):
        RedisBroker("redis://localhost/", **wrong)  # type: ignore[arg-type]  # the names are the parameters


@pytest.mark.slow
@pytest.mark.parametrize("end", [RedisConsumer.hand_back, RedisConsumer.close])
def test_what_came_with_an_acknowledgement_is_given_back_uncharged(
    redis_server: RedisServer, queue: str, end: Callable[[RedisConsumer], object]
) -> None:
    broker = RedisBroker(redis_server.url)
    _, name = broker.publish(queue, b"1"), broker.publish(queue, b"2")
    consumer, other = broker.consume(queue, 1), broker.consume(queue, 1)
    consumer.settle(take(consumer), Outcome.ack())
    assert broker.depth(queue).unsettled == 1  # it is the consumer's, and not received yet
    assert other.receive(0.0) is None
    consumer.cancel()
    end(consumer)
    again = take(other).message
    assert (again.id, again.attempt) == (name, 1)
    broker.close()


@pytest.mark.slow
def test_delayed_messages_come_although_others_wait(redis_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(redis_server.url)
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"")
    name = broker.publish(queue, b"", delay=0.05)
    seen: list[str] = []
    while name not in seen and len(seen) < 10_000:
        delivery = take(consumer)
        seen.append(delivery.message.id)
        broker.publish(queue, b"")  # so that the next one always comes with the acknowledgement
        consumer.settle(delivery, Outcome.ack())
    assert name in seen
    broker.close()


@pytest.mark.slow
def test_a_closed_consumer_leaves_no_name_behind(redis_server: RedisServer, queue: str) -> None:
    broker = RedisBroker(redis_server.url)
    consumer = broker.consume(queue, 1)
    broker.publish(queue, b"")
    take(consumer)
    client = redis.Redis.from_url(redis_server.url)
    stream = f"worker-lint:{{{queue}}}:stream"
    assert len(client.xinfo_consumers(stream, "workers")) == 1
    consumer.close()
    assert client.xinfo_consumers(stream, "workers") == []
    assert broker.depth(queue).ready == 1
    client.close()
    broker.close()
