"""When to try again: backoff with full jitter, a limit of attempts, a budget. Decides only; it never sleeps."""

import threading
from dataclasses import dataclass, field


class NotRetriedError(Exception):
    """Base of the errors that no policy retries, because the answer is already known."""


class InterruptedByStopError(NotRetriedError):
    """A wait between two attempts ended because the worker stops; the worker releases the message, uncharged."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """
    Exponential delays with full jitter: uniform between zero and a ceiling that doubles up to a cap.

    Full jitter spreads the callers that failed together over the whole interval; see "Exponential Backoff And
    Jitter", Marc Brooker, AWS Architecture Blog, 2015.
    """

    initial: float = 0.1
    cap: float = 30.0
    factor: float = 2.0
    jitter: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.initial <= self.cap or self.factor < 1:
            raise ValueError(f"backoff needs 0 <= initial <= cap and factor >= 1: {self}")

    def ceiling(self, attempt: int) -> float:
        """The longest delay, in seconds, after the attempt of this number (from 1)."""
        try:
            return min(self.cap, self.initial * self.factor ** (attempt - 1))
        except OverflowError:  # far above any cap
            return self.cap

    def delay(self, attempt: int, random: float) -> float:
        """The delay for one draw in [0, 1)."""
        return self.ceiling(attempt) * random if self.jitter else self.ceiling(attempt)


class RetryBudget:
    """
    Keeps retries a small share of calls, so that an outage is not multiplied by everyone's retries.

    Each call earns `ratio` of a retry, up to `reserve`; each retry spends one. Safe for threads.
    """

    def __init__(self, ratio: float = 0.2, reserve: float = 10.0) -> None:
        if not 0 <= ratio <= 1 or reserve < 0:
            raise ValueError(f"a retry budget needs a ratio in [0, 1] and a reserve >= 0: {ratio}, {reserve}")
        self._ratio, self._reserve, self._balance = ratio, reserve, reserve
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Record a first attempt."""
        with self._lock:
            self._balance = min(self._reserve, self._balance + self._ratio)

    def spend(self) -> bool:
        """Whether a retry may be made now; it is then paid for."""
        with self._lock:
            if self._balance < 1:
                return False
            self._balance -= 1
            return True


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Whether an operation that failed is tried again, and after how long.

    `max_attempts` counts the first one. `max_wait` bounds the sum of the delays, in seconds.
    """

    max_attempts: int = 5
    backoff: Backoff = field(default_factory=Backoff)
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    max_wait: float = 300.0
    budget: RetryBudget | None = None

    def __post_init__(self) -> None:
        if self.max_attempts < 1 or self.max_wait < 0:
            raise ValueError(f"a retry policy needs max_attempts >= 1 and max_wait >= 0: {self}")

    def next_delay(self, error: BaseException, *, attempt: int, waited: float, random: float) -> float | None:
        """
        Seconds until the next attempt, or None when there is none.

        Args:
            error: what the attempt raised.
            attempt: its number, from 1.
            waited: the sum of the delays so far.
            random: one draw in [0, 1).

        """
        if attempt >= self.max_attempts or isinstance(error, NotRetriedError) or not isinstance(error, self.retry_on):
            return None
        delay = self.backoff.delay(attempt, random)
        if waited + delay > self.max_wait or (self.budget is not None and not self.budget.spend()):
            return None
        return delay
