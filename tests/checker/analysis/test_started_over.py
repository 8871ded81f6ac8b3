"""Threads and tasks over one that goes on, and all that may keep a second one out."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.started_over import started_over

SOURCE = """
import asyncio
import threading

class Worker{bases}:
    _thread = None

    def __init__(self, client):
        self._client = client
        self._going = True

    {decorator}
    def {name}(self, wanted=True):
        {before}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while self._going:
            {body}

    def _open(self):
        if self._client is None:
            raise RuntimeError("no client")

    def _say(self):
        print("starting")

    def stop(self):
        self._going = False
        {end}
{after}
"""
PLAIN = {
    "bases": "", "decorator": "", "name": "start", "before": "pass", "body": "self._client.poll()",
    "end": "self._thread.join()", "after": "",
}  # fmt: skip
CASES = {
    "nothing asks": ({}, True),
    "nothing of the object is asked": ({"before": "self._say()"}, True),
    "a parameter decides": ({"before": "if not wanted: return"}, False),
    "the old one is asked for": ({"before": "if self._thread: return"}, False),
    "an assertion": ({"before": "assert self._thread is None"}, False),
    "a method refuses": ({"before": "self._open()"}, False),
    "the base has its say": ({"before": "super().start()"}, False),
    "the old one is stopped": ({"before": "self.stop()"}, False),
    "a token that the loop reads": ({"before": "self._client = object()"}, False),
    "a decorator": ({"decorator": "@once"}, False),
    "an unknown base": ({"bases": "(Unknown)"}, False),
    "a private method": ({"name": "_start"}, False),
    "the thread looks at the field": ({"body": "print(self._thread)"}, False),
    "no stop ends it": ({"end": "pass"}, False),
    "started where it is made": ({"after": "def main(client):\n    one = Worker(client)\n    one.start()"}, False),
    "started by its owner": (
        {"after": "class Owner:\n    def __init__(self, client):\n        self.worker = Worker(client)\n"
         "    def begin(self):\n        self.worker.start()"},
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_second_start(class_named: Any, case: str) -> None:
    changed, expected = CASES[case]
    source = SOURCE.format(**{**PLAIN, **changed}).replace("\n    \n", "\n")
    found = list(started_over(class_named(source, "Worker")))
    assert [one.method.name for one in found] == (["start"] if expected else [])


RECONNECTING = """
import threading
import time

class Session:
    def __init__(self, client):
        self._client = client
        {handed}

    def _connected(self, *details):
        {before}
        self._beat = threading.Thread(target=self._go)
        self._beat.start()

    def _go(self):
        while True:
            {body}
            time.sleep(10)

    def close(self):
        self._beat.join()
"""
SURVIVES = "try:\n                self._client.send()\n            except Exception:\n                pass"
CALLBACKS = {
    "stored": ("self._client.on_open = self._connected", "pass", SURVIVES, True),
    "registered": ("client.add_on_open_callback(self._connected)", "pass", SURVIVES, True),
    "no event": ("client.tell(self._connected)", "pass", SURVIVES, False),
    "it asks": ("client.on_open = self._connected", "if self._client.old: return", SURVIVES, False),
    "an error ends the loop": ("client.on_open = self._connected", "pass", "self._client.send()", False),
}


@pytest.mark.parametrize("case", CALLBACKS)
def test_each_connection(class_named: Any, case: str) -> None:
    handed, before, body, expected = CALLBACKS[case]
    source = RECONNECTING.format(handed=handed, before=before, body=body)
    found = list(started_over(class_named(source, "Session")))
    assert [one.again is not None for one in found] == ([True] if expected else [])
