"""What STP124 says of clean-up that something else does as well, and of what may be a mere generator."""

import pytest

from worker_lint.testing import check_source

TWICE = """
async def run(consumer, producer):
    try:
        try:
            await consumer.run(producer)
        finally:
            await consumer.stop()
            await producer.stop()
    finally:
        await {}.stop()
"""
ENDED = """
import httpx

async def run(consumer, answers):
    client = httpx.AsyncClient()
    try:
        await consumer.run(client, answers)
    finally:
        await consumer.stop()
        await {}.aclose()
"""


@pytest.mark.parametrize(("again", "found"), [("producer", []), ("consumer", ["certain"])])
def test_a_block_around_it_may_release_it_too(again: str, found: list[str]) -> None:
    assert [one.confidence for one in check_source("STP124", TWICE.format(again))] == found


@pytest.mark.parametrize(("ended", "found"), [("client", "certain"), ("answers", "likely")])
def test_a_generator_may_be_dropped(ended: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", ENDED.format(ended))] == [found]


SERVED = """
from aiohttp import web

async def handle(request, leave, ending):
    ws = web.{}(request)
    try:
        await ws.receive()
    finally:
        await leave(ws)
        await ws.close()
{}
"""
MAIN = """
def main():
    asyncio.run(handle(1, 2, 3))
"""


@pytest.mark.parametrize(
    ("made", "more", "found"),
    [("Connection", "", "certain"), ("WebSocketResponse", "", "likely"), ("Connection", MAIN, "likely")],
    ids=["its own", "the server's", "at the end of the program"],
)
def test_somebody_else_may_end_it(made: str, more: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", SERVED.format(made, more))] == [found]


TYPED = """
from collections.abc import AsyncIterator

def items(source) -> {type}: ...

class Reader:
    async def run(self, source):
        found = items(source)
        try:
            async for one in found:
                print(one)
        finally:
            await found.aclose()
            await self.sink.close()

class Link:
    async def __aiter__(self): ...
    async def aclose(self): await self.end()
"""


@pytest.mark.parametrize(("kind", "found"), [("AsyncIterator[int]", "likely"), ("Link", "certain")])
def test_what_is_only_known_as_a_source_of_items_may_be_a_generator(kind: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", TYPED.format(type=kind))] == [found]


ENDING = "try:\n            yield 1\n        finally:\n            await self.source.close()"
GENERATED = """
class Reader:
    def __init__(self, source, sink):
        self.source = source
        self.sink = sink

    async def items(self):
        {body}

    async def run(self):
        items = {made}
        try:
            async for one in items:
                print(one)
        finally:
            await items.aclose()
            await self.sink.close()
"""


@pytest.mark.parametrize(
    ("body", "made", "found"),
    [
        ("async for one in self.source:\n            yield one", "self.items()", []),
        ("while True:\n            yield 1", "aiter(self.items())", []),
        ("while True:\n            yield 1", "self.aiter(self.items())", ["likely"]),
        (
            "try:\n            yield 1\n        finally:\n            await self.source.close()",
            "self.items()",
            ["likely"],
        ),
    ],
)
def test_a_generator_without_an_end_of_its_own_waits_for_nothing(body: str, made: str, found: list[str]) -> None:
    source = GENERATED.format(body=body, made=made)
    assert [one.confidence for one in check_source("STP124", source)] == found


TEE = """
class Tee:
    def __init__(self, items):
        self.parts = tuple(part(items) for part in (1, 2))

    async def aclose(self):
        for part in self.parts:
            await part.aclose()
            {more}

async def run(source, work):
    tee = Tee(source)
    try:
        await work(tee)
    finally:
        await source.stop()
        await tee.aclose()
"""


@pytest.mark.parametrize(("more", "found"), [("pass", "likely"), ("part.kill()", "certain")])
def test_an_object_may_hold_nothing_but_generators(more: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", TEE.format(more=more))] == [found]


FIELD = """
class Relay:
    def __init__(self, source, sink):
        self.source = source
        self.sink = sink

    async def run(self):
        try:
            await self.source.run(self.sink)
        finally:
            await self.source.stop()
            await self.sink.close()

    async def {name}(self):
        await self.sink.close()
"""


@pytest.mark.parametrize(("name", "found"), [("aclose", "likely"), ("swap", "certain")])
def test_a_stop_of_the_object_may_still_end_it(name: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", FIELD.format(name=name))] == [found]


LIFESPAN = """
from contextlib import asynccontextmanager

@asynccontextmanager
async def served({param}, consumer, producer):
    try:
        yield consumer
    finally:
        await consumer.stop()
        await producer.stop()
"""


@pytest.mark.parametrize(("param", "found"), [("app", "likely"), ("it: FastAPI", "likely"), ("it", "certain")])
def test_a_lifespan_ends_with_the_server(param: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", LIFESPAN.format(param=param))] == [found]


CLOCK = """
class Clock:
    def __init__(self):
        self.since = 0

    def stop(self):
        self.since = 1

async def run(consumer):
    clock = Clock()
    try:
        await consumer.run(clock)
    finally:
        await consumer.stop()
        clock.stop()
"""


def test_a_clock_holds_nothing() -> None:
    assert [one.confidence for one in check_source("STP124", CLOCK)] == ["likely"]


SENT = """
import asyncio

class Listener:
    def __init__(self, source, loop):
        self.source = source
        self.loop = loop

    async def listen(self):
        sink = self.source.sink()
        try:
            await self.source.run(sink)
        finally:
            await self.source.stop()
            sink.close()

    def start(self):
        {}
"""


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("asyncio.run_coroutine_threadsafe(self.listen(), self.loop)", "likely"),
        ("asyncio.run(self.listen())", "likely"),
        ("self.task = asyncio.create_task(self.listen())", "certain"),
    ],
)
def test_nobody_holds_a_task_of_it(start: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", SENT.format(start))] == [found]
