"""Which errors of one message do harm, and which of them nobody can want."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries, origins
from worker_lint.analysis.escaping.evident import does_harm, is_evident

HEAD = """
import json
import threading

class Worker(threading.Thread):
    def {name}(self, given=None):
        while True:
            message = {receive}
            {check}
            {use}
"""
CASES = {
    "a broker's message is parsed": ("self.queue.receive()", "pass", "json.loads(message.body)", True, True),
    "it names what is not there": ("self.queue.receive()", "pass", "self.tasks[message.name]", True, True),
    "a key is missing in it": ("self.queue.receive()", "pass", "json.loads(message.body)['name']", True, True),
    "a socket's message is parsed": ("self.socket.recv(9)", "pass", "json.loads(message)", True, False),
    "one of many connections": ("given.receive()", "pass", "json.loads(message.body)", True, False),
    "a breach of a handshake": (
        "self.socket.recv(9)",
        "if not message: raise OSError('gone')",
        "int(message)",
        False,
        False,
    ),
}


@pytest.mark.parametrize(("receive", "check", "use", "harm", "evident"), CASES.values(), ids=CASES)
def test_errors_of_one_message(
    project_of: Callable[[str], Project],
    receive: str,
    check: str,
    use: str,
    harm: bool,  # noqa: FBT001 - a table
    evident: bool,  # noqa: FBT001 - a table
) -> None:
    project = project_of(HEAD.format(name="run", receive=receive, check=check, use=use))
    boundary = next(iter(boundaries(project.escaping, "worker.py")))
    first = next(one for one in origins(project.escaping, boundary) if one.failure.kind != "refusal")
    assert (does_harm(boundary, first), is_evident(boundary, first)) == (harm, evident)


def test_a_missing_key_of_the_own_message_is_not_evident(project_of: Callable[[str], Project]) -> None:
    source = HEAD.format(name="run", receive="self.queue.receive()", check="data = message.json()", use="data['name']")
    project = project_of(source)
    boundary = next(iter(boundaries(project.escaping, "worker.py")))
    assert not any(is_evident(boundary, one) for one in origins(project.escaping, boundary))


def test_a_loop_that_anybody_may_call_is_not_evident(project_of: Callable[[str], Project]) -> None:
    source = HEAD.format(name="work", receive="self.queue.receive()", check="pass", use="json.loads(message.body)")
    project = project_of(source)
    boundary = next(iter(boundaries(project.escaping, "worker.py")))
    assert not any(is_evident(boundary, one) for one in origins(project.escaping, boundary))
