"""stop-flag-unread in small: what stop sets is read by no loop of the worker, and nothing wakes it."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.flow import NEVER, READ, WRITE, Aliases, Effect, Place, Raises, Step, find
from worker_lint.source import ir

STOPS = {"stop", "close", "shutdown"}
WAKERS = {"put", "put_nowait", "close", "cancel", "shutdown", "send", "call_soon_threadsafe", "stop"}


def nothing_raises(_world: Any, _call: ir.Call) -> Raises:
    return NEVER


def effects(_world: Any, step: Step, aliases: Aliases) -> list[Effect]:
    """`field.set()` and `field.clear()` write the field; `field.put(…)` and its kin may wake a loop."""
    node = step.node
    if step.kind != "call" or not isinstance(node, ir.Call) or not isinstance(node.func, ir.Attribute):
        return []
    place = aliases.place(node.func.value)
    verb = WRITE if node.func.name in {"set", "clear"} else "wake" if node.func.name in WAKERS else None
    return [Effect(verb, place)] if verb is not None and place is not None else []


def unread_flags(world: Any, owner: str) -> set[Place]:
    """The fields that a stop method sets and no loop reads."""
    methods = {key.partition(".")[2]: key for key in world.routines if key.startswith(f"{owner}.")}
    flags: set[Place] = set()
    for name in STOPS & methods.keys():
        may = world.summary(methods[name]).may
        if any(verb == "wake" for verb, _ in may):
            return set()
        flags |= {place for verb, place in may if verb == WRITE and place[0] == "self"}
    read: set[Place] = set()
    loops = 0
    for name in methods.keys() - STOPS - {"__init__"}:
        inside, _ = world.inside(methods[name])
        for loop in find(ir.While, inside.routine.body or ()):
            loops += 1
            read |= {place for verb, place in inside.accesses([loop]) if verb == READ}
    return {flag for flag in flags if flag not in read} if loops else set()


LOOP = """
import threading, queue

class Worker:
    def __init__(self):
        self._stop = threading.Event()
        self._running = True
        self._jobs = queue.Queue()
        self._task = None

"""
BAD = {
    "an endless loop": """
    def run(self):
        while True:
            self.work()
    def work(self):
        pass
    def stop(self):
        self._stop.set()
""",
    "another flag": """
    def run(self):
        while self._running:
            self.work()
    def work(self):
        return self._jobs.get(timeout=1)
    def stop(self):
        self._stop.set()
""",
    "read before the loop only": """
    def run(self):
        if self._stop.is_set():
            return
        while True:
            print(self._jobs.get(timeout=1))
    def stop(self):
        self._stop.set()
""",
    "set by a helper": """
    def run(self):
        while True:
            print(self._jobs.get(timeout=1))
    def _mark(self, event):
        event.set()
    def stop(self):
        self._mark(self._stop)
""",
}
GOOD = {
    "read in the condition": """
    def run(self):
        while not self._stop.is_set():
            self.work()
    def stop(self):
        self._stop.set()
""",
    "read by a helper of a helper": """
    def run(self):
        while True:
            if self.done():
                break
    def done(self):
        return self.asked()
    def asked(self):
        return self._stop.is_set()
    def stop(self):
        self._stop.set()
""",
    "under another name": """
    def run(self):
        stop = self._stop
        while not stop.wait(1):
            self.work()
    def stop(self):
        self._stop.set()
""",
    "a sentinel": """
    def run(self):
        while True:
            if self._jobs.get() is None:
                break
    def stop(self):
        self._running = False
        self._jobs.put(None)
""",
    "a closed socket": """
    def run(self):
        while True:
            self.socket.recv(1)
    def stop(self):
        self._running = False
        self.socket.close()
""",
    "task.cancel": """
    async def run(self):
        while True:
            await self.work()
    def stop(self):
        self._running = False
        self._task.cancel()
""",
    "a callback that stops the loop": """
    def run(self):
        while True:
            self.work()
    def stop(self):
        self._running = False
        self.loop.call_soon_threadsafe(self.loop.stop)
""",
    "the loop stands in an override elsewhere": """
    def stop(self):
        self._running = False
""",
    "recursion does not hide the read": """
    def run(self):
        while True:
            self.even(3)
    def even(self, n):
        if n:
            self.odd(n - 1)
    def odd(self, n):
        if not self._running:
            raise SystemExit
        self.even(n - 1)
    def stop(self):
        self._running = False
""",
}


@pytest.mark.parametrize("case", BAD)
def test_reported(world: Any, case: str) -> None:
    assert unread_flags(world(LOOP + BAD[case], nothing_raises, effects), "Worker") == {("self", "_stop")}


@pytest.mark.parametrize("case", GOOD)
def test_silent(world: Any, case: str) -> None:
    assert not unread_flags(world(LOOP + GOOD[case], nothing_raises, effects), "Worker")
