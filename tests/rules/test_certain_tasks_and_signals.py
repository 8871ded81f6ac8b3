"""Which findings on tasks, blocking calls and signals are certain, and which only likely."""

import textwrap

import pytest

from worker_lint.testing import check_source

TASK = """
import asyncio

class Worker:
    def __init__(self, peer):
        self.peer = peer

    async def close(self):
        await self.peer.flush()

    async def renew(self):
        await self.peer.renew()

    async def quiet(self):
        try:
            await self.peer.renew()
        except Exception:
            print("not renewed")

    async def quietly(self):
        await self.quiet()

    async def later(self):
        await asyncio.sleep(5)
        try:
            await self.peer.forget()
        except OSError:
            pass

class Group:
    def __init__(self):
        self.worker = Worker(None)

    async def renew(self):
        await self.worker.renew()
        self.renewed = True

    async def tell(self):
        await self.worker.renew()

    async def show(self):
        async with self.worker.peer.shown():
            self.seen = await self.worker.peer.ask()

    async def disconnect(self):
        self.beating.cancel()
        await self.worker.close()
        self.connected = False

    def connect(self):
        self.beating = asyncio.create_task(self.run())

    async def run(self):
        @@
"""
SIGNAL = """
import queue
import signal
import threading

class Worker:
    def __init__(self):
        self.jobs = queue.Queue()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=print)

    def run(self):
        @@

    def tell(self, number, frame):
        self.jobs.put(None)

    def end(self, number, frame):
        self.ended.set()

    def fresh(self, number, frame):
        timer = threading.Timer(5, print)
        timer.cancel()

    def join(self, number, frame):
        self.thread.join()
"""
BLOCKING = """
import asyncio
import sys
import threading
import time

class Worker:
    def __init__(self):
        self.thread = threading.Thread(target=print)

    async def stop(self):
        @@
"""
WAITING = """
import threading
import time

class Poller:
    def __init__(self):
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            time.sleep(10)

    def stop(self):
        self.stopping.set()
        @@
"""
CLEANUP = """
async def relay(source, target, pump):
    try:
        await pump(source, target)
    finally:
        @@
"""


def confidence(code: str, text: str, part: str) -> list[str]:
    part = textwrap.dedent(part).strip("\n")
    source = text.replace("        @@", textwrap.indent(part, "        "))
    return [one.confidence for one in check_source(code, source)]


@pytest.mark.parametrize(
    ("code", "text", "part"),
    [
        ("STP122", TASK, "asyncio.create_task(self.renew())"),
        ("STP122", TASK, "# TODO: keep it\nasyncio.create_task(self.renew())"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.tell)\nwhile True:\n    self.jobs.get()()"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.end)\nwhile not self.ended.wait(1):\n    self.work()"),
        (
            "STP117",
            SIGNAL,
            "stop = threading.Event()\nsignal.signal(signal.SIGINT, lambda *_: stop.set())\nwhile not stop.wait(1): 0",
        ),
        ("STP134", BLOCKING, "time.sleep(3)\nawait asyncio.sleep(3)\nasyncio.create_task(self.stop())"),
        ("STP106", WAITING, "self.thread.join()"),
        ("STP124", CLEANUP, "await source.drain()\ntarget.close()"),
    ],
)
def test_it_is_certain(code: str, text: str, part: str) -> None:
    assert confidence(code, text, part) == ["certain"]


@pytest.mark.parametrize(
    ("code", "text", "part"),
    [
        ("STP122", TASK, "# the caller must not wait for it\nasyncio.create_task(self.renew())"),
        ("STP122", TASK, "asyncio.create_task(self.worker.close())"),
        ("STP122", TASK, "asyncio.create_task(self.worker.quietly())"),
        ("STP122", TASK, "asyncio.create_task(self.tell())"),
        ("STP122", TASK, "asyncio.create_task(self.worker.later())"),
        ("STP122", TASK, "asyncio.create_task(self.disconnect())"),
        ("STP122", TASK, "asyncio.create_task(self.show())"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGUSR1, self.tell)"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGUSR1, self.tell)\nwhile True:\n    self.jobs.get()()"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.tell)"),
        ("STP117", SIGNAL, "while self.work():\n    self.jobs.get()()\nsignal.signal(signal.SIGTERM, self.tell)"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.end)\nsignal.signal(signal.SIGINT, self.end)"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.end)\nself.ended.wait()"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.end)\nwhile not self.ended.is_set():\n    self.work()"),
        (
            "STP117",
            SIGNAL,
            "stop = threading.Event()\nsignal.signal(signal.SIGTERM, lambda *_: stop.set())\nstop.wait()",
        ),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.end)"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.join)"),
        ("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.tell)\nself.thread.join()"),
        ("STP134", BLOCKING, "time.sleep(3)"),
        ("STP134", BLOCKING, "time.sleep(3)\nasyncio.create_task(self.stop())"),
        ("STP134", BLOCKING, "self.thread.join()"),
        ("STP134", BLOCKING, "self.thread.join(5)"),
        ("STP134", BLOCKING, "time.sleep(0.001)"),
        ("STP134", BLOCKING, "time.sleep(3)  # the device needs it"),
        ("STP134", BLOCKING, "if sys.version_info < (3, 9):\n    self.thread.join()"),
        ("STP106", WAITING, "print()"),
        ("STP124", CLEANUP, "# a second cancellation ends the process\nawait source.drain()\ntarget.close()"),
    ],
)
def test_it_is_likely(code: str, text: str, part: str) -> None:
    assert confidence(code, text, part) == ["likely"]


