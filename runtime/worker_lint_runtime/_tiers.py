"""Error tiers: what becomes of a message and of the worker after an error."""

import errno
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeGuard


class Tier(StrEnum):
    """The four answers to an error, from harmless to grave."""

    EXPECTED = "expected"
    """Part of the business: log, acknowledge, go on."""
    RECOVERABLE = "recoverable"
    """May pass: retry by policy, then dead letter."""
    FATAL = "fatal"
    """The worker cannot go on: safe stop, non-zero exit."""
    SYSTEM = "system"
    """The machine cannot go on (memory, disk, descriptors): alert first, then safe stop."""

    @property
    def gravity(self) -> int:
        """Position in the order of definition; of several errors the gravest decides."""
        return list(Tier).index(self)


class WorkerError(Exception):
    """Base of the errors that name their tier themselves."""

    tier = Tier.RECOVERABLE


class ExpectedError(WorkerError):
    """Raise it for what may happen to a message in normal operation, such as an order that was cancelled."""

    tier = Tier.EXPECTED


class RecoverableError(WorkerError):
    """Raise it for what may work later, such as a service that does not answer."""

    tier = Tier.RECOVERABLE


class FatalError(WorkerError):
    """Raise it when no message can be processed any more, such as missing configuration."""

    tier = Tier.FATAL


class SystemLevelError(WorkerError):
    """Raise it when the machine is at its end and a person must know."""

    tier = Tier.SYSTEM


SYSTEM_ERRNOS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EIO}
)
"""Errors of the operating system that no retry mends and that each message will meet."""

DEFAULT_TIERS: Mapping[type[BaseException], Tier] = {
    ConnectionError: Tier.RECOVERABLE,
    TimeoutError: Tier.RECOVERABLE,
    ImportError: Tier.FATAL,
    NotImplementedError: Tier.FATAL,
    KeyboardInterrupt: Tier.FATAL,
    SystemExit: Tier.FATAL,
    MemoryError: Tier.SYSTEM,
}
"""Tiers of the standard library's exceptions; a worker adds its own with `WorkerSettings(tiers=...)`."""


class TierTable:
    """
    Finds the tier of an exception: the table's nearest class in the exception's own method resolution order.

    An exception that no entry covers is recoverable: it is retried a bounded number of times and then dead-lettered,
    so neither the message nor the worker is lost over a mistake in the table.
    """

    def __init__(self, own: Mapping[type[BaseException], Tier] | None = None) -> None:
        self._own = dict(own or {})
        self._tiers = {**DEFAULT_TIERS, **self._own}

    def classify(self, error: BaseException) -> Tier:
        """The tier of an error; of an exception group, the gravest of its leaves."""
        return max((self._classify_one(leaf) for leaf in _leaves(error)), key=lambda tier: tier.gravity)

    def _classify_one(self, error: BaseException) -> Tier:
        for known in type(error).__mro__:
            if known in self._own:
                return self._own[known]
            if known is OSError and isinstance(error, OSError) and error.errno in SYSTEM_ERRNOS:
                return Tier.SYSTEM
            if known in self._tiers:
                return self._tiers[known]
            if known is WorkerError and isinstance(error, WorkerError):
                return error.tier
        return Tier.RECOVERABLE


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if _is_group(error):
        for member in error.exceptions:
            yield from _leaves(member)
    else:
        yield error


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(error, BaseExceptionGroup)
