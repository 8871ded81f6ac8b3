"""How sure it is that a collection changes while a loop goes over it: what the loop waits for, and who changes it."""

import pytest

from worker_lint.testing import check_source

BUS = """
import asyncio

class Bus:
    def __init__(self, link):
        self.link = link
        self.listeners = dict()
        self.queue = asyncio.Queue()

    async def begin(self):
        {begin}

    async def add(self, name, listener):
        self.listeners[name] = listener

    async def _forget(self, name):
        self.listeners.pop(name)

    async def _put(self, item):
        await self.queue.put(item)

    async def _send(self, item):
        if self.starting:
            await asyncio.gather(*self.starting)
            self.starting = []
        await self.ready.wait()
        self.link.write(item)

    async def _ask(self, item):
        await asyncio.sleep(1)
        self.link.write(item)

    async def _tell(self, event):
        for listener in self.listeners.values():
            {wait}
"""
CASES = {
    "a callback calls what others have put in": ("self.link.consume(self._tell)", "await listener(event)", ["certain"]),
    "a callback sleeps": ("self.link.consume(self._tell)", "await asyncio.sleep(1)", ["certain"]),
    "nobody knows who runs it": ("pass", "await listener(event)", ["likely"]),
    "nobody knows what the wait comes to": ("self.link.consume(self._tell)", "await listener.take(event)", ["likely"]),
    "the wait may be over": ("self.link.consume(self._tell)", "await self._send(event)", ["likely"]),
    "a task may be done": ("self.link.consume(self._tell)", "await listener", ["likely"]),
    "a coroutine waits each time": ("self.link.consume(self._tell)", "await self._ask(event)", ["certain"]),
    "there is always room in the queue": ("self.link.consume(self._tell)", "await self.queue.put(event)", []),
    "nor in a coroutine that only puts": ("self.link.consume(self._tell)", "await self._put(event)", []),
}
OWN = """
class Poller:
    def __init__(self):
        self.readables = set()

    def register(self, fd):
        self.readables.add(fd)

    def begin_again(self):
        for fd in self.readables:
            self.register({given})
"""


def _confidences(source: str) -> list[str]:
    return [one.confidence for one in check_source("STP120", source)]


@pytest.mark.parametrize("case", CASES)
def test_another_task(case: str) -> None:
    begin, wait, expected = CASES[case]
    assert _confidences(BUS.format(begin=begin, wait=wait)) == expected


def test_a_coroutine_that_one_task_takes_after_the_other() -> None:
    begin = "asyncio.create_task(self._tell(1))"
    source = BUS.format(begin=begin, wait="await asyncio.sleep(1)").replace("async def add", "async def _add")
    assert _confidences(source) == ["likely"]


@pytest.mark.parametrize(("given", "expected"), [("fd", []), ("fd + 1", ["likely"])])
def test_adding_a_member_again_changes_nothing(given: str, expected: list[str]) -> None:
    assert _confidences(OWN.format(given=given)) == expected


EXPORTER = """
import asyncio

class Exporter:
    def __init__(self):
        self.groups = {{}}

    async def run(self):
        {run}

    async def poll(self):
        while True:
            for group in self.groups.values():
                await asyncio.sleep(1)

    async def add(self, name):
        self.groups[name] = name
"""
POLL = "self.task = asyncio.create_task(self.poll())"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (f"await self.add('a'); {POLL}", ["likely"]),
        (f"{POLL}; await self.add('a')", ["certain"]),
        (POLL, ["certain"]),
    ],
)
def test_what_is_added_before_the_task_starts(run: str, expected: list[str]) -> None:
    assert _confidences(EXPORTER.format(run=run)) == expected


LINK = """
import asyncio
import aiohttp
from weakref import WeakSet

class Channel:
    def __init__(self, session: aiohttp.ClientSession):
        self.session = session
        self.ready = asyncio.Event()

    async def restore(self):
        if self.ready.is_set():
            return
        {wait}

class Link:
    async def connect(self):
        await self._on_connected()

    async def _on_connected(self):
        pass

class Connection(Link):
    def __init__(self):
        self.channels: WeakSet[Channel] = WeakSet()

    def begin(self):
        self.task = asyncio.create_task(self._keep())

    async def _keep(self):
        while True:
            await Link.connect(self)

    async def _on_connected(self):
        for channel in self.channels:
            await channel.restore()

    def channel(self, session):
        made = Channel(session)
        self.channels.add(made)
        return made
"""


@pytest.mark.parametrize(
    ("wait", "expected"), [("await self.session.ws_connect('/')", ["certain"]), ("await self.ready.wait()", ["likely"])]
)
def test_one_way_that_leaves_the_process_is_enough(wait: str, expected: list[str]) -> None:
    assert _confidences(LINK.format(wait=wait)) == expected


POOL = """
class Pool:
    def __init__(self):
        self.workers = {}

    def drop(self, name):
        worker = self.workers.pop(name)
        worker.close()

    def stop(self):
        for name in self.workers:
            self.drop(name)
"""
BUS_LIST = """
class Bus:
    def __init__(self):
        self.listeners = []

    def unsubscribe(self, listener):
        self.listeners.remove(listener)

    async def publish(self, event):
        for listener in self.listeners:
            await listener(event)
"""


@pytest.mark.parametrize("source", [POOL, BUS_LIST])
def test_what_the_loop_or_a_user_takes_out_is_likely(source: str) -> None:
    assert _confidences(source) == ["likely"]
