"""Errors find their tier by the nearest class, by errno, and in groups by the gravest."""

import errno

import pytest

from worker_lint_runtime import ExpectedError, FatalError, RecoverableError, SystemLevelError, Tier
from worker_lint_runtime._tiers import SYSTEM_ERRNOS, TierTable


class OrderCancelledError(ExpectedError):
    pass


class BrokenPipeOfOursError(BrokenPipeError):
    pass


@pytest.mark.parametrize(
    ("error", "tier"),
    [
        (ExpectedError(), Tier.EXPECTED),
        (OrderCancelledError(), Tier.EXPECTED),
        (RecoverableError(), Tier.RECOVERABLE),
        (FatalError(), Tier.FATAL),
        (SystemLevelError(), Tier.SYSTEM),
        (TimeoutError(), Tier.RECOVERABLE),
        (MemoryError(), Tier.SYSTEM),
        (NotImplementedError(), Tier.FATAL),
        (SystemExit(1), Tier.FATAL),
        (FileNotFoundError(errno.ENOENT, "gone"), Tier.RECOVERABLE),
        (ValueError("unknown"), Tier.RECOVERABLE),
    ],
)
def test_default_tiers(error: BaseException, tier: Tier) -> None:
    assert TierTable().classify(error) is tier


@pytest.mark.parametrize("number", sorted(SYSTEM_ERRNOS))
def test_an_exhausted_machine_is_a_system_error(number: int) -> None:
    assert TierTable().classify(OSError(number, "at the end")) is Tier.SYSTEM


def test_the_nearest_class_decides() -> None:
    table = TierTable({OSError: Tier.FATAL, BrokenPipeOfOursError: Tier.EXPECTED})
    assert table.classify(BrokenPipeOfOursError()) is Tier.EXPECTED
    assert table.classify(BrokenPipeError()) is Tier.RECOVERABLE  # ConnectionError is nearer than OSError
    assert table.classify(PermissionError()) is Tier.FATAL


def test_an_own_entry_overrides_the_errno_and_the_class_attribute() -> None:
    table = TierTable({OSError: Tier.EXPECTED, OrderCancelledError: Tier.FATAL})
    assert table.classify(OSError(errno.ENOSPC, "full")) is Tier.EXPECTED
    assert table.classify(OrderCancelledError()) is Tier.FATAL


def test_the_gravest_of_a_group_decides() -> None:
    group = ExceptionGroup("all", [ExpectedError(), ExceptionGroup("inner", [TimeoutError(), FatalError()])])
    assert TierTable().classify(group) is Tier.FATAL
