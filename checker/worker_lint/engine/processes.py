"""The processes that read and parse: started afresh (never forked), kept for the length of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor


@dataclass(slots=True)
class Processes:
    """`count` processes, started when there is work for them. Use as a context manager."""

    count: int
    method: str = "spawn"
    _pool: ProcessPoolExecutor | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

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

            context = multiprocessing.get_context(self.method)
            self._pool = ProcessPoolExecutor(self.count, mp_context=context)
        return self._pool
