"""Loops that keep a pool of processes alive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries
from worker_lint.analysis.escaping.keeping import ends_as_if_well, keeps_processes

SOURCE = """
import multiprocessing
import os

class Pool:
    def run(self):
        {before}
        try:
            while not self.stopping:
                self.refill()
        except {named}:
            {clause}

    def refill(self):
        {made}

    def reap(self):
        {end}
"""
PLAIN = {
    "before": "pass",
    "named": "Exception",
    "clause": "log.exception('ended')",
    "made": "self.add(os.fork())",
    "end": "os.waitpid(-1, 0)",
}
CASES = {
    "forks and reaps": ({}, True, True),
    "processes": ({"made": "self.add(multiprocessing.Process(target=f))", "end": "self.one.is_alive()"}, True, True),
    "nobody reaps": ({"end": "pass"}, False, True),
    "made before the loop": ({"before": "self.add(os.fork())", "made": "pass"}, False, True),
    "raises": ({"clause": "raise"}, True, False),
    "ends with a status": ({"clause": "os._exit(1)"}, True, False),
    "not for this": ({"named": "KeyError"}, True, False),
}


@pytest.mark.parametrize(("changed", "keeps", "well"), CASES.values(), ids=CASES)
def test_loops_over_processes(
    project_of: Callable[[str], Project],
    changed: dict[str, str],
    keeps: bool,  # noqa: FBT001 - a table
    well: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(SOURCE.format(**PLAIN | changed))
    boundary = next(iter(boundaries(project.escaping, "worker.py")))
    assert (keeps_processes(boundary), ends_as_if_well(boundary)) == (keeps, well)
