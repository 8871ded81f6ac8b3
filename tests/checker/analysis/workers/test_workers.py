"""Which code runs where, and what methods are for."""

from __future__ import annotations

from typing import Any

import pytest

HEAD = """
import asyncio
import atexit
import functools
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process
import pika

class Own(threading.Thread): ...

class Worker:
    def run(self): ...
    async def work(self): ...
    def start(self, loop, future):
        pool = ThreadPoolExecutor()
        channel = pika.BlockingConnection().channel()
        {code}
"""
ENTRIES = {
    "a thread": ("threading.Thread(target=self.run)", "thread"),
    "a thread of an own class": ("Own(target=self.run)", "thread"),
    "a timer": ("threading.Timer(5, self.run)", "timer"),
    "a process": ("Process(target=self.run)", "process"),
    "a pool": ("pool.submit(self.run)", "pool"),
    "an executor of the loop": ("loop.run_in_executor(None, self.run)", "pool"),
    "a signal handler": ("signal.signal(signal.SIGTERM, self.run)", "signal"),
    "a handler of the loop": ("loop.add_signal_handler(signal.SIGTERM, self.run)", "loop-signal"),
    "at exit": ("atexit.register(self.run)", "exit"),
    "a finalizer": ("weakref.finalize(self, self.run)", "finalizer"),
    "a callback": ("future.add_done_callback(self.run)", "callback"),
    "a consumer": ("channel.basic_consume('q', on_message_callback=self.run)", "callback"),
    "a partial": ("threading.Thread(target=functools.partial(self.run))", "thread"),
    "a task": ("asyncio.create_task(self.run())", "task"),
    "for the loop": ("loop.call_soon_threadsafe(self.run)", "loop-call"),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_entries(project_of: Any, method_of: Any, case: str) -> None:
    code, kind = ENTRIES[case]
    project = project_of(HEAD.format(code=code))
    function, cls = method_of(project, "Worker.start")
    (entry,) = project.workers.entries(function, cls)
    assert entry.kind == kind
    assert [runs.function.name for runs in entry.callee.runs] == ["run"]


def test_the_roles_of_a_worker(project_of: Any, method_of: Any) -> None:
    project = project_of(
        """
import threading

class Base:
    def stop(self):
        self._running = False

class Worker(Base):
    def start(self):
        self._running = True
        self._thread = threading.Thread(target=self._go)
        self._thread.start()

    def _go(self):
        while self._running:
            self.step()

    def step(self): ...
"""
    )
    _, cls = method_of(project, "Worker.start")
    worker = project.workers.of(cls)
    assert worker is not None
    assert [runs.function.qualname for runs in worker.loops] == ["Worker._go"]
    assert [runs.function.qualname for runs in worker.stops] == ["Base.stop"]
    assert [entry.kind for entry in worker.threaded] == ["thread"]
    assert [held.name for held in worker.held] == ["self._thread"]
    assert not worker.is_modelled


def test_a_class_without_loop_or_resource_is_no_worker(project_of: Any, method_of: Any) -> None:
    project = project_of("class Door:\n    def close(self): ...\n")
    _, cls = method_of(project, "Door.close")
    assert project.workers.of(cls) is None
