"""How sure it is that an event stays unset: what fails before it, and who has asked for the same before."""

import pytest

from worker_lint.testing import check_source

SOURCE = """
import socket
import threading

class Refused(Exception):
    pass

class Server:
    def __init__(self, address):
        self.address = address
        self.ready = threading.Event()

    def start(self):
        {asked}
        threading.Thread(target=self.run).start()
        self.ready.wait()

    def has_address(self):
        return bool(self.address)

    def run(self):
        {fails}
        self.ready.set()
"""
GUARD = "if not self.address:\n            raise Refused"
CASES = {
    "a call fails": ("pass", "socket.create_connection(self.address)", ["certain"]),
    "a guard of its own": ("pass", GUARD, ["likely"]),
    "the same guard stands before the start": (GUARD, GUARD, []),
    "a method asks for it before the start": ("if not self.has_address():\n            return", GUARD, []),
    "another guard stands before the start": ("if not self.ready:\n            return", GUARD, ["likely"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fails_first(case: str) -> None:
    asked, fails, expected = CASES[case]
    diagnostics = check_source("STP125", SOURCE.format(asked=asked, fails=fails))
    assert [one.confidence for one in diagnostics] == expected


SHARED = """
import asyncio
import socket

class Closed(Exception):
    pass

class Link:
    def __init__(self, address, reports):
        self.address = address
        self.reports = reports
        self.closed = False
        self.ready = asyncio.Event()

    async def start(self):
        self.task = asyncio.create_task(self.run())

    async def connect(self):
        return socket.create_connection(self.address).makefile()

    async def open(self):
        if self.closed:
            raise Closed

    async def greet(self, reader):
        if reader.readline() != "ok":
            raise Closed

    def tell(self):
        self.ready.set()

    {other}

    async def run(self):
        {runs}

    async def connected(self):
        {waits}
"""
PLAIN = "await self.connect()\n        self.tell()"
RETRIES = """while True:
            try:
                await self.connect()
                self.tell()
            except Exception:
                await asyncio.sleep(1)
            finally:
                {last}"""
HANDS_ON = """try:
            await self.connect()
        except OSError:
            self.tries = 1
            raise
        self.tell()"""
ENCODED = """try:
            self.text = open("a", encoding="utf-8")
        except OSError:
            self.text = None
        self.tell()"""
WAIT = "await self.ready.wait()"
INNER = "async def loop():\n            await self.ready.wait()\n        {call}"
SHARED_CASES = {
    "it fails before it is set": ("", PLAIN, WAIT, ["certain"]),
    "the loop's handler takes the error": ("", RETRIES.format(last="pass"), WAIT, []),
    "an error behind the handler leaves the loop": ("", RETRIES.format(last="self.reports()"), WAIT, ["likely"]),
    "an error of a call behind the handler leaves the loop": (
        "",
        RETRIES.format(last="await self.connect()"),
        WAIT,
        ["certain"],
    ),
    "a handler hands it on": ("", HANDS_ON, WAIT, ["certain"]),
    "the inner coroutine runs under a limit": ("", PLAIN, INNER.format(call="await asyncio.wait_for(loop(), 5)"), []),
    "the inner coroutine runs without": ("", PLAIN, INNER.format(call="await loop()"), ["certain"]),
    "a block limits the wait": (
        "",
        PLAIN,
        "async with asyncio.timeout(5):\n            await self.ready.wait()",
        [],
    ),
    "a caller limits the wait": (
        "async def ask(self):\n        await asyncio.wait_for(self.connected(), 5)",
        PLAIN,
        WAIT,
        ["likely"],
    ),
    "one of two callers limits the wait": (
        "async def ask(self):\n        await asyncio.wait_for(self.connected(), 5)\n        await self.connected()",
        PLAIN,
        WAIT,
        ["certain"],
    ),
    "another method sets it by the same helper": ("async def pulse(self):\n        self.tell()", PLAIN, WAIT, []),
    "another method calls something else": (
        "async def pulse(self):\n        await self.connect()",
        PLAIN,
        WAIT,
        ["certain"],
    ),
    "a method refuses what is closed": ("", "await self.open()\n        self.tell()", WAIT, ["likely"]),
    "a method refuses what has come in": (
        "",
        "reader = await self.connect()\n        await self.greet(reader)\n        self.tell()",
        WAIT,
        ["certain"],
    ),
    "a method refuses an answer, and nothing else fails": (
        "",
        "await self.greet(self.address)\n        self.tell()",
        WAIT,
        ["certain"],
    ),
    "a file is opened by an encoding that is known": (
        "",
        ENCODED,
        WAIT,
        ["likely"],
    ),
}


@pytest.mark.parametrize("case", SHARED_CASES)
def test_who_else_knows(case: str) -> None:
    other, runs, waits, expected = SHARED_CASES[case]
    diagnostics = check_source("STP125", SHARED.format(other=other, runs=runs, waits=waits))
    assert [one.confidence for one in diagnostics] == expected
