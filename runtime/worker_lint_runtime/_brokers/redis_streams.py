"""Redis: streams with one group of consumers, leases kept by a sign of life, fencing by the count of deliveries."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker_lint_runtime._broker import BrokerError, DeadLetter, QueueDepth
from worker_lint_runtime._brokers.redis_consumer import RedisConsumer, Terms
from worker_lint_runtime._brokers.redis_errors import translating
from worker_lint_runtime._brokers.redis_store import RedisStore
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Message

log = logging.getLogger("worker_lint_runtime.redis")

_DURABLE = {"appendonly": "yes", "maxmemory-policy": "noeviction"}


class RedisBroker:
    """
    Queues in a Redis server, 6.2 or later, as streams. Needs the package redis.

    Guaranteed: each change of a message is one script, so a kill leaves it before or after, never between; a message
    belongs to one consumer for `lease` seconds, extended while it is in work; a consumer whose message was taken over
    cannot settle it any more; after `delivery_limit` attempts without an answer, or when rejected, a message is a dead
    letter. Not guaranteed: more durability than the server is set to, of which `connect` warns; the order of messages
    that were retried or released. Leases and delays follow the server's wall clock.

    Args:
        url: `redis://user:password@host:6379/0`, `rediss:` or `unix:`.
        lease: seconds after which the messages of a dead process are delivered again.
        delivery_limit: of one message; deliveries that were released do not count.
        timeout: seconds within which the server must answer; a silent link is noticed after so long.
        clock: source of monotonic time.

    """

    def __init__(
        self,
        url: str,
        *,
        lease: float = 30.0,
        delivery_limit: int = 20,
        timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        if lease <= 0 or delivery_limit < 1 or timeout <= 0:
            raise ValueError(f"Redis: lease {lease}, delivery limit {delivery_limit}, timeout {timeout}")
        self._lease, self._delivery_limit, self._clock = lease, delivery_limit, clock or Clock()
        redis_class: Any = redis.Redis  # its annotations leave much unknown
        self._client: Any = redis_class.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            socket_keepalive=True,
            retry=Retry(NoBackoff(), 0),  # the library would send a command again of which it does not know the fate
        )
        where = self._client.connection_pool.connection_kwargs
        self.place = f"redis://{where.get('host', where.get('path', ''))}:{where.get('port', '')}".rstrip(":")
        self._lock = threading.Lock()
        self._connected = False
        self._stores: dict[str, RedisStore] = {}
        self._consumers: list[RedisConsumer] = []

    def connect(self) -> None:
        """See `Broker.connect`. Warns of a server that may lose what it has answered for."""
        with self._lock, translating(self.place):
            if self._connected:
                return
            self._client.ping()
            self._warn_of_losses()
            self._connected = True

    def _warn_of_losses(self) -> None:
        try:
            found: Any = self._client.config_get("*")
        except redis.ResponseError:  # forbidden where others run the server
            return
        wrong = [f"{name} is {found.get(name)}" for name, value in _DURABLE.items() if found.get(name) != value]
        if wrong:
            log.warning("%s may lose messages: %s", self.place, ", ".join(wrong))

    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """See `Broker.publish`. A BrokerError leaves open whether the message was stored."""
        message = Message(uuid.uuid4().hex, body, queue, headers=MappingProxyType(dict(headers or {})))
        with translating(self.place):
            self.store(queue).add(message, delay)
        return message.id

    def consume(self, queue: str, prefetch: int) -> RedisConsumer:
        """See `Broker.consume`."""
        if prefetch < 1:
            raise BrokerError(f"prefetch is at least 1: {prefetch}")
        self.connect()
        with translating(self.place):
            store = self.store(queue)
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        terms = Terms(self.place, self._lease, self._delivery_limit, prefetch, self._clock)
        consumer = RedisConsumer(store, name, terms)
        self._consumers.append(consumer)
        return consumer

    def store(self, queue: str) -> RedisStore:
        """The queue, made when it is used for the first time."""
        store = self._stores.get(queue)
        if store is None:
            store = RedisStore(self._client, queue)
            store.create()
            self._stores[queue] = store
        return store

    def depth(self, queue: str) -> QueueDepth:
        """See `Inspectable.depth`."""
        with translating(self.place):
            return self.store(queue).count()

    def dead_letters(self, queue: str) -> list[DeadLetter]:
        """See `Inspectable.dead_letters`."""
        with translating(self.place):
            return self.store(queue).list_dead()

    def close(self) -> None:
        """See `Broker.close`."""
        for consumer in list(self._consumers):
            consumer.close()
        self._consumers.clear()
        with self._lock:
            self._connected = False
            self._stores.clear()
        self._client.close()
