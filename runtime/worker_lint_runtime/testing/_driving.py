"""Drives either kind of worker from a test: start it, stop it from anywhere, get the report."""

import threading
from collections.abc import Callable
from typing import TypeAlias

from worker_lint_runtime._broker import Broker
from worker_lint_runtime._stop_machine import StopReport
from worker_lint_runtime._worker.engine import Engine
from worker_lint_runtime._worker.hooks import StartError
from worker_lint_runtime._worker.surface import WorkerSurface
from worker_lint_runtime._worker.tasks import AsyncBaseWorker
from worker_lint_runtime._worker.threads import BaseWorker

Worker: TypeAlias = BaseWorker | AsyncBaseWorker
Make: TypeAlias = Callable[[Broker], Worker]
PATIENCE = 60.0
"""Seconds after which a stop counts as hanging."""
_LOOK = 0.002


class Driven:
    """One worker of either kind."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        """Start it and return when it takes messages. Raises StartError."""
        if isinstance(self.worker, BaseWorker):
            self.worker.start()
            return
        self._thread = threading.Thread(target=self._run, name="test-of-worker", daemon=True)
        self._thread.start()
        pause = threading.Event()
        while self._thread.is_alive() and "not started" in self.worker.health().reasons:
            pause.wait(_LOOK)
        if self._error is not None:
            self.join()
            raise StartError(f"the worker did not start: {self._error}") from self._error

    def _run(self) -> None:
        try:
            self.worker.run()
        except BaseException as error:  # noqa: BLE001  # raised again by start
            self._error = error

    def stop(self) -> StopReport:
        """Ask for the stop and wait for the report; from any thread, again, before the start."""
        engine = engine_of(self.worker)
        engine.request_stop("the test")
        return engine.wait()

    def join(self) -> None:
        """Wait for the thread that ran a worker of coroutines."""
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def wait_until(self, predicate: Callable[[], bool]) -> bool:
        """Whether the predicate became true in bounded time."""
        pause = threading.Event()
        for _ in range(int(PATIENCE / _LOOK)):
            if predicate():
                return True
            pause.wait(_LOOK)
        return False


def engine_of(worker: WorkerSurface) -> Engine:
    """The engine of a worker."""
    return worker._require_engine()  # noqa: SLF001  # of the same package  # pyright: ignore[reportPrivateUsage]


def stop_together(driven: Driven, callers: int) -> list[StopReport]:
    """The reports of so many threads that stop at the same moment; fewer when some never came back."""
    together = threading.Barrier(callers)
    reports: list[StopReport] = []

    def stop() -> None:
        together.wait(PATIENCE)
        reports.append(driven.stop())

    threads = [threading.Thread(target=stop) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return reports
