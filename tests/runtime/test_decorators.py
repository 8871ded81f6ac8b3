"""The decorators keep names, signatures and kinds, and do what the objects do."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from worker_lint_runtime import (
    Backoff,
    BreakerSettings,
    CallMonitor,
    CircuitBreaker,
    CircuitOpenError,
    InterruptedByStopError,
    RetryPolicy,
    call_monitor,
    circuit_breaker,
    with_auto_retry,
    with_circuit_breaker,
    with_health_monitoring,
)
from worker_lint_runtime._pause import stop_aware
from worker_lint_runtime.testing import FakeClock

POLICY = RetryPolicy(3, Backoff(10, 100))


class Failing:
    """Fails so many times, then answers with its arguments."""

    def __init__(self, times: int) -> None:
        self.left, self.calls = times, 0

    def act(self, *arguments: object) -> tuple[object, ...]:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise OSError(f"call {self.calls}")
        return arguments


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """The delays that were asked for; none is waited."""
    asked: list[float] = []

    def wait(seconds: float) -> bool:
        asked.append(seconds)
        return False

    async def wait_async(seconds: float) -> bool:
        return wait(seconds)

    with stop_aware(wait, wait_async):
        yield asked


def as_sync(act: Callable[..., Any], decorate: Callable[[Any], Any]) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        return act(*arguments)

    decorated: Callable[..., Any] = decorate(call)
    return decorated


def as_async(act: Callable[..., Any], decorate: Callable[[Any], Any]) -> Callable[..., Any]:
    async def call(*arguments: object) -> Any:
        return act(*arguments)

    decorated = decorate(call)
    return lambda *arguments: asyncio.run(decorated(*arguments))


@pytest.fixture(params=[as_sync, as_async], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_retry_until_it_works(kind: Any, waits: list[float]) -> None:
    failing = Failing(2)
    retried = kind(failing.act, with_auto_retry(policy=POLICY, clock=FakeClock(randoms=[0.5, 0.25])))
    assert retried(1, "two") == (1, "two")
    assert waits == [5.0, 5.0]


def test_retry_gives_the_last_error(kind: Any, waits: list[float]) -> None:
    failing = Failing(9)
    with pytest.raises(OSError, match="call 3"):
        kind(failing.act, with_auto_retry(policy=POLICY, clock=FakeClock()))()
    assert len(waits) == 2


def test_a_stop_ends_the_retries(kind: Any) -> None:
    async def stop(_: float) -> bool:
        return True

    failing = Failing(9)
    with stop_aware(lambda _: True, stop), pytest.raises(InterruptedByStopError) as raised:
        kind(failing.act, with_auto_retry(policy=POLICY))()
    assert failing.calls == 1
    assert isinstance(raised.value.__cause__, OSError)


def test_a_breaker_opens(kind: Any, clock: FakeClock) -> None:
    breaker = CircuitBreaker("db", BreakerSettings(window=2, min_calls=2), clock=clock)
    failing = Failing(9)
    guarded = kind(failing.act, with_circuit_breaker(breaker=breaker))
    for _ in range(2):
        with pytest.raises(OSError, match="call"):
            guarded()
    with pytest.raises(CircuitOpenError):
        guarded()
    assert failing.calls == 2


@pytest.mark.usefixtures("waits")
def test_an_open_breaker_ends_the_retries(kind: Any, clock: FakeClock) -> None:
    breaker = CircuitBreaker("db", BreakerSettings(window=2, min_calls=2), clock=clock)
    failing = Failing(9)
    both = kind(
        failing.act,
        lambda function: with_auto_retry(policy=RetryPolicy(9))(with_circuit_breaker(breaker=breaker)(function)),
    )
    with pytest.raises(CircuitOpenError):
        both()
    assert failing.calls == 2


def test_calls_are_counted(kind: Any, clock: FakeClock) -> None:
    monitor = CallMonitor("upload", clock=clock)
    failing = Failing(1)

    def act() -> None:
        clock.advance(2)
        failing.act()

    watched = kind(act, with_health_monitoring(monitor=monitor))
    with pytest.raises(OSError, match="call 1"):
        watched()
    for _ in range(3):
        watched()
    figures = monitor.figures()
    assert (figures.calls, figures.failures, figures.running) == (4, 1, 0)
    assert (figures.failure_rate, figures.slowest_twentieth) == (0.25, 2)


def test_without_calls_there_are_no_figures() -> None:
    figures = CallMonitor("idle").figures()
    assert (figures.calls, figures.failure_rate, figures.slowest_twentieth) == (0, None, None)


@pytest.mark.parametrize("decorate", [with_auto_retry, with_circuit_breaker, with_health_monitoring])
def test_the_wrapped_function_keeps_its_face(decorate: Callable[[Any], Any]) -> None:
    class Client:
        @decorate
        def load(self, key: str, *, fresh: bool = False) -> bytes:
            """Load a key."""
            return f"{key}{fresh}".encode()

        @decorate
        async def fetch(self, key: str) -> str:
            return key

    assert Client().load("a", fresh=True) == b"aTrue"
    assert asyncio.run(Client().fetch("b")) == "b"
    assert inspect.iscoroutinefunction(Client.fetch)
    assert not inspect.iscoroutinefunction(Client.load)
    assert Client.load.__doc__ == "Load a key."
    assert list(inspect.signature(Client.load).parameters) == ["self", "key", "fresh"]


@pytest.mark.parametrize("decorate", [with_auto_retry, with_circuit_breaker, with_health_monitoring])
def test_a_generator_is_refused(decorate: Callable[[Any], Any]) -> None:
    def rows() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="rows is a generator"):
        decorate(rows)


def test_equal_names_share_one_object() -> None:
    assert circuit_breaker("test.shared") is circuit_breaker("test.shared")
    assert call_monitor("test.shared") is call_monitor("test.shared")
