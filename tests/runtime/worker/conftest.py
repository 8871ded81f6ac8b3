"""A worker that records what happens to it, and does what a test tells it to."""

import threading
from collections.abc import Callable

import pytest

from worker_lint_runtime import BaseWorker, MemoryBroker, Message, Outcome, RetryPolicy, WorkerSettings

Script = Callable[["Recorder", Message], Outcome | None]


class Recorder(BaseWorker):
    """Runs a script for each message; releases `handled` after each."""

    queue = "q"
    settings = WorkerSettings(concurrency=2, stop_timeout=60, retry=RetryPolicy(3))

    def __init__(self, broker: MemoryBroker, script: Script) -> None:
        super().__init__(broker)
        self.script = script
        self.seen: list[tuple[bytes, int]] = []
        self.events: list[str] = []
        self.alerts: list[BaseException] = []
        self.handled = threading.Semaphore(0)

    def setup(self) -> None:
        self.events.append("setup")

    def cleanup(self) -> None:
        self.events.append("cleanup")

    def alert(self, error: BaseException) -> None:
        self.alerts.append(error)

    def process_message(self, message: Message) -> Outcome | None:
        self.seen.append((message.body, message.attempt))
        try:
            return self.script(self, message)
        finally:
            self.handled.release()

    def wait_for(self, messages: int) -> None:
        for _ in range(messages):
            assert self.handled.acquire(timeout=60)


@pytest.fixture
def recorder(broker: MemoryBroker) -> Callable[[Script], Recorder]:
    return lambda script: Recorder(broker, script)
