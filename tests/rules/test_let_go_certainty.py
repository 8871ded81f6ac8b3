"""What STP122 says of tasks that nobody keeps and of which somebody has thought."""

import pytest

from worker_lint.testing import check_source

SOURCE = """
import asyncio
import sys
import typing

class Worker:
    def __init__(self, peer, loop):
        self.peer = peer
        self.loop = loop
        self.jobs = asyncio.Queue()
        self.tasks = set()
        self.ended = asyncio.Event()

    def start(self):
        {said}
        asyncio.create_task(self.run())

    {decorated}
    async def run(self):
        while True:
            job = await self.jobs.get()
            {work}

    {more}
"""
WORK = "await self.peer.send(job)"
WAITED = """async def stop(self):
        await self.ended.wait()
"""
KEEPING = """def prepare(self):
        def make(loop, work, **options):
            task = asyncio.Task(work, loop=loop, **options)
            self.tasks.add(task)
            return task
        self.loop.set_task_factory(make)
"""
EAGER = """def prepare(self):
        self.loop.set_task_factory(asyncio.eager_task_factory)
"""


def found(*, said: str = "", decorated: str = "", work: str = WORK, more: str = "") -> list[str]:
    source = SOURCE.format(said=said, decorated=decorated, work=work, more=more)
    return [one.confidence for one in check_source("STP122", source)]


def test_nobody_has_thought_of_it() -> None:
    assert found() == ["certain"]


@pytest.mark.parametrize(
    "said",
    [
        '"""Send it, fire-and-forget."""',
        '"""Gives a response without a blocking `await`."""',
        "# the caller must not wait for it\n        print(self.peer)",
    ],
)
def test_words_say_that_nobody_is_to_wait(said: str) -> None:
    assert found(said=said) == ["likely"]


def test_a_docstring_on_something_else_says_nothing() -> None:
    assert found(said='"""Start the worker."""') == ["certain"]


def test_what_the_task_factory_keeps_is_kept() -> None:
    assert found(more=KEEPING) == []


def test_a_task_factory_that_keeps_nothing() -> None:
    assert found(more=EAGER) == ["likely"]


def test_a_stop_waits_for_a_sign_of_its_end() -> None:
    signed = f"{WORK}\n            self.ended.set()"
    assert found(work=signed) == ["certain"]
    assert found(work=signed, more=WAITED) == ["likely"]


def test_a_decorator_may_take_the_errors() -> None:
    assert found(decorated="@typing.no_type_check") == ["likely"]
    assert found(decorated="@typing.override") == ["certain"]


@pytest.mark.parametrize(
    "work", [f"{WORK}\n            sys.exit()", f"self.me = asyncio.current_task()\n            {WORK}"]
)
def test_it_ends_the_program_or_is_known_by_itself(work: str) -> None:
    assert found(work=work) == ["likely"]


def test_a_queue_in_memory_gives_no_error() -> None:
    assert found(
        work="try:\n                await self.peer.send(job)\n            except OSError:\n                pass"
    ) == ["likely"]


HANDLED = """
import asyncio

class Agent:
    def __init__(self, api):
        self.api = api

    async def work(self, job):
        try:
            self.job = job
            await self.api.do(job)
        except {caught}:
            await self.api.tell(job)
        finally:
            await self.api.end(job)

    async def take(self, job):
        asyncio.create_task(self.work(job))
"""


@pytest.mark.parametrize(("caught", "expected"), [("Exception", "likely"), ("KeyError", "certain")])
def test_what_follows_upon_a_failure_that_is_taken_is_no_failure(caught: str, expected: str) -> None:
    assert [one.confidence for one in check_source("STP122", HANDLED.format(caught=caught))] == [expected]


BACKGROUND = """
import asyncio
import threading

class Background:
    def __init__(self, loop):
        self.loop = loop
        self.thread = threading.Thread(target=loop.run_forever)

    async def finish(self):
        await self.loop.shutdown_asyncgens()
        {ended}

    def stop(self):
        asyncio.run_coroutine_threadsafe(self.finish(), self.loop)
        self.thread.join()
"""


@pytest.mark.parametrize(("ended", "expected"), [("self.loop.stop()", []), ("self.done = True", ["likely"])])
def test_the_thread_that_is_joined_ends_with_the_coroutine(ended: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP122", BACKGROUND.format(ended=ended))] == expected


NAMED = """
{imported}

class Worker:
    async def run(self):
        self.rounds = 0
        while True:
            await self.peer.send()

    def start(self):
        {start}(self.run())
"""


@pytest.mark.parametrize(
    ("imported", "start", "expected"),
    [
        ("from asyncio import create_task", "create_task", ["certain"]),
        ("from asyncio import (\n    create_task,\n)", "create_task", ["certain"]),
        ("import asyncio as aio", "aio.create_task", ["certain"]),
        ("import asyncio", "self.hub.async_create_task", []),
    ],
)
def test_by_what_name_it_is_started(imported: str, start: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP122", NAMED.format(imported=imported, start=start))] == expected
