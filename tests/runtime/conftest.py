"""Fixtures of the runtime's tests."""

import pytest

from worker_lint_runtime import MemoryBroker
from worker_lint_runtime.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def broker() -> MemoryBroker:
    """In real time: workers on it wait for messages, never for time."""
    return MemoryBroker()
