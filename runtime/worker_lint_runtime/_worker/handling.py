"""One delivery, from its arrival to its settlement."""

import inspect
import logging
from collections.abc import Callable

from worker_lint_runtime._broker import Consumer
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._decision import Decision, decide, refuse_on_arrival
from worker_lint_runtime._ledger import DeliveryLedger
from worker_lint_runtime._message import Answer, Delivery, Message, Outcome
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._tiers import FatalError, Tier, TierTable

log = logging.getLogger("worker_lint_runtime.worker")

Classify = Callable[[BaseException, Message], Tier | None]
Alert = Callable[[BaseException], None]
_DONE = Decision(Outcome.ack())


class Judge:
    """Turns what a handler returned or raised into a decision."""

    def __init__(self, settings: WorkerSettings, clock: Clock, classify: Classify) -> None:
        self._policy, self._clock, self._classify = settings.retry, clock, classify
        self._table = TierTable(settings.tiers)

    def refuse(self, message: Message) -> Decision | None:
        """The rejection of a message that used up its attempts without an answer."""
        outcome = refuse_on_arrival(message, self._policy)
        return None if outcome is None else Decision(outcome)

    def judge_result(self, result: object) -> Decision:
        """The decision after a handler returned. Raises FatalError for a coroutine that nobody awaited."""
        if result is None:
            return _DONE
        if isinstance(result, Outcome):
            return Decision(result)
        if inspect.iscoroutine(result):
            result.close()
            raise FatalError("process_message returned a coroutine: derive from AsyncBaseWorker")
        log.warning("process_message returned %s instead of None or an Outcome: acknowledged", type(result).__name__)
        return _DONE

    def judge_error(self, error: BaseException, message: Message) -> Decision:
        """The decision after a handler raised."""
        tier = self._find_tier(error, message)
        decision = decide(error, tier, message, self._policy, self._clock.random())
        log.log(
            logging.INFO if tier is Tier.EXPECTED or decision.outcome.answer is Answer.RELEASE else logging.ERROR,
            "message %s, attempt %d: %s error, %s",
            message.id,
            message.attempt,
            tier,
            decision.outcome.answer,
            exc_info=error,
        )
        return decision

    def _find_tier(self, error: BaseException, message: Message) -> Tier:
        try:
            return self._classify(error, message) or self._table.classify(error)
        except Exception:  # the original error must still be dealt with
            log.exception("classify failed; the table decides")
            return self._table.classify(error)


def settle_once(ledger: DeliveryLedger, consumer: Consumer, delivery: Delivery, outcome: Outcome) -> bool:
    """Settle a delivery unless a stop has taken it away; whether the broker was told."""
    if not ledger.claim(delivery):
        log.warning("message %s was given back by the stop; its result is not acknowledged", delivery.message.id)
        return False
    try:
        consumer.settle(delivery, outcome)
    except Exception:  # the broker delivers it again; the worker goes on
        log.exception("message %s: the broker could not be told %s", delivery.message.id, outcome.answer)
        return False
    finally:
        ledger.finish(delivery)
    return True


def release(consumer: Consumer, delivery: Delivery) -> None:
    """Give back a delivery whose handler did not start."""
    try:
        consumer.settle(delivery, Outcome.release())
    except Exception:  # closing the consumer gives it back too
        log.exception("message %s could not be given back", delivery.message.id)


def send_alert(alert: Alert, error: BaseException) -> None:
    """Call the user's alert; what it raises is logged, since the stop must follow."""
    try:
        alert(error)
    except Exception:  # see above
        log.exception("alert failed")
