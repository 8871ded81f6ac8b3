"""Calls that never come back, however they are reached."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.flow import find
from worker_lint.analysis.no_return import never_returns
from worker_lint.source import ir

SOURCE = """
import argparse
import sys
from abc import ABC, abstractmethod
from typing import NoReturn

class Helper:
    def fail(self, text) -> NoReturn:
        raise SystemExit(text)

    def quoted(self) -> "NoReturn":
        raise SystemExit

    def raises(self):
        raise ValueError

    def tells(self):
        print()

    async def later(self) -> NoReturn:
        raise SystemExit

class Port(ABC):
    @abstractmethod
    def give_up(self):
        raise NotImplementedError

class Worker:
    def __init__(self, port: Port, unknown):
        self._helper = Helper()
        self._port = port
        self._unknown = unknown

    async def run(self, parser: argparse.ArgumentParser):
        {call}
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("self._helper.fail('x')", True),
        ("self._helper.quoted()", True),
        ("self._helper.raises()", True),
        ("self._unknown.fail('x')", True),
        ("sys.exit(1)", True),
        ("parser.error('x')", True),
        ("await self._helper.later()", True),
        ("self._helper.later()", False),
        ("self._helper.tells()", False),
        ("self._unknown.tells()", False),
        ("self._unknown.other()", False),
        ("self._port.give_up()", False),
    ],
)
def test_ending(project_of: Callable[[str], Project], call: str, expected: object) -> None:
    project = project_of(SOURCE.format(call=call))
    run = next(one for one in project.functions_in("worker.py") if one.name == "run")
    found = next(find(ir.Call, run.statements))
    assert never_returns(run, found, awaited=call.startswith("await")) is expected
