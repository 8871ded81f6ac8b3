"""The processes that read and parse: started afresh (never forked), kept until others go on from what was read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


@dataclass(slots=True)
class Processes:
    """
    `count` processes, started when there is work for them. Use as a context manager. With a `method` they
    and all others of a run are started by it; without one readers are spawned.
    """

    count: int
    method: str = ""
    _pool: ProcessPoolExecutor | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends them, and the threads that serve them; when there is work again, others are started."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

    @property
    def start_method(self) -> str:
        """How the readers are started."""
        return self.method or "spawn"

    @property
    def may_fork(self) -> bool:
        """Whether copies of this process may work beside it: on macOS libraries of the system have threads."""
        return self.count > 1 and not self.method and sys.platform == "linux"

    @property
    def started(self) -> bool:
        """Whether they have worked, and live."""
        return self._pool is not None

    def run(self, work: Callable[[bytes], bytes], orders: Sequence[bytes]) -> list[bytes | None]:
        """The answers in the order of the orders; None for each that was lost with a process that died."""
        from concurrent.futures.process import BrokenProcessPool

        pool = self._started()
        answers: list[bytes | None] = []
        try:
            pending = [pool.submit(work, order) for order in orders]
        except BrokenProcessPool:
            pending, self._pool = [], None
        for future in pending:
            try:
                answers.append(future.result())
            except BrokenProcessPool:
                answers.append(None)
                self._pool = None
        if self._pool is None:
            pool.shutdown()
        return [*answers, *[None] * (len(orders) - len(answers))]

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            context = multiprocessing.get_context(self.start_method)
            self._pool = ProcessPoolExecutor(self.count, mp_context=context)
        return self._pool
