"""
The reference worker that the linter leads to: a base class that cannot be stopped wrongly, and what it stands on.

The package needs the standard library alone, the brokers on RabbitMQ and Redis aside, and never imports the linter. Its
public surface is what this module lists, and `worker_lint_runtime.testing`; modules with an underscore may change with
any version.
"""

from typing import TYPE_CHECKING

from worker_lint_runtime._breaker import CircuitBreaker, CircuitOpenError
from worker_lint_runtime._breaker_core import BreakerSettings, BreakerState
from worker_lint_runtime._broker import (
    Broker,
    BrokerError,
    Consumer,
    DeadLetter,
    Inspectable,
    QueueDepth,
    Reconnecting,
    StaleDeliveryError,
    StoreFullError,
)
from worker_lint_runtime._call_health import CallFigures, CallMonitor
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._contract import ContractError, ContractProblem
from worker_lint_runtime._decorators import (
    call_monitor,
    circuit_breaker,
    with_auto_retry,
    with_circuit_breaker,
    with_health_monitoring,
)
from worker_lint_runtime._health import HealthMonitor, HealthReport
from worker_lint_runtime._message import Answer, Delivery, Message, Outcome
from worker_lint_runtime._pause import pause, pause_async
from worker_lint_runtime._retry import Backoff, InterruptedByStopError, NotRetriedError, RetryBudget, RetryPolicy
from worker_lint_runtime._settings import WorkerSettings
from worker_lint_runtime._stop_machine import Phase, PhaseResult, PhaseTimeoutError, StopReport, Urgency
from worker_lint_runtime._tiers import (
    ExpectedError,
    FatalError,
    RecoverableError,
    SystemLevelError,
    Tier,
    WorkerError,
)
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime._worker.threads import BaseWorker

if TYPE_CHECKING:
    from worker_lint_runtime._brokers.amqp import RabbitBroker as RabbitBroker  # not in __all__: it needs an extra
    from worker_lint_runtime._brokers.memory import MemoryBroker
    from worker_lint_runtime._brokers.redis_streams import RedisBroker as RedisBroker  # as RabbitBroker
    from worker_lint_runtime._brokers.sqlite import SqliteBroker
    from worker_lint_runtime._worker.tasks import AsyncBaseWorker

__version__ = "0.1.0"

_LAZY = {
    "AsyncBaseWorker": "worker_lint_runtime._worker.tasks",
    "MemoryBroker": "worker_lint_runtime._brokers.memory",
    "RabbitBroker": "worker_lint_runtime._brokers.amqp",
    "RedisBroker": "worker_lint_runtime._brokers.redis_streams",
    "SqliteBroker": "worker_lint_runtime._brokers.sqlite",
}
"""Names whose modules are loaded when they are first used: a worker of threads never needs asyncio or SQLite."""

_EXTRAS = {"pika": "rabbitmq", "redis": "redis"}
"""Packages that are not installed with the runtime, and the extras that bring them."""

__all__ = [
    "Answer",
    "AsyncBaseWorker",
    "Backoff",
    "BaseWorker",
    "BreakerSettings",
    "BreakerState",
    "Broker",
    "BrokerError",
    "CallFigures",
    "CallMonitor",
    "CircuitBreaker",
    "CircuitOpenError",
    "Clock",
    "Consumer",
    "ContractError",
    "ContractProblem",
    "DeadLetter",
    "Delivery",
    "ExpectedError",
    "FatalError",
    "HealthMonitor",
    "HealthReport",
    "Inspectable",
    "InterruptedByStopError",
    "MemoryBroker",
    "Message",
    "NotRetriedError",
    "Outcome",
    "Phase",
    "PhaseResult",
    "PhaseTimeoutError",
    "QueueDepth",
    "Reconnecting",
    "RecoverableError",
    "RetryBudget",
    "RetryPolicy",
    "SqliteBroker",
    "StaleDeliveryError",
    "StartError",
    "StopReport",
    "StoreFullError",
    "SystemLevelError",
    "Tier",
    "Urgency",
    "WorkerError",
    "WorkerSettings",
    "__version__",
    "call_monitor",
    "circuit_breaker",
    "pause",
    "pause_async",
    "with_auto_retry",
    "with_circuit_breaker",
    "with_health_monitoring",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(_LAZY[name]), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        text = f"{name} needs the package {error.name}: pip install 'worker-lint-runtime[{_EXTRAS[error.name]}]'"
        raise ModuleNotFoundError(text, name=error.name) from error
