"""What expressions carry of a delivery."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import Level, functions_of
from worker_lint.source import ir

HEAD = """
import json
import os
import pickle
import queue
import redis

TABLE = {{}}

def helper(client):
    return client.get_message()

def work(client, sock, raw, jobs: queue.Queue, other):
    message = client.get_message(timeout=1)
    frames = sock.recv_multipart()
    result = {code}
"""
LEVELS = {
    "what a library hands over": ("message", Level.DELIVERY),
    "a part of it": ("message.body", Level.CONTENT),
    "an item of it": ("message['data']", Level.CONTENT),
    "frames of a socket": ("frames[0]", Level.RAW),
    "what a descriptor gives": ("os.read(raw, 100)", Level.RAW),
    "text of it": ("os.read(raw, 100).decode('utf-8')", Level.RAW),
    "what was parsed": ("json.loads(message.body)", Level.DECODED),
    "a key of that": ("json.loads(message.body)['name']", Level.DECODED),
    "a pickle of the own program": ("pickle.loads(frames)", Level.NONE),
    "an entry that it names": ("TABLE[message.name]", Level.CHOSEN),
    "an entry by get": ("TABLE.get(message.name)", Level.CHOSEN),
    "a member that it names": ("getattr(other, message.name)", Level.CHOSEN),
    "a job of a queue": ("jobs.get()", Level.CHOSEN),
    "a tuple that the program makes": ("(frames, 1)", Level.DELIVERY),
    "through a function": ("helper(client)", Level.DELIVERY),
    "a key of a mapping": ("other.get('message')", Level.NONE),
    "anything else": ("other.compute(1)", Level.NONE),
}


@pytest.mark.parametrize(("code", "expected"), LEVELS.values(), ids=LEVELS)
def test_level(project_of: Callable[[str], Project], code: str, expected: Level) -> None:
    project = project_of(HEAD.format(code=code))
    work = next(one for one in functions_of(project, "worker.py") if one.name == "work")
    delivered = project.escaping.variant(work).delivered
    assert delivered.level(ir.Name(work.node.at, "result")) is expected


def test_a_parameter_carries_what_it_is_given(project_of: Callable[[str], Project]) -> None:
    project = project_of("def handle(message):\n    body = message.body\n")
    (handle,) = functions_of(project, "worker.py")
    body = ir.Name(handle.node.at, "body")
    assert project.escaping.variant(handle).delivered.level(body) is Level.NONE
    given = project.escaping.variant(handle, None, (("message", Level.DELIVERY),))
    assert given.delivered.level(body) is Level.CONTENT


def test_a_field_carries_what_a_receiving_call_puts_there(project_of: Callable[[str], Project]) -> None:
    source = """
    class Worker:
        def start(self, channel):
            self.items = channel.consume("jobs")
            self.name = "jobs"
    """
    project = project_of(source)
    (cls,) = project.classes_in("worker.py")
    assert project.escaping.field(cls, "items") is Level.DELIVERY
    assert project.escaping.field(cls, "name") is Level.NONE
