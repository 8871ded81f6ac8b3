"""What every worker of the order system must do."""

from abc import ABC, abstractmethod


class BaseWorker(ABC):
    """Takes deliveries from one queue until it is told to stop."""

    def __init__(self, queue: str) -> None:
        self.queue = queue

    @abstractmethod
    def process_message(self, body: bytes) -> None:
        """Does the work of one delivery."""

    @abstractmethod
    def stop(self) -> None:
        """Finishes the delivery in hand and releases what the worker holds."""
