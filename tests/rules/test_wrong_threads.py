"""
Whole workers with one mistake in what their threads and tasks do at the stop, and the same workers without it.

Each file is written as such files are: with settings, logging, several methods that have nothing to do with the
mistake. The twin differs in nothing but the lines of `right`. All rules on stopping look at both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CASES: dict[str, tuple[str, str, str, str]] = {
    "the heartbeat still writes to the socket that stop closes": (
        "STP110",
        '''
        """Answers health checks while the consumer works."""
        import logging
        import socket
        import threading

        logger = logging.getLogger(__name__)

        class Heartbeat:
            def __init__(self, address, interval=5.0):
                self.address = address
                self.interval = interval
                self.stopping = threading.Event()
                self.sock = socket.create_connection(address)
                self.thread = threading.Thread(target=self.beat, name="heartbeat", daemon=True)

            def start(self):
                self.thread.start()
                logger.info("beating every %s s", self.interval)

            def beat(self):
                while not self.stopping.wait(self.interval):
                    self.sock.sendall(b"alive\\n")

            @@
        ''',
        """
        def stop(self):  # here
            self.stopping.set()
            self.sock.close()
        """,
        """
        def stop(self):
            self.stopping.set()
            self.thread.join(timeout=10)
            self.sock.close()
        """,
    ),
    "the supervisor waits for children that nobody told to end": (
        "STP107",
        '''
        """Keeps as many worker processes as there are processors."""
        import logging
        import multiprocessing
        import os

        logger = logging.getLogger(__name__)

        class Supervisor:
            def __init__(self, target, count=None):
                self.target = target
                self.count = count or os.cpu_count()
                self.children = []

            def start(self):
                for number in range(self.count):
                    child = multiprocessing.Process(target=self.target, name=f"worker-{number}")
                    child.start()
                    self.children.append(child)
                logger.info("%d workers run", self.count)

            def shutdown(self):
                logger.info("stopping")
                for child in self.children:
                    @@
        ''',
        """
        child.join()  # here
        """,
        """
        child.terminate()
        child.join()
        """,
    ),
    "the poller sleeps through its stop": (
        "STP106",
        '''
        """Asks the mail server once a minute."""
        import imaplib
        import logging
        import threading
        import time

        logger = logging.getLogger(__name__)

        class Poller:
            interval = 60

            def __init__(self, host, handle):
                self.host = host
                self.handle = handle
                self.stopping = threading.Event()
                self.thread = threading.Thread(target=self.run)

            def start(self):
                self.thread.start()

            def run(self):
                while not self.stopping.is_set():
                    self.poll()
                    @@

            def poll(self):
                with imaplib.IMAP4_SSL(self.host) as mailbox:
                    mailbox.select()
                    for number in mailbox.search(None, "UNSEEN")[1]:
                        self.handle(number)

            def stop(self):
                self.stopping.set()
                self.thread.join()
        ''',
        """
        time.sleep(60)  # here
        """,
        """
        self.stopping.wait(60)
        """,
    ),
    "start waits for a thread that may fail first": (
        "STP125",
        '''
        """A metrics endpoint in a thread of its own."""
        import logging
        import socket
        import threading

        logger = logging.getLogger(__name__)

        class Metrics:
            def __init__(self, port):
                self.port = port
                self.ready = threading.Event()
                self.stopping = threading.Event()
                self.thread = threading.Thread(target=self.serve, daemon=True)

            def start(self):
                self.thread.start()
                self.ready.wait()
                logger.info("metrics on port %d", self.port)

            def serve(self):
                @@
                while not self.stopping.is_set():
                    connection, _ = listener.accept()
                    with connection:
                        connection.sendall(b"jobs 0")

            def stop(self):
                self.stopping.set()
                self.thread.join(2)
        ''',
        """
        listener = socket.socket()
        listener.bind(("", self.port))
        listener.listen()
        self.ready.set()  # here
        """,
        """
        try:
            listener = socket.socket()
            listener.bind(("", self.port))
            listener.listen()
        finally:
            self.ready.set()
        """,
    ),
    "the reader takes the socket away between question and use": (
        "STP109",
        '''
        """A line protocol: a thread reads, everybody writes."""
        import logging
        import socket
        import threading

        logger = logging.getLogger(__name__)

        class Link:
            def __init__(self, host, port, on_line):
                self.on_line = on_line
                self.sock = socket.create_connection((host, port))
                self.thread = threading.Thread(target=self._read, daemon=True)
                self.thread.start()

            def _read(self):
                try:
                    for line in self.sock.makefile("rb"):
                        self.on_line(line)
                except OSError:
                    logger.exception("connection lost")
                finally:
                    self.sock.close()
                    self.sock = None

            def write(self, line):
                @@
                logger.debug("wrote %d bytes", len(line))
        ''',
        """
        if self.sock is not None:
            self.sock.sendall(line)  # here
        """,
        """
        sock = self.sock
        if sock is not None:
            sock.sendall(line)
        """,
    ),
    "the loop stops itself and waits for itself": (
        "STP111",
        '''
        """Uploads what others put into its queue."""
        import logging
        import queue
        import threading

        logger = logging.getLogger(__name__)

        class Uploader:
            def __init__(self, client, limit=3):
                self.client = client
                self.limit = limit
                self.jobs = queue.Queue()
                self.stopping = threading.Event()
                self.thread = threading.Thread(target=self.run)

            def start(self):
                self.thread.start()

            def run(self):
                failures = 0
                while not self.stopping.is_set():
                    job = self.jobs.get(timeout=1)
                    if not self.client.upload(job):
                        failures += 1
                    if failures > self.limit:
                        logger.error("too many failures")
                        self.stop()

            def stop(self):
                self.stopping.set()
                @@
        ''',
        """
        self.thread.join(10)  # here
        """,
        """
        if self.thread is not threading.current_thread():
            self.thread.join(10)
        """,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mistake_is_all_that_is_reported_and_the_twin_is_silent(name: str, judge: Callable[..., Any]) -> None:
    judged = judge(CASES[name])
    assert judged.wrong == [judged.expected]
    assert judged.right == []
