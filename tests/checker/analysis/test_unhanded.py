"""What an error in a method that builds the object leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.unhanded import in_construction

SOURCE = """
import atexit
import pika
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

class Worker:
    {method}

    async def begin(self):
        {begin}

    def stop(self):
        self.a.close()
        self.b.close()

class Client:
    {method}

    async def stop(self):
        await self.a.stop()
        await self.b.stop()
"""
TWO = "self.a = pika.BlockingConnection(); self.b = pika.BlockingConnection()"
CLIENTS = "self.a = AIOKafkaConsumer('x'); self.b = AIOKafkaProducer(); await self.a.start(); await self.b.start()"
CASES = {
    "made in __init__": ("Worker.__init__", TWO, "pass", ["self.a"]),
    "made in a method that others call": ("Worker.begin", "pass", TWO, []),
    "made in a method that entering calls": ("Worker.begin", "await self.begin()", TWO, ["self.a"]),
    "with a way to end it": ("Worker.begin", "await self.begin()", f"atexit.register(self.stop); {TWO}", []),
    "started, not only made": ("Client.__aenter__", CLIENTS, "pass", ["self.a"]),
    "made and not started": ("Client.__aenter__", CLIENTS.partition("; await")[0], "pass", []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_failed_construction_leaves_open(project_of: Any, method_of: Any, case: str) -> None:
    name, code, begin, expected = CASES[case]
    first = "def __init__(self):" if name.endswith("__init__") else "async def __aenter__(self):"
    method = f"{first}\n        " + code.replace("; ", "\n        ")
    project = project_of(SOURCE.format(method=method, begin=begin.replace("; ", "\n        ")))
    function, cls = method_of(project, name)
    assert [one.held.name for one in in_construction(project, function, cls)] == expected
