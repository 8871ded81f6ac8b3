"""The shipped models, and the live objects that their names stand for."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: installs packages; runs only where WORKER_LINT_NETWORK_TESTS is set")


@functools.cache
def _live_object(dotted: str) -> object:
    parts = dotted.split(".")
    for split in range(len(parts) - 1, 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        try:
            return functools.reduce(getattr, parts[split:], module)
        except AttributeError:
            break
    return None


@pytest.fixture(scope="session")
def live_object() -> Callable[[str], object]:
    """What a dotted name means in the running interpreter; None when nothing."""
    return _live_object
