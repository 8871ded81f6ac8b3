"""Which thread locks over an `await` can stop the loop of the coroutine that holds them."""

import textwrap

import pytest

from worker_lint.testing import check_source

SOURCE = """
import asyncio
import threading

class Cache:
    def __init__(self, fetch):
        self.fetch = fetch
        self.lock = threading.{made}
        self.values = {{}}

    async def keep(self, value):
        self.values["one"] = value

    async def get(self):
        with self.lock:
{body}

    {more}
"""
WAITS = "await asyncio.sleep(1)"
RELEASED = """
self.lock.release()
try:
    await asyncio.sleep(1)
finally:
    self.lock.acquire()
"""
ALONE = """def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        while True:
            await self.get()
"""


def found(*, made: str = "Lock()", body: str = WAITS, more: str = "") -> list[str]:
    source = SOURCE.format(made=made, body=textwrap.indent(body.strip(), " " * 12), more=more)
    return [one.confidence for one in check_source("STP134", source) if "held over" in one.message]


@pytest.mark.parametrize("made", ["Lock()", "Semaphore()", "Condition(threading.Lock())"])
def test_a_second_task_stands_still(made: str) -> None:
    assert found(made=made) == ["certain"]


@pytest.mark.parametrize("made", ["RLock()", "Condition()"])
def test_the_thread_of_the_loop_may_take_it_again(made: str) -> None:
    assert found(made=made) == []


@pytest.mark.parametrize("body", ["await self.keep(1)", RELEASED], ids=["nobody gets a turn", "it is given back"])
def test_nobody_can_ask_for_it(body: str) -> None:
    assert found(body=body) == []


def test_the_await_may_be_over_at_once() -> None:
    assert found(body="await self.fetch.ready") == ["likely"]


def test_there_is_one_task_only() -> None:
    assert found(more=ALONE) == ["likely"]
