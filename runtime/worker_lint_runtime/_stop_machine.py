"""The stop machine's decisions: phases, their order, their shares of one deadline. It does nothing by itself."""

from dataclasses import dataclass, field
from enum import IntEnum


class Phase(IntEnum):
    """
    The steps of a safe stop, in their order.

    The drain between handing back and closing is what saves finished work from being done again: without it, the
    acknowledgements of running handlers meet a closed channel.
    """

    QUIET = 1
    """No handler starts any more; the broker is told to send nothing."""
    HAND_BACK = 2
    """What was received and not started goes back to the queue, uncharged."""
    DRAIN = 3
    """Running handlers end and their acknowledgements reach the broker; heartbeats go on."""
    CANCEL = 4
    """Handlers that did not end are asked to; what they hold goes back, uncharged."""
    CLOSE_CHANNEL = 5
    CLOSE_CONNECTION = 6
    CLEAN_UP = 7
    """The worker's own `cleanup`."""


class Urgency(IntEnum):
    """How a stop is asked for; a later request may only raise it."""

    DRAIN = 1
    CANCEL = 2
    CLOSE = 3


PHASE_ENDS = {
    Phase.QUIET: 0.02,
    Phase.HAND_BACK: 0.06,
    Phase.DRAIN: 0.64,
    Phase.CANCEL: 0.84,
    Phase.CLOSE_CHANNEL: 0.90,
    Phase.CLOSE_CONNECTION: 0.96,
    Phase.CLEAN_UP: 1.00,
}
"""Where each phase ends at the latest, as a share of the whole time; what one leaves over, the next may use."""

_LAST_FREE = {Urgency.DRAIN: 0.0, Urgency.CANCEL: PHASE_ENDS[Phase.DRAIN], Urgency.CLOSE: PHASE_ENDS[Phase.CANCEL]}


class PhaseTimeoutError(TimeoutError):
    """A phase of a stop used up its share of the deadline; the following phases ran all the same."""


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """What became of one phase: its duration in seconds, and what it raised."""

    phase: Phase
    seconds: float
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class StopReport:
    """
    The one result that all callers of a stop share.

    `complete` is False only in a report that was taken before the stop had ended: by a handler of the worker itself,
    or by a caller whose wait outlived the deadline.
    """

    reason: str
    urgency: Urgency
    seconds: float
    late: bool
    complete: bool
    phases: tuple[PhaseResult, ...] = ()
    interrupted: tuple[str, ...] = field(default=())
    """Ids of the messages whose handlers were interrupted; they were given back to the queue."""

    @property
    def errors(self) -> tuple[BaseException, ...]:
        """What the phases raised, in their order."""
        return tuple(result.error for result in self.phases if result.error is not None)

    @property
    def clean(self) -> bool:
        """Whether everything ended in time, without an error and without interrupting a handler."""
        return self.complete and not self.late and not self.errors and not self.interrupted

    def raise_errors(self) -> None:
        """Raise what the phases raised, as one ExceptionGroup; do nothing if there was nothing."""
        if self.errors:
            raise BaseExceptionGroup(f"errors while the worker stopped ({self.reason})", list(self.errors))


class StopMachine:
    """
    One stop: when each phase must end, and what is reported.

    The first request fixes the reason. Later ones may shorten the deadline or raise the urgency, never the reverse.
    Phases end relative to the deadline, so a shortened deadline cuts the phase that runs and keeps the shares of those
    that still have to release something.
    """

    def __init__(self) -> None:
        self._requested_at: float | None = None
        self._reason = ""
        self._urgency = Urgency.DRAIN
        self._total = 0.0
        self._deadline = 0.0
        self._begun: tuple[Phase, float] | None = None
        self._results: list[PhaseResult] = []

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for."""
        return self._requested_at is not None

    @property
    def urgency(self) -> Urgency:
        """The highest urgency asked for so far."""
        return self._urgency

    @property
    def deadline(self) -> float:
        """When the whole stop must have ended, in seconds of the clock."""
        return self._deadline

    def request(self, now: float, *, timeout: float, reason: str, urgency: Urgency = Urgency.DRAIN) -> bool:
        """Ask for a stop; whether this was the first request."""
        first = self._requested_at is None
        if first:
            self._requested_at, self._reason = now, reason
            self._total, self._deadline = timeout, now + timeout
        else:
            self._total = min(self._total, timeout)
            self._deadline = min(self._deadline, now + timeout)
        if urgency > self._urgency or first:
            self._urgency = max(self._urgency, urgency)
            self._deadline = min(self._deadline, now + self._total * (1 - _LAST_FREE[self._urgency]))
        return first

    def allowance(self, phase: Phase, now: float) -> float:
        """Seconds that the phase may still take; zero when its time is over."""
        return max(0.0, self._deadline - self._total * (1 - PHASE_ENDS[phase]) - now)

    def begin(self, phase: Phase, now: float) -> None:
        """Record the start of a phase. Raises ValueError when it is not the next one."""
        if self._begun is not None or not self.requested or phase != len(self._results) + 1:
            raise ValueError(f"phase {phase.name} is not the next one")
        self._begun = (phase, now)

    def end(self, now: float, error: BaseException | None = None) -> None:
        """Record the end of the phase that began, and what it raised."""
        if self._begun is None:
            raise ValueError("no phase has begun")
        phase, began = self._begun
        self._begun = None
        self._results.append(PhaseResult(phase, now - began, error))

    def report(self, now: float, *, interrupted: tuple[str, ...] = ()) -> StopReport:
        """The report as of now; complete once all phases have ended."""
        began = now if self._requested_at is None else self._requested_at
        return StopReport(
            reason=self._reason,
            urgency=self._urgency,
            seconds=now - began,
            late=self.requested and now > self._deadline,
            complete=len(self._results) == len(Phase),
            phases=tuple(self._results),
            interrupted=interrupted,
        )
