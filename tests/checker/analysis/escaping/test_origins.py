"""What leaves a loop, an iterator or a callback because of one message, or of a lost connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import boundaries, leaving, losses, origins

LOOP = """
import contextlib
import json
import logging
import pika
import redis
import sys

class Refused(Exception): ...

def decode(body):
    return json.loads(body)

def strict(body):
    if not body:
        raise Refused(body)

def run(client, table, log):
    while True:
        message = client.get_message()
        {code}
"""
FAILURES = {
    "parsing": ("json.loads(message.data)", ["decode"]),
    "parsing in a function": ("decode(message.data)", ["decode"]),
    "a decoder known by name": ("client.codec.deserialize(message.data)", ["decode"]),
    "text": ("message.data.decode()", ["decode"]),
    "text of an own peer": ("client.socket.recv().decode()", []),
    "a decoder for an own peer": ("client.codec.decode(client.socket.recv())", []),
    "JSON of a peer": ("json.loads(client.socket.recv())", ["decode"]),
    "text with replacements": ("message.data.decode(errors='replace')", []),
    "the name of a channel": ("message.channel.decode()", []),
    "unpacking": ("a, b = message.data.split(':')", ["unpack"]),
    "unpacking all there is": ("a, *b = message.data.split(':')", []),
    "looking up": ("table[message.name]", ["lookup"]),
    "looking up with a default": ("table.get(message.name)", []),
    "taking out": ("table.pop(message.name)", ["lookup"]),
    "taking out with a default": ("table.pop(message.name, None)", []),
    "under a lock": ("with client.lock: table[message.name]", ["lookup"]),
    "in a context that is not known": ("with client.guard(): table[message.name]", []),
    "running what it names": ("table.get(message.name)(message)", ["dispatch"]),
    "a refusal in a function": ("strict(message.data)", ["refusal"]),
    "its own refusal": ("raise Refused(message.data)", []),
    "handled": ("try: json.loads(message.data)\n        except ValueError: log.exception('bad')", []),
    "handled by a subclass": (
        "try: json.loads(message.data)\n        except json.JSONDecodeError: log.info('bad')",
        [],
    ),
    "handled as something else": ("try: json.loads(message.data)\n        except OSError: log.info('bad')", ["decode"]),
    "handled by what is not known": (
        "try: json.loads(message.data)\n        except client.errors: log.info('bad')",
        [],
    ),
    "suppressed": ("with contextlib.suppress(ValueError): json.loads(message.data)", []),
    "raised again": ("try: json.loads(message.data)\n        except ValueError: raise", []),
    "only cleaned up after": ("try: json.loads(message.data)\n        finally: log.info('done')", ["decode"]),
}


@pytest.mark.parametrize(("code", "expected"), FAILURES.values(), ids=FAILURES)
def test_failures_of_a_message(project_of: Callable[[str], Project], code: str, expected: list[str]) -> None:
    project = project_of(LOOP.format(code=code))
    (boundary,) = boundaries(project.escaping, "worker.py")
    assert [one.failure.kind for one in origins(project.escaping, boundary)] == expected


def test_the_way_down_is_told(project_of: Callable[[str], Project]) -> None:
    project = project_of(LOOP.format(code="decode(message.data)"))
    (boundary,) = boundaries(project.escaping, "worker.py")
    (origin,) = origins(project.escaping, boundary)
    assert [frame.function.name for frame in origin.frames] == ["run", "decode"]
    assert origin.classes == ("json.decoder.JSONDecodeError",)


LOSSES = {
    "a read of a server": ("client.blpop('jobs')", 1),
    "handled": ("try: client.blpop('jobs')\n        except redis.ConnectionError: log.info('lost')", 0),
    "handled as timeouts": ("try: client.blpop('jobs')\n        except ValueError: log.info('lost')", 1),
    "a connection for each turn": ("with client.pool.acquire() as one: one.execute('LISTEN jobs')", 1),
    "one that tries again": ("with client.pool.acquire(retry=True) as one: one.execute('LISTEN jobs')", 0),
    "a lock": ("with client.lock.acquire(): pass", 0),
}


@pytest.mark.parametrize(("code", "expected"), LOSSES.values(), ids=LOSSES)
def test_losses_of_connections(project_of: Callable[[str], Project], code: str, expected: int) -> None:
    project = project_of(LOOP.format(code=code))
    (boundary,) = boundaries(project.escaping, "worker.py")
    assert len(list(losses(project.escaping, boundary))) == expected


BOUNDARIES = {
    "an endless loop": ("def run(client):\n    while True:\n        client.recv()\n", ["loop"]),
    "a loop that looks for something": (
        "def find(client):\n    while True:\n        found = client.recv()\n        if found: return found\n",
        [],
    ),
    "a finite loop": ("def all(items):\n    for item in items:\n        item.recv()\n", []),
    "an iterator": ("class C:\n    def __next__(self):\n        return self.client.recv()\n", ["iterator"]),
    "a callback": (
        "class C:\n    def start(self):\n        self.queue.consume(self.take)\n    def take(self, message): ...\n",
        ["callback"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_boundaries(project_of: Callable[[str], Project], source: str, expected: list[str]) -> None:
    found = boundaries(project_of(source).escaping, "worker.py")
    assert [boundary.kind for boundary in found] == expected


def test_all_that_leaves_is_named(project_of: Callable[[str], Project]) -> None:
    project = project_of(LOOP.format(code="pika.BlockingConnection()"))
    (boundary,) = boundaries(project.escaping, "worker.py")
    assert "pika.exceptions.AMQPConnectionError" in {name for name, _ in leaving(project.escaping, boundary)}
