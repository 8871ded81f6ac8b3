"""The worker for coroutines: handlers run in one event loop, the broker in threads beside it."""

import asyncio
import concurrent.futures
import threading
import traceback
from abc import abstractmethod
from collections.abc import Coroutine
from types import FrameType
from typing import Any, final

from worker_lint_runtime._broker import Broker
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._message import Message, Outcome
from worker_lint_runtime._pause import stop_aware
from worker_lint_runtime._retry import InterruptedByStopError
from worker_lint_runtime._signals import SignalWatch
from worker_lint_runtime._stop_machine import StopReport
from worker_lint_runtime._tiers import RecoverableError, Tier
from worker_lint_runtime._worker.engine import Engine
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime._worker.surface import WorkerSurface

_PATIENCE = 1.0
"""Seconds to wait for the loop to say what its tasks do."""


class AsyncBaseWorker(WorkerSurface):
    """
    As BaseWorker, with coroutines: write `async def process_message`, call `run`, or await `serve` in your own loop.

    A handler that does not end in the time to drain is cancelled, and its message released. Each handler that runs
    occupies one waiting thread, so `concurrency` is meant for tens, not for thousands. A handler must not block the
    loop: the stop would wait for it.
    """

    def __init__(self, broker: Broker, *, clock: Clock | None = None) -> None:
        self._bridge = _Bridge(self)
        self._engine = Engine(
            self._bridge,
            broker,
            self.queue,
            self.settings,
            clock=clock or Clock(),
            interrupt=self._bridge.cancel_handlers,
        )

    @abstractmethod
    async def process_message(self, message: Message) -> Outcome | None:
        """Do the work of one message; None acknowledges it. Runs as several tasks if `concurrency` says so."""

    async def setup(self) -> None:
        """Acquire what the handlers need; awaited once, after connecting and before the first message."""

    async def cleanup(self) -> None:
        """Release it; awaited once, if `setup` began, even when that failed half-way."""

    @final
    async def pause(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for; whether it was."""
        return await self._bridge.pause(seconds)

    @final
    async def serve(self) -> StopReport:
        """
        Start, work until a stop is asked for, give the report. Does not touch signals. Raises StartError.

        Cancelling it stops the worker, waits for that, and goes on with the cancellation.
        """
        engine = self._require_engine()
        self._require_queue()
        self._bridge.enter(asyncio.get_running_loop())
        try:
            await asyncio.to_thread(engine.start)
            await asyncio.to_thread(engine.stops.wait_for_request)
        except asyncio.CancelledError:
            engine.request_stop("cancelled")
            self._bridge.announce_stop()
            await asyncio.shield(asyncio.to_thread(engine.wait))
            raise
        self._bridge.announce_stop()
        return await asyncio.to_thread(engine.wait)

    @final
    def run(self) -> StopReport:
        """As `serve`, in a loop of its own, until SIGTERM or SIGINT. Signals are heard in the main thread only."""
        engine = self._require_engine()
        if threading.current_thread() is not threading.main_thread():
            return asyncio.run(self.serve())
        with SignalWatch(engine.on_signal):
            return asyncio.run(self.serve())

    def _describe_tasks(self) -> list[str]:
        return self._bridge.describe_tasks()

    @final
    async def stop(self, reason: str = "requested", *, timeout: float | None = None) -> StopReport:  # noqa: ASYNC109
        """Stop and wait for the report; from a handler it asks for the stop and gives the report so far."""
        engine = self._require_engine()
        engine.request_stop(reason, timeout=timeout)
        if self._bridge.is_handler(asyncio.current_task()):
            return engine.stops.peek()
        return await asyncio.to_thread(engine.wait)


class _Bridge:
    """What the engine's threads see of the worker: hooks that run in the loop and are waited for."""

    def __init__(self, worker: AsyncBaseWorker) -> None:
        self._worker = worker
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_announced: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def enter(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None:
            raise StartError("a worker is started once: make a new one")
        self._loop, self._stop_announced = loop, asyncio.Event()

    def announce_stop(self) -> None:
        if self._stop_announced is not None:
            self._stop_announced.set()

    async def pause(self, seconds: float) -> bool:
        if self._stop_announced is None:
            raise StartError("the worker was not started")
        try:
            async with asyncio.timeout(seconds):
                return await self._stop_announced.wait()
        except TimeoutError:
            return False

    def is_handler(self, task: asyncio.Task[Any] | None) -> bool:
        return task in self._tasks

    def describe_tasks(self) -> list[str]:
        if self._loop is None or self._loop.is_closed():
            return []
        asked = asyncio.run_coroutine_threadsafe(_describe_tasks(), self._loop)
        try:
            return asked.result(_PATIENCE)
        except TimeoutError:
            asked.cancel()
            return [f"the event loop did not answer within {_PATIENCE:g} s: see what its thread does"]

    def cancel_handlers(self) -> None:
        if self._loop is not None and self._tasks:
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in list(self._tasks)])

    def process_message(self, message: Message) -> Outcome | None:
        try:
            outcome: Outcome | None = self._wait(self._handle(message))
        except concurrent.futures.CancelledError as error:
            if self._worker.cancelled:
                raise InterruptedByStopError("cancelled by the stop") from error
            raise RecoverableError("the handler was cancelled from within") from error
        return outcome

    async def _handle(self, message: Message) -> Outcome | None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a coroutine runs outside a task")
        self._tasks.add(task)
        try:
            with stop_aware(_forbid, self.pause):
                return await self._worker.process_message(message)
        finally:
            self._tasks.discard(task)

    def setup(self) -> None:
        self._wait(self._worker.setup())

    def cleanup(self) -> None:
        self._wait(self._worker.cleanup())

    def classify(self, error: BaseException, message: Message) -> Tier | None:
        return self._worker.classify(error, message)

    def alert(self, error: BaseException) -> None:
        self._worker.alert(error)

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if self._loop is None:
            coroutine.close()
            raise StartError("the worker was not started")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _describe_tasks() -> list[str]:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return [f"{task.get_name()}:\n{_describe(task)}" for task in sorted(tasks, key=lambda task: task.get_name())]


def _describe(task: asyncio.Task[Any]) -> str:
    """Each coroutine that waits for the next one: `Task.get_stack` shows only the outermost."""
    frames: list[tuple[FrameType, int]] = []
    waiting: object = task.get_coro()
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        frames.append((frame, frame.f_lineno))
        waiting = getattr(waiting, "cr_await", None)
    return "".join(traceback.StackSummary.extract(iter(frames)).format())


def _forbid(_seconds: float) -> bool:
    raise RuntimeError("pause blocks the event loop: await pause_async instead")
