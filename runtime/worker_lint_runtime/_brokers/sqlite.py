"""The embedded broker: queues in one SQLite file, shared by any number of processes of one machine."""

import logging
import os
import sqlite3
import threading
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from worker_lint_runtime._broker import BrokerError, DeadLetter, QueueDepth, StaleDeliveryError, StoreFullError
from worker_lint_runtime._brokers.sqlite_store import Claim, SqliteStore
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Delivery, Message, Outcome

log = logging.getLogger("worker_lint_runtime.sqlite")

POLL = 0.1
"""Seconds between two looks for messages that another process published."""


class SqliteBroker:
    """
    Queues in an SQLite file. Survives kill -9 of any process; loses nothing that `publish` returned for.

    Guaranteed: a claimed message belongs to one consumer for `lease` seconds, extended while it is in work; a consumer
    whose lease was taken over cannot settle any more; a message that was delivered `delivery_limit` times without an
    answer becomes a dead letter. Not guaranteed: anything on a network file system, where SQLite's locks do not work.

    Args:
        path: of the file; made when missing. Its folder must exist.
        lease: seconds after which the messages of a dead process are delivered again.
        delivery_limit: of one message; deliveries that were released do not count.
        synchronous: SQLite's pragma. FULL survives a power failure; NORMAL may then lose the last moments.
        clock: source of monotonic time.

    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lease: float = 30.0,
        delivery_limit: int = 20,
        synchronous: str = "FULL",
        clock: Clock | None = None,
    ) -> None:
        if lease <= 0 or delivery_limit < 1 or synchronous not in {"NORMAL", "FULL", "EXTRA"}:
            raise ValueError(
                f"SQLite broker: lease {lease}, delivery limit {delivery_limit}, synchronous {synchronous}"
            )
        self.path = Path(path)
        self.lease, self.delivery_limit, self.clock = lease, delivery_limit, clock or Clock()
        self.changed = threading.Condition()
        self._synchronous = synchronous
        self._store: SqliteStore | None = None
        self._process = 0
        self._consumers: list[SqliteConsumer] = []

    def connect(self) -> None:
        """See `Broker.connect`."""
        with self.changed, self._translating():
            if self._store is None:
                self._store = SqliteStore(self.path, self.clock.monotonic(), synchronous=self._synchronous)
                self._process = os.getpid()

    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """See `Broker.publish`. Connects if need be."""
        self.connect()
        message = Message(uuid.uuid4().hex, body, queue, headers=MappingProxyType(dict(headers or {})))
        with self.using() as store:
            store.add(message, self.clock.monotonic(), delay)
            self.changed.notify_all()
        return message.id

    def consume(self, queue: str, prefetch: int) -> "SqliteConsumer":
        """See `Broker.consume`."""
        if prefetch < 1:
            raise BrokerError(f"prefetch is at least 1: {prefetch}")
        self.connect()
        consumer = SqliteConsumer(self, queue, prefetch)
        self._consumers.append(consumer)
        return consumer

    def close(self) -> None:
        """See `Broker.close`."""
        for consumer in list(self._consumers):
            consumer.close()
        self._consumers.clear()
        with self.changed, self._translating():
            store, self._store = self._store, None
            if store is not None and self._process == os.getpid():
                store.close()

    def depth(self, queue: str) -> QueueDepth:
        """See `Inspectable.depth`."""
        self.connect()
        with self.using() as store:
            return store.count(queue, self.clock.monotonic())

    def dead_letters(self, queue: str) -> list[DeadLetter]:
        """See `Inspectable.dead_letters`."""
        self.connect()
        with self.using() as store:
            return store.list_dead(queue)

    @contextmanager
    def using(self) -> Generator[SqliteStore, None, None]:
        """The store, for one caller at a time. Raises BrokerError when not connected, or in a forked child."""
        with self.changed, self._translating():
            if self._store is None:
                raise BrokerError(f"{self.path}: not connected")
            if self._process != os.getpid():
                raise BrokerError(f"{self.path}: connected before a fork; make a new broker in the child")
            yield self._store

    @contextmanager
    def _translating(self) -> Generator[None, None, None]:
        try:
            yield
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            raise (StoreFullError if full else BrokerError)(f"{self.path}: {error}") from error


class SqliteConsumer:
    """A subscription to one queue of an SqliteBroker; see `Consumer`. Its own thread extends the leases."""

    def __init__(self, broker: SqliteBroker, queue: str, prefetch: int) -> None:
        self._broker, self._queue, self._prefetch = broker, queue, prefetch
        self._mine: set[Claim] = set()
        self._cancelled = self._closed = False
        # A daemon, so that a worker nobody stopped does not hang its process; `close` joins it.
        self._keeper = threading.Thread(target=self._keep_leases, name="sqlite-leases", daemon=True)
        self._keeper.start()

    def receive(self, timeout: float) -> Delivery | None:
        """See `Consumer.receive`."""
        clock, changed = self._broker.clock, self._broker.changed
        deadline = clock.monotonic() + timeout
        with changed:
            while not self._cancelled:
                now = clock.monotonic()
                if len(self._mine) < self._prefetch and (delivery := self._claim(now)) is not None:
                    return delivery
                if now >= deadline:
                    return None
                clock.wait_for(changed, lambda: self._cancelled, min(POLL, deadline - now))
            return None

    def _claim(self, now: float) -> Delivery | None:
        with self._broker.using() as store:
            found = store.claim(self._queue, now, self._broker.lease, self._broker.delivery_limit)
        if found is None:
            return None
        message, claim = found
        self._mine.add(claim)
        return Delivery(message, claim)

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Consumer.settle`."""
        claim = delivery.token
        with self._broker.changed:
            if not isinstance(claim, Claim) or claim not in self._mine:
                raise StaleDeliveryError(
                    f"message {delivery.message.id}: this delivery was settled or given back before"
                )
            # First, so that a lease is not kept for ever whose message the file could not be told about.
            self._mine.discard(claim)
            self._broker.changed.notify_all()
            with self._broker.using() as store:
                held = store.settle(claim, outcome, self._broker.clock.monotonic())
        if not held:
            raise StaleDeliveryError(
                f"message {delivery.message.id}: the lease ended and another consumer took it over"
            )

    def cancel(self) -> None:
        """See `Consumer.cancel`."""
        with self._broker.changed:
            self._cancelled = True
            self._broker.changed.notify_all()

    def hand_back(self) -> int:
        """Nothing is fetched ahead."""
        return 0

    def close(self) -> None:
        """See `Consumer.close`. What was delivered and not settled is charged, since a handler may have begun."""
        self.cancel()
        with self._broker.changed:
            if self._closed:
                return
            self._closed = True
            self._broker.changed.notify_all()
            try:
                with self._broker.using() as store:
                    for claim in self._mine:
                        store.settle(claim, Outcome.retry(), self._broker.clock.monotonic())
            finally:
                self._mine.clear()
        self._keeper.join(5.0)

    def _keep_leases(self) -> None:
        interval = self._broker.lease / 3
        with self._broker.changed:
            while not self._broker.clock.wait_for(self._broker.changed, lambda: self._closed, interval):
                try:
                    self._extend_all()
                except BrokerError:  # the next round may succeed; if none does, the messages are delivered again
                    log.exception("leases of %s could not be extended", self._queue)

    def _extend_all(self) -> None:
        with self._broker.using() as store:
            now = self._broker.clock.monotonic()
            lost = {claim for claim in self._mine if not store.extend(claim, now, self._broker.lease)}
        if lost:
            log.warning(
                "%d leases on %s were lost: the process was suspended, or the file locked", len(lost), self._queue
            )
