"""Retries are bounded in number, in delay and in share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint_runtime import Backoff, CircuitOpenError, InterruptedByStopError, RetryBudget, RetryPolicy

DRAWS = st.floats(0, 1, exclude_max=True)


@given(
    st.builds(lambda low, above, factor: (low, low + above, factor), *map(st.floats, (0, 0, 1), (10, 1000, 100))),
    st.integers(1, 5000),
    DRAWS,
)
def test_delays_stay_within_zero_and_the_cap(sizes: tuple[float, float, float], attempt: int, draw: float) -> None:
    for jitter in (True, False):
        backoff = Backoff(*sizes, jitter=jitter)
        assert 0 <= backoff.delay(attempt, draw) <= backoff.ceiling(attempt) <= sizes[1]
        assert backoff.ceiling(attempt) <= backoff.ceiling(attempt + 1)


@given(st.integers(1, 20), st.floats(0, 100), st.lists(DRAWS, min_size=30, max_size=30))
def test_attempts_and_the_sum_of_delays_are_bounded(most: int, max_wait: float, draws: list[float]) -> None:
    policy = RetryPolicy(most, Backoff(0.5, 20), max_wait=max_wait)
    waited, attempts = 0.0, 1
    while (delay := policy.next_delay(OSError(), attempt=attempts, waited=waited, random=draws[attempts])) is not None:
        waited += delay
        attempts += 1
    assert attempts <= most
    assert waited <= max_wait


@pytest.mark.parametrize("error", [CircuitOpenError("db", 3.0), InterruptedByStopError(), KeyboardInterrupt()])
def test_what_is_never_retried(error: BaseException) -> None:
    assert RetryPolicy().next_delay(error, attempt=1, waited=0, random=0.5) is None


def test_only_the_named_classes_are_retried() -> None:
    policy = RetryPolicy(retry_on=(TimeoutError,))
    assert policy.next_delay(ValueError(), attempt=1, waited=0, random=0.5) is None
    assert policy.next_delay(TimeoutError(), attempt=1, waited=0, random=0.5) == pytest.approx(0.05)


@given(st.lists(st.booleans(), max_size=200), st.floats(0, 1), st.integers(0, 5))
def test_a_budget_lets_through_its_share(calls: list[bool], ratio: float, reserve: int) -> None:
    budget = RetryBudget(ratio, reserve)
    first = retried = 0
    for is_retry in calls:
        if is_retry:
            retried += budget.spend()
        else:
            first += 1
            budget.earn()
    assert retried <= reserve + ratio * first + 1e-9


@pytest.mark.parametrize(
    "build",
    [
        lambda: Backoff(2, 1),
        lambda: Backoff(-1),
        lambda: Backoff(factor=0.5),
        lambda: RetryBudget(2),
        lambda: RetryPolicy(0),
    ],
)
def test_absurd_settings_are_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(ValueError, match="need"):
        build()
