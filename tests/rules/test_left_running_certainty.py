"""Which threads, processes and pools a stop surely leaves running, and which only perhaps."""

import textwrap

import pytest

from worker_lint.testing import check_source

THREAD = """
import threading

class Worker:
    def __init__(self, source, path):
        self.source = source
        self.file = open(path, "a")
        self.ending = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
{body}

    def stop(self):
        {stop}
"""
WRITES = "while not self.ending:\n    self.file.write(self.source.next())"
CAUGHT = "while not self.ending:\n    try:\n        self.file.write('')\n    except ValueError:\n        return"
ENDS = "while True:\n    line = self.source.next()\n    if not line:\n        break"
CASES = {
    "it goes round for ever": ("while True:\n    print(self.source.next())", "print()", ["certain"]),
    "a field alone would end it": ("while not self.ending:\n    print(1)", "print()", ["certain"]),
    "its source may end it": (ENDS, "print()", ["likely"]),
    "it writes to what is closed": (WRITES, "self.ending = True; self.file.close()", ["certain"]),
    "it is ready for the error": (CAUGHT, "self.ending = True; self.file.close()", ["likely"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_thread_that_may_end_by_itself_is_only_likely(case: str) -> None:
    body, stop, expected = CASES[case]
    source = THREAD.format(body=textwrap.indent(body, "        "), stop=stop)
    assert [one.confidence for one in check_source("STP110", source)] == expected


PROCESS = """
import subprocess

class Worker:
    def start(self):
        self.child = subprocess.Popen(["converter"]{given})

    def stop(self):
        print("stopped")
"""


@pytest.mark.parametrize(("given", "expected"), [("", ["certain"]), (", start_new_session=True", [])])
def test_a_process_that_is_detached_is_meant_to_go_on(given: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP110", PROCESS.format(given=given))] == expected


TASKS = """
import asyncio

class Consumer:
    def __init__(self, queue):
        self.queue = queue
        self.tasks = []

    async def handle(self, message):
        {handled}

    async def run(self):
        {loop}:
            message = await self.queue.get()
            self.tasks.append(asyncio.create_task(self.handle(message)))
            {after}
"""
GROWING = {
    "each ends, and more come": ("await message.ack()", "while True", "pass", ["certain"]),
    "a batch": ("await message.ack()", "while True", "if message.is_last: break", ["likely"]),
    "as long as there is something": ("await message.ack()", "while self.queue.qsize()", "pass", ["likely"]),
    "nobody knows when one ends": (
        "while await message.next(): pass",
        "while True",
        "pass",
        ["likely"],
    ),
}


@pytest.mark.parametrize("case", GROWING)
def test_tasks_pile_up_where_they_end_and_more_are_started(case: str) -> None:
    handled, loop, after, expected = GROWING[case]
    source = TASKS.format(handled=handled, loop=loop, after=after)
    assert [one.confidence for one in check_source("STP135", source)] == expected


PROGRAM = """
{imports}

class Poller:
    def poll(self):
        return 1

    def close(self):
        {closing}

def {name}():
    poller = {made}
    try:
        while True:
            print(poller.poll())
    except KeyboardInterrupt:
        poller.close()

if __name__ == "__main__":
    {name}()
"""
LAST = "self.log.flush()"
PROGRAMS = {
    "it asks the command line": ("import argparse", "main", "Poller()", LAST, ["certain"]),
    "it is told nothing": ("import time", "main", "Poller()", LAST, ["likely"]),
    "it is called a demonstration": ("import argparse", "demo", "Poller()", LAST, ["likely"]),
    "the system closes it": ("import argparse, socket", "main", "socket.socket()", LAST, ["likely"]),
    "its end only closes": ("import argparse", "main", "Poller()", "self.link.close()", ["likely"]),
}


@pytest.mark.parametrize("case", PROGRAMS)
def test_a_program_that_loses_nothing_or_shows_something_is_only_likely(case: str) -> None:
    imports, name, made, closing, expected = PROGRAMS[case]
    source = PROGRAM.format(imports=imports, name=name, made=made, closing=closing)
    assert [one.confidence for one in check_source("STP116", source)] == expected


ENCODER = """
import asyncio
import queue
import threading

class Recorder:
    def start(self, loop):
        self.jobs = queue.Queue()
        self.ended = loop.create_future()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with open("journal", "a") as journal:
            while (job := self.jobs.get()) is not None:
                journal.write(job)

    async def aclose(self):
        self.jobs.put(None)
        {wait}
"""


@pytest.mark.parametrize(
    ("wait", "found"), [("print()", 1), ("await asyncio.shield(self.ended)", 0), ("await self.ended", 0)]
)
def test_a_future_may_tell_the_end_of_the_thread(wait: str, found: int) -> None:
    assert len(check_source("STP110", ENCODER.format(wait=wait))) == found
