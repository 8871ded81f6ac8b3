"""What STP122 says of tasks whose end follows from a link, or whose errors come to a handler of the loop."""

import pytest

from worker_lint.testing import built_in_packs, check_files, check_source

CONSOLE = """
import asyncio

class Console:
    async def start(self, server):
        self.link = await server.open()
        self.other = await server.open()
        asyncio.ensure_future(self.copy({given}))

    async def copy(self, link, out=None):
        while True:
            out.feed(await {waited})

    {static}
    async def watch(link):
        async for message in link:
            await print(message)

    async def {end}(self):
        if self.link:
            await self.link.close()
"""
CASES = {
    "what the object keeps and closes": ({}, ["likely"]),
    "by name": ({"given": "out=print, link=self.link"}, ["likely"]),
    "kept, but not closed": ({"given": "self.other"}, ["certain"]),
    "not waited for": ({"waited": "out.get()"}, ["certain"]),
    "another one is waited for": ({"given": "self.other, self.link"}, ["certain"]),
    "a local": ({"given": "server"}, ["certain"]),
    "by another method than a stop": ({"end": "reset"}, ["likely"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_link_that_is_kept(case: str) -> None:
    changed, expected = CASES[case]
    parts = {"given": "self.link, print", "waited": "link.receive()", "end": "stop", "static": "@staticmethod"}
    found = check_source("STP122", CONSOLE.format(**(parts | changed)))
    assert [one.confidence for one in found] == expected


ROBOT = """
import asyncio

class Robot:
    def __init__(self, peer):
        self.peer = peer
        asyncio.ensure_future(self.prepare())

    async def prepare(self):
        while True:
            self.state = await self.peer.ask()
"""
RUNNING = """
from robot import {name}

def run(loop, peer):
    loop.{handler}(print)
    return {name}
"""


@pytest.mark.parametrize(
    ("name", "handler", "expected"),
    [
        ("Robot", "set_exception_handler", ["likely"]),
        ("Robot", "set_debug", ["certain"]),
        ("asyncio", "set_exception_handler", ["certain"]),
    ],
)
def test_a_file_that_knows_the_class_sees_to_what_the_loop_is_left_with(
    name: str, handler: str, expected: list[str]
) -> None:
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP122"]
    files = {"robot.py": ROBOT, "running.py": RUNNING.format(name=name, handler=handler)}
    assert [one.confidence for one in check_files(files, rules).diagnostics] == expected
