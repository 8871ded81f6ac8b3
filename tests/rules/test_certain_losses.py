"""What proves that an error is lost: dropped turn for turn, logged without its cause, kept in a task."""

import pytest

from worker_lint.testing import check_source

SPINNING = """
import socket
import time

class Server:
    def __init__(self, sock, wake):
        self.sock = sock
        self.wake = wake
        self.running = True

    def run(self):
        while {test}:
            {comment}
            try:
                self.handle(self.sock.recv(8192))
            except {named}:
                pass
            {rest}
"""


@pytest.mark.parametrize(
    ("test", "comment", "named", "rest", "expected"),
    [
        ("True", "", "OSError", "", "certain"),
        ("True", "", "OSError", "time.sleep(1)", "likely"),
        ("True", "", "ConnectionResetError", "", "likely"),
        ("self.running", "", "OSError", "", "likely"),
        ("not self.wake.wait(1)", "", "OSError", "", "likely"),
        ("self.running", "", "Exception", "", "certain"),
        ("not self.wake.wait(1)", "", "Exception", "", "certain"),
        ("self.peer.is_alive()", "", "Exception", "", "likely"),
        ("self.running", "# best effort: the sender counts what is lost", "Exception", "", "likely"),
    ],
)
def test_a_loop_that_turns_in_vain(test: str, comment: str, named: str, rest: str, expected: str) -> None:
    source = SPINNING.format(test=test, comment=comment, named=named, rest=rest)
    assert [one.confidence for one in check_source("ERR106", source)] == [expected]


HALVES = """
import sys

class Stream:
    def write(self, text):
        {work}
        except Exception:
            if sys.platform != "win32":
                self.file.write(text.encode("ascii", "replace").decode())
                name = "plain"
        self.file.flush()
"""


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("try:\n            self.file.write(text)", "certain"),
        ("name = ''\n        try:\n            name = self.file.write(text)", "likely"),
        ("try:\n            self.file.announce(text)", "likely"),
    ],
)
def test_done_again_on_one_platform(work: str, expected: str) -> None:
    assert [one.confidence for one in check_source("ERR106", HALVES.format(work=work))] == [expected]


RECONNECT = """
import asyncio

class Client:
    async def __clean_up(self, error):
        {body}

    async def connect(self):
        while True:
            try:
                return await self.open()
            except asyncio.CancelledError as error:
                {clause}
            {rest}
            await asyncio.sleep(1)
"""


@pytest.mark.parametrize(
    ("body", "clause", "rest", "expected"),
    [
        ("await self.peer.close(error)", "await self.__clean_up(error)", "", "certain"),
        ("if self.closed: raise error", "await self.__clean_up(error)", "", "likely"),
        ("await self.peer.close(error)", "await self.__clean_up(error)", "if self.closed: break", "likely"),
        ("await self.peer.close(error)", "self.error = error", "", "likely"),
        ("await self.peer.close(error)", "self.peer.fail(error)", "", "likely"),
    ],
)
def test_a_cancellation_that_cleaning_up_gets(body: str, clause: str, rest: str, expected: str) -> None:
    found = check_source("ERR108", RECONNECT.format(body=body, clause=clause, rest=rest))
    assert [one.confidence for one in found] == [expected]


LINES = """
import logging
import requests

logger = logging.getLogger(__name__)
info, warn = logger.info, logger.warning

def error(text):
    print(text)

def main(jobs, future):
    for job in jobs:
        try:
            {work}
        except Exception:
            {line}

main([], None)
"""


@pytest.mark.parametrize(
    ("work", "line", "expected"),
    [
        ("requests.get(job)", "warn('job lost')", "certain"),
        ("requests.get(job)", "error('job lost')", "likely"),
        ("requests.get(job)", "logger.error('could not find the job')", "likely"),
        ("requests.get(job)", "logger.error('the job cannot be found')", "likely"),
        ("requests.get(job)", "logger.error('unable to fetch the job')", "certain"),
        ("future.result(timeout=5)", "logger.error('job lost')", "likely"),
        ("future.result()", "logger.error('job lost')", "certain"),
    ],
)
def test_a_line_that_leaves_a_question(work: str, line: str, expected: str) -> None:
    assert [one.confidence for one in check_source("ERR114", LINES.format(work=work, line=line))] == [expected]


ONCE = """
import asyncio
import requests

class Once:
    def __init__(self, callback{default}):
        self.callback = callback
        self._task = None

    async def _run(self):
        {body}

    def start(self):
        self._task = asyncio.create_task(self._run())

    def stop(self):
        self._task.cancel()

async def greet():
    requests.get("http://localhost")

def make(callback):
    return Once({given})
"""

PREPARED = "try:\n            await self.callback()\n        finally:\n            self.done = True"


@pytest.mark.parametrize(
    ("default", "body", "given", "expected"),
    [
        ("", PREPARED, "callback", "certain"),
        ("", PREPARED, "greet", "likely"),
        ("=None", PREPARED, "callback", "likely"),
        ("", "await self.callback()", "callback", "likely"),
    ],
)
def test_a_callback_whose_failure_is_foreseen(default: str, body: str, given: str, expected: str) -> None:
    found = check_source("ERR117", ONCE.format(default=default, body=body, given=given))
    assert [one.confidence for one in found] == [expected]
