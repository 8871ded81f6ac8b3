"""
The worker process of a load: each message's effect is a line in a ledger, on the disk before the handler returns.

It can be told to die, by its own SIGKILL, the n-th time that it passes a named point.
"""

import argparse
import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from worker_lint_runtime import (
    Backoff,
    BaseWorker,
    Broker,
    Consumer,
    Delivery,
    Message,
    Outcome,
    RecoverableError,
    RetryPolicy,
    WorkerSettings,
)
from worker_lint_runtime._running.address import open_broker
from worker_lint_runtime._running.exit_code import find_exit_code
from worker_lint_runtime._running.logs import set_up_logs

CONCURRENCY = 4
RUNNING = ("connected", "received", "before the effect", "after the effect", "before settling", "after settling")
BETWEEN = "between copy and acknowledgement"
STOPPING = ("before cancelling", "before handing back", "before closing the consumer", "before closing the connection")


class DeathPoint:
    """Kills this process when it passes the point for the n-th time."""

    def __init__(self, name: str | None, times: int) -> None:
        self._name, self._left = name, times

    def passing(self, name: str) -> None:
        """The process passes a point."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalBroker:
    """A broker with points to die at around each of its calls."""

    def __init__(self, broker: Broker, death: DeathPoint) -> None:
        self._broker, self._death = broker, death

    def connect(self) -> None:
        """See `Broker.connect`."""
        self._broker.connect()
        self._death.passing("connected")

    def publish(self, queue: str, body: bytes, *, headers: Mapping[str, str] | None = None, delay: float = 0.0) -> str:
        """See `Broker.publish`."""
        return self._broker.publish(queue, body, headers=headers, delay=delay)

    def consume(self, queue: str, prefetch: int) -> Consumer:
        """See `Broker.consume`."""
        return MortalConsumer(self._broker.consume(queue, prefetch), self._death)

    def close(self) -> None:
        """See `Broker.close`."""
        self._death.passing("before closing the connection")
        self._broker.close()


class MortalConsumer:
    """A consumer with points to die at around each of its calls."""

    def __init__(self, consumer: Consumer, death: DeathPoint) -> None:
        self._consumer, self._death = consumer, death
        store_copy: Callable[..., None] | None = getattr(consumer, "_store_copy", None)
        if store_copy is not None:  # the one settlement that is made of two steps
            vars(consumer)["_store_copy"] = partial(self._store_copy, store_copy)

    def _store_copy(self, store_copy: Callable[..., None], *arguments: Any) -> None:
        store_copy(*arguments)
        self._death.passing(BETWEEN)

    def receive(self, timeout: float) -> Delivery | None:
        """See `Consumer.receive`."""
        delivery = self._consumer.receive(timeout)
        if delivery is not None:
            self._death.passing("received")
        return delivery

    def settle(self, delivery: Delivery, outcome: Outcome) -> None:
        """See `Consumer.settle`."""
        self._death.passing("before settling")
        self._consumer.settle(delivery, outcome)
        self._death.passing("after settling")

    def cancel(self) -> None:
        """See `Consumer.cancel`."""
        self._death.passing("before cancelling")
        self._consumer.cancel()

    def hand_back(self) -> int:
        """See `Consumer.hand_back`."""
        self._death.passing("before handing back")
        return self._consumer.hand_back()

    def close(self) -> None:
        """See `Consumer.close`."""
        self._death.passing("before closing the consumer")
        self._consumer.close()


class LoadWorker(BaseWorker):
    """Writes "message process" to the file `begun`, works, and writes it to `ledger`."""

    death = DeathPoint(None, 0)
    longest = 0.03

    def setup(self) -> None:
        """Open both files, and say in a third that this process hears signals."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        ready = os.open("ready", flags)
        os.write(ready, f"yes {os.getpid()}\n".encode())
        os.close(ready)
        self.ledger, self.begun = os.open("ledger", flags), os.open("begun", flags)

    def cleanup(self) -> None:
        """Close them."""
        os.close(self.ledger)
        os.close(self.begun)

    def process_message(self, message: Message) -> Outcome | None:
        """Do as the body says."""
        line = f"\n{message.id} {os.getpid()}\n".encode()  # a kill may cut a line short: keep the next one whole
        os.write(self.begun, line)
        kind = message.body.split(b" ")[0]
        if kind == b"fail" or (kind == b"retry" and message.attempt == 1):
            raise RecoverableError("told to fail")
        if kind == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        # Not by time.sleep, which fails under the library that steps the clock.
        threading.Event().wait(random.uniform(0.002, self.longest))  # noqa: S311  # spreads the load
        self.death.passing("before the effect")
        os.write(self.ledger, line)
        os.fsync(self.ledger)
        self.death.passing("after the effect")
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker until it is stopped, or dies; its exit code is that of `worker-lint-runtime run`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("queue")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY)
    parser.add_argument("--attempts", type=int, default=1000)
    parser.add_argument("--longest", type=float, default=LoadWorker.longest)
    parser.add_argument("--point")
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args(arguments)
    set_up_logs("text")
    LoadWorker.queue = options.queue
    LoadWorker.longest = options.longest
    LoadWorker.death = DeathPoint(options.point, options.times)
    LoadWorker.settings = WorkerSettings(
        concurrency=options.concurrency,
        stop_timeout=20,
        retry=RetryPolicy(options.attempts, Backoff(0.01, 0.1), max_wait=float("inf")),
    )
    worker = LoadWorker(MortalBroker(open_broker(options.url), LoadWorker.death))
    report = worker.run()
    return find_exit_code(report, worker.fatal_error)


if __name__ == "__main__":
    sys.exit(main())
