"""From an error to what is done about it: a pure function of error, tier, message and policy."""

from dataclasses import dataclass

from worker_lint_runtime._breaker import CircuitOpenError
from worker_lint_runtime._message import Message, Outcome
from worker_lint_runtime._retry import InterruptedByStopError, RetryPolicy
from worker_lint_runtime._tiers import Tier


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the delivery, and of the worker."""

    outcome: Outcome
    stop: bool = False
    alert: bool = False
    pause: float = 0.0
    """Seconds without new messages: an open breaker would only burn attempts."""


def decide(error: BaseException, tier: Tier, message: Message, policy: RetryPolicy, random: float) -> Decision:
    """What to do after a handler raised."""
    if isinstance(error, CircuitOpenError):
        return Decision(Outcome.release(), pause=error.retry_after)
    if isinstance(error, InterruptedByStopError):
        return Decision(Outcome.release())
    if tier is Tier.EXPECTED:
        return Decision(Outcome.ack())
    reason = f"{type(error).__name__}: {error}"
    if tier is Tier.RECOVERABLE:
        delay = policy.next_delay(error, attempt=message.attempt, waited=0.0, random=random)
        return Decision(Outcome.reject(reason) if delay is None else Outcome.retry(delay, reason=reason))
    # The worker stops. The attempt is charged: a message that brings down its worker again and again must end as a
    # dead letter, and nobody can tell at the first time whether the message or the worker is to blame.
    spent = message.attempt > 1 if tier is Tier.FATAL else message.attempt >= policy.max_attempts
    outcome = Outcome.reject(reason) if spent else Outcome.retry(reason=reason)
    return Decision(outcome, stop=True, alert=tier is Tier.SYSTEM)


def refuse_on_arrival(message: Message, policy: RetryPolicy) -> Outcome | None:
    """The rejection of a message that used up its attempts without an answer: it killed its workers."""
    if message.attempt <= policy.max_attempts:
        return None
    return Outcome.reject(f"delivered {message.attempt - 1} times without an answer")
