"""A worker of coroutines keeps the promises of a worker of threads."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from worker_lint_runtime import (
    AsyncBaseWorker,
    ContractError,
    FatalError,
    MemoryBroker,
    Message,
    Outcome,
    RetryPolicy,
    StartError,
    WorkerSettings,
    pause,
    pause_async,
)

Script = Callable[["Recorder", Message], Awaitable[Outcome | None]]


class Recorder(AsyncBaseWorker):
    queue = "q"
    settings = WorkerSettings(concurrency=2, stop_timeout=60, retry=RetryPolicy(2))

    def __init__(self, broker: MemoryBroker, script: Script) -> None:
        super().__init__(broker)
        self.script = script
        self.seen: list[tuple[bytes, int]] = []
        self.events: list[str] = []
        self.loops: set[int] = set()

    async def setup(self) -> None:
        self.note("setup")

    async def cleanup(self) -> None:
        self.note("cleanup")

    def note(self, event: str) -> None:
        self.events.append(event)
        self.loops.add(id(asyncio.get_running_loop()))

    async def process_message(self, message: Message) -> Outcome | None:
        self.seen.append((message.body, message.attempt))
        self.loops.add(id(asyncio.get_running_loop()))
        return await self.script(self, message)


async def finish(worker: Recorder, message: Message) -> Outcome | None:
    if message.body == b"last":
        worker.request_stop("done")
    return None


def test_messages_are_processed_in_one_loop(broker: MemoryBroker) -> None:
    for body in (b"1", b"2", b"last"):
        broker.publish("q", body)
    before = set(threading.enumerate())
    worker = Recorder(broker, finish)
    report = worker.run()
    assert report.clean
    assert report.reason == "done"
    assert sorted(worker.seen) == [(b"1", 1), (b"2", 1), (b"last", 1)]
    assert worker.events == ["setup", "cleanup"]
    assert len(worker.loops) == 1
    assert set(threading.enumerate()) == before
    assert broker.depth("q").ready == broker.depth("q").unsettled == 0


def test_errors_follow_their_tiers(broker: MemoryBroker) -> None:
    async def fail(worker: Recorder, message: Message) -> None:
        if message.body == b"fatal":
            raise FatalError("end")
        if message.attempt == 2:
            broker.publish("q", b"fatal")
        raise ValueError("bad")

    broker.publish("q", b"poison")
    worker = Recorder(broker, fail)
    worker.settings = WorkerSettings()  # type: ignore[misc]  # only read by the engine when it is made
    worker.run()
    assert str(worker.fatal_error) == "end"
    assert [letter.reason for letter in broker.dead_letters("q")] == ["ValueError: bad"]


def test_a_handler_that_does_not_end_is_cancelled_and_released(broker: MemoryBroker) -> None:
    cancelled = []

    async def hang(worker: Recorder, message: Message) -> None:
        worker.request_stop("now", timeout=0.05)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(message.body)
            raise

    broker.publish("q", b"hangs")
    worker = Recorder(broker, hang)
    report = worker.run()
    assert report.complete
    assert cancelled == [b"hangs"]
    assert worker.events == ["setup", "cleanup"]
    delivery = broker.consume("q", 1).receive(0)
    assert delivery is not None
    assert delivery.message.attempt == 1


def test_a_handler_that_cancels_itself_is_charged(broker: MemoryBroker) -> None:
    async def cancel(worker: Recorder, message: Message) -> None:
        if message.attempt == 2:
            worker.request_stop("seen")
        raise asyncio.CancelledError

    broker.publish("q", b"m")
    worker = Recorder(broker, cancel)
    worker.run()
    assert [attempt for _, attempt in worker.seen] == [1, 2]
    assert len(broker.dead_letters("q")) == 1


@pytest.mark.parametrize("through", ["worker", "function"])
def test_a_pause_ends_with_the_stop(broker: MemoryBroker, through: str) -> None:
    results = []

    async def wait(worker: Recorder, message: Message) -> Outcome:
        worker.request_stop("now")
        results.append(await (worker.pause(3600) if through == "worker" else pause_async(3600)))
        return Outcome.release()

    broker.publish("q", b"m")
    Recorder(broker, wait).run()
    assert results == [True]


def test_a_blocking_pause_is_refused(broker: MemoryBroker) -> None:
    async def block(worker: Recorder, message: Message) -> None:
        worker.request_stop("seen")
        pause(3600)

    broker.publish("q", b"m")
    worker = Recorder(broker, block)
    assert worker.run().complete
    depth = broker.depth("q")
    assert depth.delayed + depth.ready == 1  # with jitter, its delay may be over already


def test_a_handler_may_stop_its_worker(broker: MemoryBroker) -> None:
    reports: list[Any] = []

    async def stop(worker: Recorder, message: Message) -> None:
        reports.append(await worker.stop("from a handler"))

    broker.publish("q", b"m")
    assert Recorder(broker, stop).run().clean
    assert not reports[0].complete


def test_cancelling_serve_stops_the_worker_first(broker: MemoryBroker) -> None:
    worker = Recorder(broker, finish)

    async def host() -> None:
        task = asyncio.create_task(worker.serve())
        while not worker.health().ready:  # noqa: ASYNC110  # another thread makes it ready
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        report = await worker.stop()
        assert report.complete
        assert report.reason == "cancelled"

    asyncio.run(host())
    assert worker.events == ["setup", "cleanup"]


def test_a_failed_setup_is_cleaned_up(broker: MemoryBroker) -> None:
    class Broken(Recorder):
        async def setup(self) -> None:
            self.note("setup")
            raise OSError("half-way")

    worker = Broken(broker, finish)
    with pytest.raises(StartError, match="half-way"):
        worker.run()
    assert worker.events == ["setup", "cleanup"]


def test_a_signal_stops_it(broker: MemoryBroker) -> None:
    async def kill(worker: Recorder, message: Message) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await worker.pause(3600)

    broker.publish("q", b"m")
    report = Recorder(broker, kill).run()
    assert report.reason == "SIGTERM"
    assert report.clean


def test_a_plain_function_is_refused() -> None:
    with pytest.raises(ContractError, match="ABS108"):

        class Broken(AsyncBaseWorker):
            def process_message(self, message: Message) -> None:  # type: ignore[override]
                return None