def test_nobody_else_has_the_lock_of_what_the_handler_makes() -> None:
    assert confidence("STP117", SIGNAL, "signal.signal(signal.SIGTERM, self.fresh)") == []


LOCKED = """
import signal
import threading
import time

class Table:
    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = []
        signal.signal(signal.SIGTERM, self.on_signal)
        {start}

    def on_signal(self, number, frame):
        self.stop()

    def stop(self):
        while self.jobs:
            with self.lock:
                self.jobs.pop()

    def poll(self):
        while True:
            self.step()

    def step(self):
        with self.lock:
            {held}
"""


@pytest.mark.parametrize(
    ("start", "held", "expected"),
    [
        ("self.poll()", "pass", "certain"),
        ("self.step()", "pass", "certain"),
        ("threading.Thread(target=self.poll).start()", "pass", "likely"),
        ("threading.Thread(target=self.poll).start()", "time.sleep(1)", "likely"),
        ("threading.Thread(target=self.poll).start(); self.step()", "pass", "likely"),
        ("threading.Thread(target=self.poll).start(); self.step()", "time.sleep(1)", "certain"),
    ],
)
def test_a_signal_meets_what_the_main_thread_takes_again_or_holds(start: str, held: str, expected: str) -> None:
    found = check_source("STP117", LOCKED.format(start=start, held=held))
    assert [one.confidence for one in found] == [expected]


KICKED = """
import asyncio

class Client:
    def __init__(self):
        self._kicks = asyncio.Queue(maxsize=8)

    async def _kick(self):
        await self._kicks.put(None)

    async def send(self, data):
        await self._kick()

    async def close(self):
        await {ending}
"""


@pytest.mark.parametrize(("ending", "expected"), [("self._kick()", [9]), ("self._kicks.put(None)", [15])])
def test_a_queue_that_others_fill_too_may_be_full_at_the_stop(ending: str, expected: list[int]) -> None:
    diagnostics = check_source("STP107", KICKED.format(ending=ending))
    assert [one.span.line for one in diagnostics] == expected


SERVED = """
import asyncio
from contextlib import asynccontextmanager
from urllib.request import urlopen

@asynccontextmanager
async def served(url):
    {before}
    yield url
    {after}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"), [("urlopen(url)", "pass", "likely"), ("pass", "urlopen(url)", "certain")]
)
def test_nobody_waits_for_what_is_still_being_set_up(before: str, after: str, expected: str) -> None:
    found = check_source("STP134", SERVED.format(before=before, after=after))
    assert [one.confidence for one in found] == [expected]


SERVED_LATER = """
import threading
from http.server import HTTPServer

class Pages:
    def __init__(self):
        self._server = None
        self._ready = threading.Event()

    def start(self):
        threading.Thread(target=self._serve).start()
        {then}

    def _serve(self):
        self._server = HTTPServer(("", 80), None)
        self._ready.set()
        self._server.serve_forever()

    def stop(self):
        self._server.shutdown()
"""


@pytest.mark.parametrize(("then", "expected"), [("pass", "certain"), ("self._ready.wait()", "likely")])
def test_a_start_that_waits_for_a_sign_most_likely_has_it_done(then: str, expected: str) -> None:
    found = check_source("STP128", SERVED_LATER.format(then=then))
    assert [one.confidence for one in found] == [expected]


OPENED = """
from urllib.request import urlopen

async def load(url):
    {say}
    with urlopen(url) as answer:
        return answer.read()
"""


@pytest.mark.parametrize(
    ("say", "expected"), [('assert url.startswith("https:")', "certain"), ('assert url.startswith("data:")', "likely")]
)
def test_what_the_url_itself_holds_comes_from_no_other_machine(say: str, expected: str) -> None:
    assert [one.confidence for one in check_source("STP134", OPENED.format(say=say))] == [expected]
