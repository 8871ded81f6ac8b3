"""What tests of workers need: a clock to move, brokers to fill, proofs that a worker stops safely."""

from worker_lint_runtime.testing._clock import FakeClock

__all__ = ["FakeClock"]
