"""worker-lint-runtime."""

import os

from contest.handler import handle
from worker_lint_runtime import BaseWorker, Message, WorkerSettings
from worker_lint_runtime._running.address import open_broker


class Contestant(BaseWorker):
    """Hands each message to the common handler."""

    queue = "contest.ours"
    settings = WorkerSettings(concurrency=int(os.environ["CONTEST_THREADS"]))

    def process_message(self, message: Message) -> None:
        """See `handle`."""
        handle(int(message.body))


def publish(count: int) -> None:
    """Put so many messages into the queue, each confirmed."""
    broker = open_broker(os.environ["CONTEST_URL"])
    broker.connect()
    for number in range(count):
        broker.publish("contest.ours", str(number).encode())
    broker.close()


def work() -> None:
    """Consume until killed."""
    Contestant(open_broker(os.environ["CONTEST_URL"])).run()
