"""
What tests of workers need: a clock to move, brokers to fill, a proof that a worker stops safely.

`worker_lint_runtime.testing.broker_contract` holds the conformance suite for brokers; it needs pytest.
"""

from worker_lint_runtime.testing._clock import FakeClock
from worker_lint_runtime.testing._safe_stop import BrokenReleaseError, UnsafeStopError, assert_safe_stop

__all__ = ["BrokenReleaseError", "FakeClock", "UnsafeStopError", "assert_safe_stop"]
