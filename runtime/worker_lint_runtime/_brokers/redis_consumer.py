"""A subscription to a queue in Redis."""

import logging
import threading
from collections import deque
from dataclasses import dataclass

from worker_lint_runtime._broker import BrokerError, StaleDeliveryError
from worker_lint_runtime._brokers.redis_errors import UnreachableError, translating
from worker_lint_runtime._brokers.redis_store import Claim, RedisStore
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Answer, Delivery, Message, Outcome
from worker_lint_runtime._retry import Backoff

log = logging.getLogger("worker_lint_runtime.redis")

SLICE = 0.25
"""Seconds that one read may wait in the server: a cancelled consumer waits no longer."""
BACKOFF = Backoff(0.1, 2.0)
"""Between two tries of a server that does not answer."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a consumer is given messages; durations are seconds."""

    place: str
    lease: float
    delivery_limit: int
    prefetch: int
    clock: Clock


class RedisConsumer:
    """A subscription to one queue of a RedisBroker; see `Consumer`. Its own thread extends the leases."""

    def __init__(self, store: RedisStore, name: str, terms: Terms) -> None:
        self._store, self._name, self._terms = store, name, terms
        self._clock = terms.clock
        self._changed = threading.Condition()
        self._mine: set[Claim] = set()
        self._waiting: deque[Delivery] = deque()
        """What came with the answer to an acknowledgement, for who receives next."""
        self._reading = self._failures = 0
        self._next_scan = 0.0
        self._lost_at: float | None = None
        self._reason = ""
        self._cancelled = self._closed = False
        # A daemon, so that a worker nobody stopped does not hang its process; `close` joins it.
        self._keeper = threading.Thread(target=self._keep_leases, name="redis-leases", daemon=True)
        self._keeper.start()

    @property
    def obstacle(self) -> str | None:
        """See `Reconnecting.obstacle`."""
        return self._reason or None

    def receive(self, timeout: float) -> Delivery | None:
        """See `Consumer.receive`. While the server does not answer nothing comes."""
        deadline = self._clock.monotonic() + timeout
        place = self._reserve(timeout)
        if not isinstance(place, bool):
            return self._check(place)
        if not place:
            return None
        try:
            while not self._cancelled:
                found = self._look(max(0.0, deadline - self._clock.monotonic()))
                if found is not None:
                    return self._accept(*found)
                if self._clock.monotonic() >= deadline:
                    break
            return None
        finally:
            with self._changed:
                self._reading -= 1
                self._changed.notify_all()

    def _reserve(self, timeout: float) -> bool | Delivery:
        """Take what waits already, or one of the places for unsettled deliveries; whether one became free in time."""

        def is_free() -> bool:
            return self._cancelled or bool(self._waiting) or len(self._mine) + self._reading < self._terms.prefetch

        with self._changed:
            free = self._clock.wait_for(self._changed, is_free, timeout) and not self._cancelled
            if free and self._waiting:
                return self._waiting.popleft()
            self._reading += free
            return free

    def _look(self, seconds: float) -> tuple[Message, Claim] | None:
        """One try, which may wait so many seconds in the server, or longer for a server that does not answer."""
        now = self._clock.monotonic()
        scan = now >= self._next_scan
        try:
            with translating(self._terms.place):
                found = self._store.claim(self._name, self._terms.lease, scan=scan)
                if not isinstance(found, tuple):
                    self._note_scan(now, scan=scan)
                    wait = min(SLICE, seconds, *([] if found is None else [found]))
                    found = self._store.wait(self._name, wait) if wait > 0 else None
        except UnreachableError as error:
            self._wait_out(error, seconds)
            return None
        self._note_answer()
        return found

    def _note_scan(self, now: float, *, scan: bool) -> None:
        if scan:  # nothing was abandoned: no need to look at each read
            self._next_scan = now + min(1.0, self._terms.lease / 3)

    def _accept(self, message: Message, claim: Claim) -> Delivery | None:
        delivery = Delivery(message, claim)
        with self._changed:
            self._mine.add(claim)
            cancelled = self._cancelled
        if cancelled:  # it came while the consumer was being cancelled
            self.settle(delivery, Outcome.release())
            return None
        return self._check(delivery)

    def _check(self, delivery: Delivery) -> Delivery | None:
        attempt = delivery.message.attempt
        if attempt <= self._terms.delivery_limit:
            return delivery
        self.settle(delivery, Outcome.reject(f"delivered {attempt - 1} times without an answer"))
        return None

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Consumer.settle`. Tries until the lease is over while the server does not answer."""
        claim = delivery.token
        with self._changed:
            if not isinstance(claim, Claim) or claim not in self._mine:
                raise StaleDeliveryError(
                    f"message {delivery.message.id}: this delivery was settled or given back before"
                )
            self._mine.discard(claim)
            self._reading += 1  # its place is kept for what comes in exchange
        try:
            held, found = self._settle_in_time(claim, outcome)
        except BaseException:
            self._free_place(None)
            raise
        self._free_place(found)
        if not held:
            raise StaleDeliveryError(
                f"message {delivery.message.id}: the lease ended and another consumer took it over"
            )

    def _free_place(self, found: tuple[Message, Claim] | None) -> None:
        """The place of what was settled is free, or for what came in exchange."""
        delivery = None if found is None else Delivery(*found)
        with self._changed:
            self._reading -= 1
            if found is not None and delivery is not None:
                self._mine.add(found[1])
                if not self._cancelled:
                    self._waiting.append(delivery)
                    delivery = None
            self._changed.notify_all()
        if delivery is not None:  # it came while the consumer was being cancelled
            self.settle(delivery, Outcome.release())

    def _settle_in_time(self, claim: Claim, outcome: Outcome) -> tuple[bool, tuple[Message, Claim] | None]:
        deadline = self._clock.monotonic() + self._terms.lease
        while True:
            try:
                with translating(self._terms.place):
                    if outcome.answer is Answer.ACK and not self._cancelled:
                        return self._exchange(claim)
                    return self._store.settle(claim, self._name, outcome), None
            except UnreachableError as error:
                left = deadline - self._clock.monotonic()
                if left <= 0 or self._closed:
                    raise
                self._wait_out(error, left)

    def _exchange(self, claim: Claim) -> tuple[bool, tuple[Message, Claim] | None]:
        """Acknowledge and see what is next, in one turn; whether the claim still held, and the next one."""
        now = self._clock.monotonic()
        scan = now >= self._next_scan
        held, found = self._store.exchange(claim, self._name, self._terms.lease, scan=scan)
        self._note_answer()
        if isinstance(found, tuple):
            return held, found
        self._note_scan(now, scan=scan and held)
        return held, None

    def _wait_out(self, error: BrokerError, seconds: float) -> None:
        """Wait a little for a server that does not answer, and tell of it once."""
        with self._changed:
            self._failures += 1
            if self._lost_at is None:
                self._lost_at = self._clock.monotonic()
                log.warning("%s", error)
            self._reason = str(error)
            delay = min(seconds, BACKOFF.delay(self._failures, self._clock.random()))
            self._clock.wait_for(self._changed, lambda: self._closed, delay)
        if "NOGROUP" in self._reason:  # the server was emptied
            self._restore()

    def _restore(self) -> None:
        try:
            with translating(self._terms.place):
                self._store.create()
        except BrokerError as error:
            log.warning("%s", error)

    def _note_answer(self) -> None:
        with self._changed:
            if self._lost_at is not None:
                log.warning(
                    "%s: consuming again after %.1f s", self._terms.place, self._clock.monotonic() - self._lost_at
                )
            self._lost_at, self._failures, self._reason = None, 0, ""

    def cancel(self) -> None:
        """See `Consumer.cancel`."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def hand_back(self) -> int:
        """See `Consumer.hand_back`. What the server cannot be told comes back when its lease ends, charged."""
        with self._changed:
            waiting = list(self._waiting)
            self._waiting.clear()
        return sum(self._give_back(delivery) for delivery in waiting)

    def _give_back(self, delivery: Delivery) -> bool:
        claim = delivery.token
        with self._changed:
            if not isinstance(claim, Claim) or claim not in self._mine:
                return False
            self._mine.discard(claim)
            self._changed.notify_all()
        try:
            with translating(self._terms.place):
                return self._store.settle(claim, self._name, Outcome.release())
        except BrokerError as error:
            log.warning("message %s is given back when its lease ends: %s", delivery.message.id, error)
            return False

    def close(self) -> None:
        """See `Consumer.close`. What was delivered and not settled is charged, since a handler may have begun."""
        self.cancel()
        with self._changed:
            if self._closed:
                return
            # A read that is under way may still be given a message, and would have nobody to give it to.
            self._clock.wait_for(self._changed, lambda: not self._reading, 10 * SLICE)
            self._closed = True
            self._changed.notify_all()
        self.hand_back()
        with self._changed:
            mine, self._mine = set(self._mine), set()
        try:
            with translating(self._terms.place):
                for claim in mine:
                    self._store.settle(claim, self._name, Outcome.retry())
                self._store.forget(self._name)
        except BrokerError as error:  # the leases end by themselves
            log.warning("%d messages are given back when their leases end: %s", len(mine), error)
        self._keeper.join(5.0)

    def _keep_leases(self) -> None:
        interval = self._terms.lease / 3
        while True:
            with self._changed:
                if self._clock.wait_for(self._changed, lambda: self._closed, interval):
                    return
                claims = list(self._mine)
            try:
                self._extend(claims)
            except BrokerError as error:  # the next round may succeed; if none does, they are delivered again
                log.warning("leases could not be extended: %s", error)

    def _extend(self, claims: list[Claim]) -> None:
        with translating(self._terms.place):
            lost = [claim for claim in claims if not self._store.extend(claim, self._name) and claim in self._mine]
        if lost:
            log.warning("%d leases were lost: the process was suspended, or the server did not answer", len(lost))
