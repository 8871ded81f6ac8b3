"""Who analyses the files of a run: this process, or copies of it that share them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from worker_lint.engine.ahead import Ahead
from worker_lint.engine.shares import shares_of
from worker_lint.engine.told import Analysis, Round, Told


class Crew(msgspec.Struct, frozen=True):
    """
    The processes of a run. `fetch` gives a way to kept records for a copy, which must not use that of
    the original; without one, nothing is kept, and no later run wants to know what was asked.
    """

    ahead: Ahead
    fetch: Callable[[], Callable[[str], bytes | None]] | None = None

    def rounds(self, analysis: Analysis, paths: Sequence[str]) -> list[list[Round]]:
        """The candidates in some files, by share and round."""
        processes = self.ahead.processes
        # What is looked up in an environment is noted by whoever does it.
        may_fork = processes.may_fork and analysis.tree.environment is None
        shares = shares_of(paths, self.ahead.size) if may_fork else []
        if len(shares) < 2:
            return [analysis.rounds(paths)]
        processes.close()  # with the threads that serve them
        from worker_lint.engine.forks import forked, is_alone  # brings along what starts processes

        if not is_alone():
            return [analysis.rounds(paths)]
        analysis.tree.gather()
        answers = forked(partial(self._work, analysis), shares, processes.count)
        return [
            analysis.take(told) if told is not None else analysis.rounds_besides(share)
            for share, told in zip(shares, answers, strict=True)
        ]

    def _work(self, analysis: Analysis, share: Sequence[str]) -> Told:
        """What a copy does."""
        analysis.tree.ahead = None
        analysis.tree.fetch = self.fetch() if self.fetch is not None else lambda key: None
        return analysis.tell(share, with_questions=self.fetch is not None)
