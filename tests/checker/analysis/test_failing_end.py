"""Which failures of a teardown come from outside of the project."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.failing_end import fails_one_day
from worker_lint.analysis.skipping import Skipping

SOURCE = """
import os
import pika
import socket
from abc import ABC, abstractmethod

class Refused(Exception): ...

class Plugin(ABC):
    @abstractmethod
    def stop(self): ...

class Plain:
    def stop(self):
        self.on = False

class Worker:
    def __init__(self, link: socket.socket, on_stop, pids, given: list[Plugin]):
        self.link = link
        self.on_stop = on_stop
        self.pids = pids
        self.given = given
        self.open = True
        self.read, self.write = os.pipe()
        self.a = pika.BlockingConnection()
        self.b = pika.BlockingConnection()

    def listen(self, own: socket.socket):
        own.bind(self.pids)

    def add(self, child):
        self.children.append(child)

    def _refuse(self):
        if not self.open: raise Refused

    def _convert(self):
        try: self.a.close()
        except pika.exceptions.AMQPError: raise Refused

    def _wait(self):
        if not self.on_stop.wait(1): raise ReplyTimeout

    def stop(self):
        {code}

class ReplyTimeout(Exception): ...
"""
CASES = {
    "a connection of a library": ("self.a.close(); self.b.close()", True),
    "a callback": ("self.on_stop(); self.b.close()", False),
    "a process that has gone": ("for pid in self.pids: os.kill(pid, 15)", True),
    "what others write": ("for one in self.given: one.stop()", True),
    "what may be of a class that does not fail": ("for one in self.children: one.stop()", False),
    "a peer that has gone": ("self.link.shutdown(2); self.link.close()", True),
    "a socket that has no peer": ("self.link.listen(); self.link.shutdown(2); self.link.close()", False),
    "its own listener": (
        "self.link.connect(self.pids); self.b.close()",
        False,
    ),
    "what it says to its own listener": (
        "try: self.link.connect(self.pids)\n        except OSError: pass; self.link.sendall(b''); self.b.close()",
        False,
    ),
    "its own pipe": ("os.write(self.write, b'x'); self.b.close()", False),
    "a pipe of somebody else": ("os.write(self.given, b'x'); self.b.close()", True),
    "a state of its own": ("self._refuse(); self.b.close()", False),
    "an error that was given another name": ("self._convert(); self.b.close()", True),
    "a wait that was too long": ("self._wait(); self.b.close()", True),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fails_for_a_reason_outside(project_of: Any, method_of: Any, case: str) -> None:
    code, is_certain = CASES[case]
    function, cls = method_of(project_of(SOURCE.format(code=code.replace("; ", "\n        "))), "Worker.stop")
    skipping = Skipping(cls.project, function, cls)
    assert [fails_one_day(skipping, skip) for skip in skipping.skips()] == [is_certain]
