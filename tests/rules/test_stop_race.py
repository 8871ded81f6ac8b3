"""Stop coroutines that signals start: when a second one gets past the question of the first."""

import textwrap

import pytest

from worker_lint.testing import check_source

SOURCE = """
import asyncio
import signal

class Worker:
    stopping = False

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(self.stop()))
        await self.consume()

    async def stop(self):
{body}
"""


def _codes(body: str) -> list[str]:
    source = SOURCE.format(body=textwrap.indent(textwrap.dedent(body), "        "))
    return [one.code for one in check_source("STP109", source)]


def test_the_mark_comes_only_after_a_wait() -> None:
    body = """
    if self.stopping:
        return
    await self.drain()
    self.stopping = True
    await self.connection.close()
    """
    assert _codes(body) == ["STP109"]


@pytest.mark.parametrize(
    "body",
    [
        "if self.stopping:\n    return\nself.stopping = True\nawait self.drain()",
        "if self.stopping:\n    return\nself.mark()\nawait self.drain()",
        "if self.stopping:\n    await self.done.wait()\n    return\nawait self.drain()\nself.stopping = True",
        "async with self.lock:\n    if not self.stopping:\n        self.stopping = True\n        await self.drain()",
    ],
    ids=["before", "by a method", "the second waits for the first", "under a lock"],
)
def test_a_second_stop_finds_the_mark(body: str) -> None:
    assert _codes(body) == []


TABLE = """
import threading

class Watcher:
    def __init__(self):
        self._lock = threading.Lock()
        self._callbacks = {{}}

    def add(self, name, callback):
        with self._lock:
            self._callbacks[name] = callback

    def drop(self, name):
        with self._lock:
            del self._callbacks[name]

    def run(self):
{body}
        for callback in {walked}.values():
            callback()
"""
WALKS = {
    "the field": ("pass", "self._callbacks", ["certain"]),
    "a local, and nobody knows what for": ("callbacks = self._callbacks", "callbacks", ["likely"]),
    "a local that was taken, and the field replaced": (
        "with self._lock:\n    callbacks = self._callbacks\n    self._callbacks = {}",
        "callbacks",
        [],
    ),
    "both in one statement": (
        "with self._lock:\n    callbacks, self._callbacks = self._callbacks, {}",
        "callbacks",
        [],
    ),
}


@pytest.mark.parametrize("case", WALKS)
def test_a_table_that_was_taken_is_nobody_elses(case: str) -> None:
    body, walked, expected = WALKS[case]
    source = TABLE.format(body=textwrap.indent(body, "        "), walked=walked)
    assert [one.confidence for one in check_source("STP109", source)] == expected


MEANWHILE = """
import abc
import multiprocessing
import threading

class Poller(threading.Thread):
    def __init__(self):
        super().__init__()
        self._lock = {kind}()
        self._jobs = {{}}

    def run(self):
        while True:
            self._take("a")
            self._drop("a")
            self._walk()

    def {take}(self, name):
        with self._lock:
            self._jobs[{key}] = 1

    def {drop}(self, name):
        with self._lock:
            {dropping}

    def stop(self):
        self.join()
        self._end()

    def _end(self):
        for job in {ended}:
            job.cancel()

    {mark}
    def {walk}(self):
        for job in {walked}:
            print(job)
{after}
"""
PLAIN = {
    "mark": "",
    "kind": "threading.Lock",
    "take": "take",
    "drop": "drop",
    "key": "name",
    "dropping": "del self._jobs[name]",
    "ended": "()",
    "walk": "walk",
    "walked": "self._jobs.values()",
    "after": "",
}
ELSEWHERE = "\ndef show(poller):\n    with poller._lock:\n        poller.walk()\n"
OVERRIDE = """
class Careful(Poller):
    def walk(self):
        with self._lock:
            super().walk()
"""
HARMLESS: dict[str, tuple[dict[str, str], list[str]]] = {
    "anybody may change it": ({}, ["certain"]),
    "one thread changes it and goes through it": ({"take": "_take", "drop": "_drop", "walk": "_walk"}, ["likely"]),
    "one thread goes through it, others change it": ({"walk": "_walk"}, ["certain"]),
    "the keys stay": ({"key": "'a'", "dropping": "self._jobs['b'] = 2"}, ["likely"]),
    "callers outside take the lock": ({"after": ELSEWHERE}, ["likely"]),
    "who overrides it takes the lock": ({"after": OVERRIDE}, ["likely"]),
    "who overrides it calls the abstract one": ({"mark": "@abc.abstractmethod"}, ["certain"]),
    "nothing is ever taken out": ({"dropping": "self._jobs[name] = 2"}, ["likely"]),
    "the lock is one between processes": ({"kind": "multiprocessing.Lock"}, ["likely"]),
    "nobody else has the object any more": ({"walk": "__del__"}, []),
    "a private step after the join": ({"ended": "self._jobs.values()", "walked": "()"}, []),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_nobody_changes_meanwhile_is_not_certain(case: str) -> None:
    given, expected = HARMLESS[case]
    source = MEANWHILE.format(**{**PLAIN, **given})
    assert [one.confidence for one in check_source("STP109", source)] == expected


def test_a_clause_for_the_error_shows_that_somebody_has_thought_of_it() -> None:
    source = TABLE.format(body="        pass", walked="self._callbacks")
    lines = "        for callback in self._callbacks.values():\n            callback()\n"
    guarded = "        try:\n" + textwrap.indent(lines, "    ") + "        except RuntimeError:\n            pass\n"
    assert [one.confidence for one in check_source("STP109", source.replace(lines, guarded))] == ["likely"]
