"""Code that expects malformed messages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries
from worker_lint.analysis.escaping.expecting import expects_malformed

SOURCE = """
import json

class Server:
    def start(self):
        self.socket.{first}(self.endpoint)
        self.stream.on_recv(self.handle)

    def handle(self, raw):
        sender, text = raw
        self.dispatch({given})

    def dispatch(self, job):
        sender, text = job
        try:
            message = json.loads(text)
        except {named}:
            {clause}
"""
ANSWER = "return self.send(sender, 'no JSON')"
CASES = {
    "another one is answered": ("bind", "(sender, text)", "ValueError", ANSWER, True),
    "a subscriber": ("connect", "(sender, text)", "ValueError", ANSWER, False),
    "something else is decoded": ("bind", "self.last", "ValueError", ANSWER, False),
    "another class": ("bind", "(sender, text)", "OSError", ANSWER, False),
    "raised": ("bind", "(sender, text)", "ValueError", "raise RuntimeError('no JSON')", False),
}


@pytest.mark.parametrize(("first", "given", "named", "clause", "expected"), CASES.values(), ids=CASES)
def test_answers_one_malformed_message(
    project_of: Callable[[str], Project],
    first: str,
    given: str,
    named: str,
    clause: str,
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(SOURCE.format(first=first, given=given, named=named, clause=clause))
    boundary = next(iter(boundaries(project.escaping, "worker.py")))
    assert expects_malformed(boundary) is expected
