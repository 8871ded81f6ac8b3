"""The proof of a safe stop passes good workers and names what is wrong with bad ones."""

import os
import subprocess
import sys
import threading
from typing import ClassVar

import pytest

from worker_lint_runtime import AsyncBaseWorker, BaseWorker, Broker, Message, Outcome, WorkerSettings
from worker_lint_runtime.testing import UnsafeStopError, assert_safe_stop


class Good(BaseWorker):
    queue = "q"
    settings = WorkerSettings(stop_timeout=30)

    def setup(self) -> None:
        self.file = os.open(os.devnull, os.O_RDONLY)

    def cleanup(self) -> None:
        os.close(self.file)

    def process_message(self, message: Message) -> Outcome | None:
        return None


class LeavesThread(Good):
    end = threading.Event()

    def setup(self) -> None:
        super().setup()
        threading.Thread(target=self.end.wait, name="left-over", daemon=True).start()


class LeavesDescriptor(Good):
    def cleanup(self) -> None:
        """Forget it."""


class LeavesChild(Good):
    children: ClassVar[list[subprocess.Popen[bytes]]] = []

    def setup(self) -> None:
        super().setup()
        self.children.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))


class NeedsStart(Good):
    def cleanup(self) -> None:
        super().cleanup()
        raise RuntimeError("clean-up is broken")


class WaitsForTheStop(AsyncBaseWorker):
    queue = "q"

    async def process_message(self, message: Message) -> Outcome | None:
        await self.pause(3600)
        return Outcome.release()


class SettlesBehindTheBack(Good):
    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self.store = broker

    def process_message(self, message: Message) -> Outcome | None:
        self.store.publish("q", b"a copy")
        return None


def test_a_good_worker_passes() -> None:
    assert_safe_stop(Good)
    assert_safe_stop(Good, messages=[b"1", b"2"])


def test_a_good_worker_of_coroutines_passes() -> None:
    assert_safe_stop(WaitsForTheStop, messages=[b"1"])


def test_messages_are_counted() -> None:
    with pytest.raises(UnsafeStopError, match=r"\d+ messages are there that nobody published"):
        assert_safe_stop(SettlesBehindTheBack, messages=[b"1"])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("worker", "found"),
    [
        (LeavesThread, "threads are left: left-over .STP110"),
        (LeavesDescriptor, "open descriptors are left .STP103"),
        (LeavesChild, "child processes are left .STP118"),
        (NeedsStart, "RuntimeError: clean-up is broken"),
    ],
)
def test_a_bad_worker_is_told_why(worker: type[BaseWorker], found: str) -> None:
    with pytest.raises(UnsafeStopError, match=found):
        assert_safe_stop(worker)
    LeavesThread.end.set()
    while LeavesChild.children:
        LeavesChild.children.pop().communicate(b"\n", timeout=60)
