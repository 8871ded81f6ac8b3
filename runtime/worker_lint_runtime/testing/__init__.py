"""
What tests of workers need: a clock to move, a broker that fails on demand, a proof that a worker stops safely.

`worker_lint_runtime.testing.machine` holds a state machine for Hypothesis, `.broker_contract` the conformance suite for
brokers, `.plugin` the fixtures for pytest: these need their packages.
"""

from worker_lint_runtime.testing._clock import FakeClock
from worker_lint_runtime.testing._faults import FAULT_POINTS, BrokenReleaseError, FaultPoint, FaultyBroker
from worker_lint_runtime.testing._leftovers import Leftovers
from worker_lint_runtime.testing._safe_stop import UnsafeStopError, assert_safe_stop

__all__ = [
    "FAULT_POINTS",
    "BrokenReleaseError",
    "FakeClock",
    "FaultPoint",
    "FaultyBroker",
    "Leftovers",
    "UnsafeStopError",
    "assert_safe_stop",
]
