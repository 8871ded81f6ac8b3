"""A signal reaches the worker through a pipe; the handler takes no lock."""

import os
import queue
import signal
import threading

import pytest

from worker_lint_runtime import BaseWorker, MemoryBroker, Message, Outcome, Urgency, WorkerSettings
from worker_lint_runtime._signals import SignalWatch


class Waiting(BaseWorker):
    """Signals its own process in the middle of a message."""

    queue = "q"
    settings = WorkerSettings(stop_timeout=60)
    signals = 1

    def process_message(self, message: Message) -> Outcome | None:
        stops = self._engine.stops
        for number in range(1, self.signals + 1):
            os.kill(os.getpid(), signal.SIGTERM)
            while not stops.requested or stops.peek().urgency < number:
                threading.Event().wait(0.001)
        return None


@pytest.mark.parametrize(("signals", "urgency"), [(1, Urgency.DRAIN), (2, Urgency.CANCEL), (3, Urgency.CLOSE)])
def test_each_signal_raises_the_urgency(broker: MemoryBroker, signals: int, urgency: Urgency) -> None:
    worker = Waiting(broker)
    worker.signals = signals
    broker.publish("q", b"")
    report = worker.run()
    assert (report.reason, report.urgency, report.complete) == ("SIGTERM", urgency, True)


def test_the_former_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    threads = set(threading.enumerate())
    with SignalWatch(lambda number: None):
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    assert set(threading.enumerate()) == threads
    assert signal.set_wakeup_fd(-1) == -1


def test_a_signal_while_the_main_thread_holds_the_lock_of_the_stop() -> None:
    heard: queue.SimpleQueue[int] = queue.SimpleQueue()
    lock = threading.Lock()

    def hear(number: int) -> None:
        with lock:  # as a stop request does
            heard.put(number)

    with SignalWatch(hear):
        with lock:
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
        assert [heard.get(timeout=60) for _ in range(3)] == [signal.SIGINT] * 3
