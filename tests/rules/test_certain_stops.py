"""How sure it is that a stop fails, or a later start does: what else is known of the object and of those who use it."""

import pytest

from worker_lint.testing import check_source

POLLER = """
import threading
import time

class Poller:
    {doc}

    def __init__(self):
        self.stopping = threading.Event()
        self.thread = None

    def start(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            time.sleep(0.1)

    def {stop}(self):
        self.stopping.set()
        self.thread.join()
        self.thread = None
"""
OWNER = """
class App:
    def begin(self):
        self.poller = Poller()
        {begin}

    def end(self):
        self.poller.stop()
        {end}
"""
WATCHER = """
class Watcher:
    def signal(self, process, number):
        try:
            self.send(process, number)
        except {error}:
            pass

    def kill_process(self, process):
        self.send(process, 15)
        process.close_streams()

    def kill_processes(self):
        {kill}
"""
ROW = "return [self.kill_process(one) for one in self.processes]"
GUARDED = "for one in self.processes:\n            try: self.kill_process(one)\n            except OSError: pass"
CONSUMER = """
class Queue:
    async def cancel(self, {tag}):
        {cancel}

class Consumer:
    def __init__(self, queue: Queue):
        self._queue = queue
        self._tag = None

    async def begin(self):
        self._tag = await self._queue.consume()

    async def next(self):
        try:
            return await self._queue.get()
        except OSError:
            await self.close()
            raise

    async def close(self):
        await self._queue.cancel(self._tag)
        self._tag = None
"""
SENT = "return await self.channel.cancel(tag)"
LINK = """
import socket

class Link:
    def __init__(self):
        self.socket = None

    def connect(self, address):
        self.socket = socket.create_connection(address)

    def close(self):
        self.socket.close()

class Client:
    def __init__(self):
        self.link = None

    def connect(self, address):
        self.link = Link()
        self.link.connect(address)

    def begin(self, addresses):
        for address in addresses:
            {begin}

    def close(self):
        if self.link is not None:
            self.link.close()
"""
KEPT = "try: self.connect(address)\n            except OSError: continue"
LET_OUT = "self.connect(address)"
REARMED = """
class Server:
    def __init__(self):
        self.timer = None

    async def start(self, loop):
        self.loop = loop
        await self.open()
        self.tidy()

    def tidy(self):
        self.look()
        self.timer = self.loop.call_later(300, self.tidy)

    def stop(self):
        self.timer.cancel()
"""
LOOP = """
import threading
import time

class Poller:
    def __init__(self):
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.other = threading.Thread(target=print)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            time.sleep(2)

    def renew(self):
        self.{renewed}.join()

    def stop(self):
        self.stopping.set()
        self.{joined}.join()
"""
ONCE = POLLER.format(doc="", stop="stop")
CASES = {
    "a stop, and another start": ("STP130", POLLER.format(doc="", stop="stop"), ["certain"]),
    "the end of the object": ("STP130", POLLER.format(doc="", stop="close"), ["likely"]),
    "it says so": ("STP130", POLLER.format(doc='"""It cannot be restarted."""', stop="stop"), ["likely"]),
    "a new one for each start": (
        "STP130",
        ONCE + OWNER.format(begin="self.poller.start()", end="self.poller = None"),
        ["likely"],
    ),
    "the same one is kept": ("STP130", ONCE + OWNER.format(begin="self.poller.start()", end="pass"), ["certain"]),
    "the same one again": ("STP130", ONCE + OWNER.format(begin="pass", end="self.poller.start()"), ["certain"]),
    "in another place, too": (
        "STP130",
        ONCE + OWNER.format(begin="self.poller.start()", end="self.poller = None") + "Poller().start()",
        ["certain"],
    ),
    "one after the other": ("STP118", WATCHER.format(error="ProcessLookupError", kill=ROW), ["certain"]),
    "a clause for it": ("STP118", WATCHER.format(error="ProcessLookupError", kill=GUARDED), ["likely"]),
    "a clause for another error": ("STP118", WATCHER.format(error="NoSuchProcess", kill=GUARDED), ["certain"]),
    "only one": ("STP118", WATCHER.format(error="ProcessLookupError", kill="return self.processes"), ["likely"]),
    "declared as no None": ("STP108", CONSUMER.format(tag="tag: str", cancel=SENT), ["certain"]),
    "it may be None": ("STP108", CONSUMER.format(tag="tag: str | None", cancel=SENT), ["likely"]),
    "nothing is said": ("STP108", CONSUMER.format(tag="tag", cancel=SENT), ["likely"]),
    "asked about": ("STP108", CONSUMER.format(tag="tag: str", cancel="if tag: self.drop(tag)"), ["likely"]),
    "the owner goes on": ("STP128", LINK.format(begin=KEPT), ["certain"]),
    "the owner lets it out": ("STP128", LINK.format(begin=LET_OUT), ["likely"]),
    "a timer that arms itself anew has run before": ("STP128", REARMED, []),
    "the thread is joined": ("STP106", LOOP.format(renewed="other", joined="thread"), ["certain"]),
    "joined only where nobody stops it": ("STP106", LOOP.format(renewed="thread", joined="other"), ["likely"]),
    "another thread is joined": ("STP106", LOOP.format(renewed="other", joined="other"), ["likely"]),
}


@pytest.mark.parametrize("case", CASES)
def test_confidence(case: str) -> None:
    code, source, expected = CASES[case]
    assert [one.confidence for one in check_source(code, source)] == expected
