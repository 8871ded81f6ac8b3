"""What an engine asks of a worker: the methods that users write."""

from typing import Protocol

from worker_lint_runtime._message import Message, Outcome
from worker_lint_runtime._tiers import Tier


class Hooks(Protocol):
    """The side of a worker that the engine calls."""

    def process_message(self, message: Message) -> Outcome | None:
        """Do the work of one message."""

    def setup(self) -> None:
        """Acquire."""

    def cleanup(self) -> None:
        """Release."""

    def classify(self, error: BaseException, message: Message) -> Tier | None:
        """Choose a tier, or leave it to the table."""

    def alert(self, error: BaseException) -> None:
        """Tell a person."""


class StartError(RuntimeError):
    """The worker did not start; whatever had been started was stopped again. The cause is `__cause__`."""
