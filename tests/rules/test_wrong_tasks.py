"""
Whole workers with one mistake in what their tasks and shared state do at the stop, and the same workers without it.

Each file is written as such files are: with settings, logging, several methods that have nothing to do with the
mistake. The twin differs in nothing but the lines of `right`. All rules on stopping look at both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CASES: dict[str, tuple[str, str, str, str]] = {
    "a thread fills the queue of the loop": (
        "STP121",
        '''
        """Hands what a serial port says to the event loop."""
        import asyncio
        import logging
        import threading

        logger = logging.getLogger(__name__)

        class PortReader:
            def __init__(self, port, loop):
                self.port = port
                self.loop = loop
                self.lines = asyncio.Queue()
                self.stopping = threading.Event()
                self.thread = threading.Thread(target=self.read, name=f"port-{port.name}")

            def start(self):
                self.thread.start()

            def read(self):
                while not self.stopping.is_set():
                    line = self.port.readline()
                    @@

            async def lines_read(self):
                while True:
                    yield await self.lines.get()

            def stop(self):
                self.stopping.set()
                self.port.cancel_read()
                self.thread.join(timeout=5)
        ''',
        """
        self.lines.put_nowait(line)  # here
        """,
        """
        self.loop.call_soon_threadsafe(self.lines.put_nowait, line)
        """,
    ),
    "stop waits for a thread that needs the lock": (
        "STP112",
        '''
        """Counts jobs, and writes the counts down now and then."""
        import collections
        import logging
        import threading

        logger = logging.getLogger(__name__)

        class Counter:
            def __init__(self, write):
                self.write = write
                self.counts = collections.Counter()
                self.lock = threading.Lock()
                self.stopping = threading.Event()
                self.thread = threading.Thread(target=self.run)

            def start(self):
                self.thread.start()

            def count(self, name):
                with self.lock:
                    self.counts[name] += 1

            def run(self):
                while not self.stopping.wait(10):
                    with self.lock:
                        self.write(dict(self.counts))

            def stop(self):
                self.stopping.set()
                @@
                logger.info("counted %d jobs", sum(self.counts.values()))
        ''',
        """
        with self.lock:
            self.thread.join()  # here
        """,
        """
        self.thread.join()
        """,
    ),
    "sessions leave the table while stop goes through it": (
        "STP120",
        '''
        """Serves websocket clients until the server stops."""
        import asyncio
        import contextlib
        import logging

        logger = logging.getLogger(__name__)

        class Hub:
            def __init__(self):
                self.sessions = {}
                self.accepting = True

            async def serve(self, name, session):
                if not self.accepting:
                    await session.refuse()
                    return
                self.sessions[name] = session
                logger.info("%s came", name)
                try:
                    await session.run()
                finally:
                    self.sessions.pop(name)

            async def publish(self, message):
                await asyncio.gather(*(one.send(message) for one in list(self.sessions.values())))

            async def stop(self):
                self.accepting = False
                @@
                    with contextlib.suppress(Exception):
                        await session.close(code=1001)
        ''',
        """
        for session in self.sessions.values():  # here
        """,
        """
        for session in list(self.sessions.values()):
        """,
    ),
    "a scheduler that can be started only once": (
        "STP130",
        '''
        """Runs jobs at their times, in a thread."""
        import logging
        import threading

        logger = logging.getLogger(__name__)

        class Scheduler:
            def __init__(self, jobs):
                self.jobs = jobs
                self.stopping = threading.Event()
                self.thread = None

            def start(self):
                if self.thread is not None:
                    return
                @@
                self.thread.start()

            def run(self):
                while not self.stopping.wait(1):
                    for job in self.jobs:
                        job.run_if_due()

            def stop(self):
                self.stopping.set()
                if self.thread is not None:
                    self.thread.join()
                    self.thread = None
        ''',
        """
        self.thread = threading.Thread(target=self.run)  # here
        """,
        """
        self.stopping.clear()
        self.thread = threading.Thread(target=self.run)
        """,
    ),
    "the cancelled task is still at work when its connection closes": (
        "STP123",
        '''
        """Renews the leases of jobs while they run."""
        import asyncio
        import logging

        logger = logging.getLogger(__name__)

        class Renewer:
            def __init__(self, connection, interval=20):
                self.connection = connection
                self.interval = interval
                self.task = None

            async def start(self):
                if self.task is None:
                    self.task = asyncio.create_task(self.run())

            async def run(self):
                while True:
                    await asyncio.sleep(self.interval)
                    try:
                        await self.connection.execute("update leases set until = now()")
                    finally:
                        await self.connection.commit()

            async def stop(self):
                if self.task is not None:
                    @@
                await self.connection.close()
        ''',
        """
        self.task.cancel()  # here
        """,
        """
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        """,
    ),
    "a second signal starts a second stop": (
        "STP109",
        '''
        """Consumes until a signal comes."""
        import asyncio
        import logging
        import signal

        logger = logging.getLogger(__name__)

        class Service:
            def __init__(self, consumer):
                self.consumer = consumer
                self.stopped = asyncio.Event()
                self.stop_task = None

            async def run(self):
                loop = asyncio.get_running_loop()
                @@
                try:
                    await self.consumer.start()
                    await self.stopped.wait()
                finally:
                    loop.remove_signal_handler(signal.SIGTERM)

            def end(self):
                self.stop_task = asyncio.ensure_future(self.stop())

            def end_once(self):
                if self.stop_task is None:
                    self.stop_task = asyncio.ensure_future(self.stop())

            async def stop(self):
                logger.info("stopping")
                await self.consumer.stop()
                self.stopped.set()
        ''',
        """
        loop.add_signal_handler(signal.SIGTERM, self.end)  # here
        """,
        """
        loop.add_signal_handler(signal.SIGTERM, self.end_once)
        """,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mistake_is_all_that_is_reported_and_the_twin_is_silent(name: str, judge: Callable[..., Any]) -> None:
    judged = judge(CASES[name])
    assert judged.wrong == [judged.expected]
    assert judged.right == []
