"""The breaker around real calls."""

import threading
from collections.abc import Callable

import pytest

from worker_lint_runtime import BreakerSettings, BreakerState, CircuitBreaker, CircuitOpenError
from worker_lint_runtime.testing import FakeClock

QUICK = BreakerSettings(window=2, min_calls=2, permits=1, open_for=30)


def raiser(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.fixture
def breaker(clock: FakeClock) -> CircuitBreaker:
    return CircuitBreaker("db", QUICK, failures=(OSError,), clock=clock)


def state_of(breaker: CircuitBreaker) -> BreakerState:
    return breaker.state


def trip(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        with pytest.raises(OSError, match="down"):
            breaker.call(raiser(OSError("down")))


def test_an_open_breaker_makes_no_call(breaker: CircuitBreaker, clock: FakeClock) -> None:
    trip(breaker)
    clock.advance(10)
    with pytest.raises(CircuitOpenError, match="'db' is open for another 20") as raised:
        breaker.call(raiser(AssertionError("called")))
    assert raised.value.retry_after == 20


def test_a_probe_closes_it(breaker: CircuitBreaker, clock: FakeClock) -> None:
    trip(breaker)
    clock.advance(30)
    assert state_of(breaker) is BreakerState.HALF_OPEN
    assert breaker.call(lambda: "answer") == "answer"
    assert state_of(breaker) is BreakerState.CLOSED


def test_other_exceptions_are_the_dependency_answering(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        with pytest.raises(LookupError):
            breaker.call(raiser(LookupError()))
    assert state_of(breaker) is BreakerState.CLOSED


def test_cancellation_gives_the_probe_back(breaker: CircuitBreaker, clock: FakeClock) -> None:
    trip(breaker)
    clock.advance(30)
    with pytest.raises(KeyboardInterrupt):
        breaker.call(raiser(KeyboardInterrupt()))
    assert breaker.call(lambda: 1) == 1


def test_no_lock_is_held_while_the_guarded_code_runs(breaker: CircuitBreaker) -> None:
    together = threading.Barrier(8)
    threads = [threading.Thread(target=breaker.call, args=(together.wait,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not together.broken
    assert not any(thread.is_alive() for thread in threads)


def test_a_listener_may_use_the_breaker_and_may_fail(breaker: CircuitBreaker) -> None:
    seen: list[BreakerState] = []

    def listen(source: CircuitBreaker, state: BreakerState) -> None:
        seen.append(state)
        assert source.state is state
        raise RuntimeError("a listener's own trouble")

    breaker.on_change(listen)
    trip(breaker)
    assert seen == [BreakerState.OPEN]
