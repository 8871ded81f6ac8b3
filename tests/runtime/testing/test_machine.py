"""The state machine passes good workers of both kinds, and finds what is wrong with bad ones."""

import threading
import unittest

import pytest

from worker_lint_runtime import AsyncBaseWorker, BaseWorker, ExpectedError, Message, Outcome, WorkerSettings
from worker_lint_runtime.testing.machine import safe_stop_machine


class Good(BaseWorker):
    queue = "q"
    settings = WorkerSettings(concurrency=2, stop_timeout=30)

    def process_message(self, message: Message) -> Outcome | None:
        if message.body == b"":
            raise ExpectedError("empty")
        return Outcome.reject("odd") if len(message.body) % 2 else None


class GoodWithTasks(AsyncBaseWorker):
    queue = "q"
    settings = WorkerSettings(concurrency=2, stop_timeout=30)

    async def process_message(self, message: Message) -> Outcome | None:
        await self.pause(0.001)
        return None


class LeavesThread(Good):
    end = threading.Event()

    def setup(self) -> None:
        threading.Thread(target=self.end.wait, name="left-over", daemon=True).start()


class StopsOnlyOnce(Good):
    def cleanup(self) -> None:
        raise RuntimeError("clean-up is broken")


@pytest.mark.slow
@pytest.mark.parametrize("worker", [Good, GoodWithTasks])
def test_a_good_worker_passes(worker: type[BaseWorker]) -> None:
    assert run(safe_stop_machine(worker, examples=30).TestCase) == ""


@pytest.mark.slow
@pytest.mark.parametrize(("worker", "found"), [(LeavesThread, "left-over"), (StopsOnlyOnce, "clean-up is broken")])
def test_a_bad_worker_is_found(worker: type[BaseWorker], found: str) -> None:
    text = run(safe_stop_machine(worker, examples=100, steps=4).TestCase)  # few examples may never start it
    LeavesThread.end.set()
    assert "UnsafeStopError" in text
    assert found in text


def run(case: type[unittest.TestCase]) -> str:
    """What goes wrong in a test case."""
    result = unittest.TestResult()
    case("runTest").run(result)
    return "".join(text for _, text in [*result.errors, *result.failures])
