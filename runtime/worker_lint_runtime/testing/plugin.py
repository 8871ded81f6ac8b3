"""
The plugin for pytest: fixtures for tests of workers. Installed with the runtime, it loads by itself.

It imports the runtime only in tests that ask for a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint_runtime.testing import FakeClock, FaultyBroker


@pytest.fixture
def worker_clock() -> FakeClock:
    """A clock that the test moves."""
    from worker_lint_runtime.testing import FakeClock

    return FakeClock()


@pytest.fixture
def worker_broker() -> Iterator[FaultyBroker]:
    """A broker in memory that fails where the test wants it; closed after the test."""
    from worker_lint_runtime.testing import FaultyBroker

    broker = FaultyBroker()
    yield broker
    broker.close()


@pytest.fixture
def no_leftovers() -> Iterator[None]:
    """Fails the test if threads, descriptors or child processes are left after it."""
    from worker_lint_runtime.testing import Leftovers

    before = Leftovers()
    yield
    if problems := before.describe():
        pytest.fail("; ".join(problems), pytrace=False)
