"""A handler that leaves its message to one function: there the message is looked at."""

import textwrap
from collections.abc import Callable

import pytest

from worker_lint.analysis import Project

ProjectOf = Callable[[str], Project]

FRAME = """
import logging
import aio_pika

class Worker:
    async def main(self, queue: aio_pika.Queue):
        await queue.consume(self.on_message)

    async def on_message(self, message):
{body}

    async def one(self, message, text=b""):
        if message.body:
            await message.ack()
"""


def handed(project_of: ProjectOf, body: str, more: str = "") -> list[str]:
    source = FRAME.format(body=textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8)) + more
    deliveries = project_of(source).deliveries.of("worker.py")
    return [f"{one.function.name}({', '.join(sorted(one.names | one.payload))})" for one in deliveries[1:]]


def test_the_only_statement_that_takes_it_leads_to_it(project_of: ProjectOf) -> None:
    assert handed(project_of, "logging.info('%s', message)\nawait self.one(message)") == ["one(message)"]


def test_what_the_message_says_is_handed_on_with_it(project_of: ProjectOf) -> None:
    assert handed(project_of, "await self.one(message, message.body)") == ["one(message, text)"]


@pytest.mark.parametrize(
    "body",
    [
        "done = await self.one(message)",
        "self.one(message)",
        "await self.one(message)\nawait other(message)",
        "await self.one(message)\nawait message.reject()",
        "async with message.process():\n    await self.one(message)",
        "await self.one(message)\nawait self.one(message)",
    ],
)
def test_whoever_may_settle_it_else_keeps_it(project_of: ProjectOf, body: str) -> None:
    assert handed(project_of, body) == []


def test_a_function_that_others_call_too_is_left_alone(project_of: ProjectOf) -> None:
    more = "\n    async def again(self, message):\n        await self.one(message)\n"
    assert handed(project_of, "await self.one(message)", more) == []
