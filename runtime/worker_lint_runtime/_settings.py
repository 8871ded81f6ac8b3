"""Settings of a worker, checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker_lint_runtime._retry import Backoff, RetryPolicy
from worker_lint_runtime._tiers import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """
    How a worker works and stops. Durations are seconds.

    `stop_timeout` must stay below what the platform grants before it kills: Kubernetes gives 30 s by default, so the
    default is 25. `retry` decides about messages: its attempts are deliveries, its delays are waited in the queue.
    """

    concurrency: int = 1
    prefetch: int = 0
    """How many deliveries may be unsettled; 0 means as many as run at once, so that none waits in a busy worker."""
    stop_timeout: float = 25.0
    handler_timeout: float = 300.0
    """A handler that runs longer makes the worker not live; see HealthMonitor."""
    start_timeout: float = 60.0
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(backoff=Backoff(1.0, 300.0), max_wait=float("inf")))
    reconnect: Backoff = field(default_factory=lambda: Backoff(0.1, 30.0))
    tiers: Mapping[type[BaseException], Tier] = field(default_factory=dict[type[BaseException], Tier])

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise ValueError(f"concurrency is at least 1: {self.concurrency}")
        if self.prefetch and self.prefetch < self.concurrency:
            raise ValueError(f"prefetch {self.prefetch} would leave some of {self.concurrency} handlers idle")
        if min(self.stop_timeout, self.handler_timeout, self.start_timeout) <= 0:
            raise ValueError("stop_timeout, handler_timeout and start_timeout are positive")

    @property
    def window(self) -> int:
        """The number of unsettled deliveries to ask the broker for."""
        return self.prefetch or self.concurrency
