"""Which deliveries are in work, and who may settle them: each exactly once."""

import threading

from worker_lint_runtime._message import Delivery


class DeliveryLedger:
    """
    The deliveries whose handlers run. Safe for threads.

    Keeps two promises: after `quiet` no handler starts, and the right to settle a delivery is given out once, to its
    handler or to the stop that takes it away.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = True
        self._running: dict[int, Delivery] = {}
        self._claimed: set[int] = set()

    @property
    def in_flight(self) -> int:
        """How many deliveries are in work or being settled."""
        with self._lock:
            return len(self._running)

    @property
    def is_quiet(self) -> bool:
        """Whether no handler may start any more."""
        return not self._open  # without the lock: `begin` decides

    def begin(self, delivery: Delivery) -> bool:
        """Whether the handler may start; False after `quiet`, and the delivery must be released."""
        with self._lock:
            if self._open:
                self._running[id(delivery)] = delivery
            return self._open

    def claim(self, delivery: Delivery) -> bool:
        """Whether the caller may settle the delivery; True exactly once."""
        with self._lock:
            key = id(delivery)
            if key not in self._running or key in self._claimed:
                return False
            self._claimed.add(key)
            return True

    def finish(self, delivery: Delivery) -> None:
        """The delivery was settled, or settling failed; nothing more will happen to it here."""
        with self._lock:
            self._running.pop(id(delivery), None)
            self._claimed.discard(id(delivery))

    def quiet(self) -> None:
        """Let no handler start any more."""
        with self._lock:
            self._open = False

    def seize(self) -> list[Delivery]:
        """Take all deliveries that nobody has claimed; their handlers can no longer settle them."""
        with self._lock:
            seized = [delivery for key, delivery in self._running.items() if key not in self._claimed]
            for delivery in seized:
                del self._running[id(delivery)]
            return seized
