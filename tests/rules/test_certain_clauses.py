"""What proves that a clause loses an exit or retries in vain, and what a finding says about the path that goes on."""

import pytest

from worker_lint.testing import check_source

LOOP = """
import logging
import sys
import time

class Pause:
    def __init__(self, stopping):
        self.stopping = stopping

    def sleep(self, seconds):
        if self.stopping.is_set():
            raise RuntimeError("stop")

def {name}(path, pause: Pause):
    while True:
        try:
            time.sleep(1)
            {work}
        except BaseException:
            logging.exception("turn failed")
            {clause}

def {caller}():
    consume("jobs", Pause(None))
"""


@pytest.mark.parametrize(
    ("name", "caller", "work", "clause", "expected"),
    [
        ("main", "other", "open(path)", "", "certain"),
        ("consume", "main", "open(path)", "", "certain"),
        ("consume", "main", "open(path)", "time.sleep(1)", "certain"),
        ("consume", "main", "open(path)", "pause.sleep(1)", "likely"),
        ("consume", "other", "open(path)", "", "likely"),
        ("consume", "other", "sys.exit(open(path))", "", "certain"),
    ],
)
def test_an_exit_has_to_arrive(name: str, caller: str, work: str, clause: str, expected: str) -> None:
    found = check_source("ERR109", LOOP.format(name=name, caller=caller, work=work, clause=clause))
    assert [one.confidence for one in found] == [expected]


TIMER = """
import asyncio

class Sender:
    def __init__(self, sock):
        self.sock = sock
        self.done = False
        self.wake = asyncio.Condition()

    async def _wait(self):
        async with self.wake:
            await self.wake.wait()

    async def run(self):
        while not self.done:
            try:
                await {step}
            except Exception:
                pass
"""


@pytest.mark.parametrize(
    ("step", "count"), [("asyncio.wait_for(self._wait(), 1)", 0), ("asyncio.wait_for(self.sock.read(), 1)", 1)]
)
def test_the_pacing_of_a_loop(step: str, count: int) -> None:
    assert len(check_source("ERR106", TIMER.format(step=step))) == count


JOBS = """
class Job:
    def __init__(self, work):
        self.work = work

    def run(self):
        {body}

def loop(job: Job, stopping):
    while not stopping.is_set():
        try:
            job.run()
        except Exception:
            pass
"""


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("self.work()", 1),
        ("try:\n            self.work()\n        except Exception:\n            print(1)", 1),
        ("try:\n            self.work()\n        except Exception:\n            self.work = None", 0),
    ],
)
def test_what_takes_its_errors_itself(body: str, count: int) -> None:
    assert len(check_source("ERR106", JOBS.format(body=body))) == count


CLIENT = """
import time
import redis

class Worker:
    def __init__(self):
        self.client = redis.Redis()

    def _next(self):
        try:
            return self.client.blpop("jobs", timeout=1)
        except {inner}:
            raise

    def run(self):
        while True:
            try:
                item = self._next()
            except redis.ConnectionError:
                time.sleep(5)
"""


@pytest.mark.parametrize(("inner", "expected"), [("KeyError", "certain"), ("redis.AuthenticationError", "likely")])
def test_a_function_in_between_may_make_another_error_of_it(inner: str, expected: str) -> None:
    assert [one.confidence for one in check_source("ERR104", CLIENT.format(inner=inner))] == [expected]


IMAGE = """
import logging

def prune(client, name):
    try:
        image = client.get_image(name)
    except OSError as error:
        {clause}
    client.remove({value})
"""


@pytest.mark.parametrize(
    ("clause", "value", "says"),
    [
        ('logging.error("no %s", name)', "image", "the failure is logged here, and the code goes on"),
        ('logging.error("no %s", image)', "name", "the failure is on its way to the log here"),
        (
            'if error.errno == 2:\n            logging.error("no %s", name)\n            return',
            "image",
            "not all that `except OSError` takes ends here",
        ),
    ],
)
def test_the_note_follows_the_path(clause: str, value: str, says: str) -> None:
    found = check_source("ERR119", IMAGE.format(clause=clause, value=value))
    assert [note.message for one in found for note in one.related][1:] == [says]


TWICE = """
from requests.exceptions import ConnectionError

def get(session, url):
    try:
        return session.get(url)
    except {first}:
        return None
    except {second}:
        return 0
"""


@pytest.mark.parametrize(
    ("first", "second", "message", "advice"),
    [
        ("ValueError", "ValueError", "`except ValueError` can never run", "delete this clause"),
        ("OSError", "ConnectionError", "`except requests.exceptions.ConnectionError` can never run", "put the clause"),
    ],
)
def test_classes_are_told_apart(first: str, second: str, message: str, advice: str) -> None:
    (one,) = check_source("ERR110", TWICE.format(first=first, second=second))
    assert one.message == message
    assert one.help is not None
    assert one.help.startswith(advice)


ATTEMPTS = """
import asyncio
import sys

async def retry(states, work, log):
    while True:
        state = await states.get()
        {ask}
        try:
            await work(state)
        except BaseException as error:
            {clause}
"""


@pytest.mark.parametrize(
    ("ask", "clause", "expected"),
    [
        ("", "log.exception('failed')", ["certain"]),
        ("", "state.set_exception(error)", ["likely"]),
        ("log.decide(state)", "state.set_exception(sys.exc_info())", []),
        ("log.decide(state)", "log.error('failed: %s', error)", ["certain"]),
    ],
)
def test_a_cancellation_that_is_handed_on(ask: str, clause: str, expected: list[str]) -> None:
    found = check_source("ERR108", ATTEMPTS.format(ask=ask, clause=clause))
    assert [one.confidence for one in found] == expected


TURNS = """
class Pool:
    def __init__(self, queue, client):
        self.queue = queue
        self.client = client
        self.stopped = False

    def run(self):
        while not self.stopped:
            job = self.queue.get()
            try:
                {work}
            except Exception:
                pass
"""


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ("self.client.beat(1)", "certain"),
        ("job[0](*job[1])", "likely"),
        ("job.run()", "likely"),
        ("self.client.send(job)", "likely"),
        ("self.client.send(job=self.client.next())", "certain"),
    ],
)
def test_what_fails_in_every_turn(work: str, expected: str) -> None:
    assert [one.confidence for one in check_source("ERR106", TURNS.format(work=work))] == [expected]


COUNTED = """
def show(log, client, owner):
    left = len(log)
    while {test}:
        try:
            client.send(1)
        except Exception:
            pass
        {count}
"""


@pytest.mark.parametrize(
    ("test", "count", "expected"),
    [
        ("left", "left -= 1", "likely"),
        ("left and owner.running", "left -= 1", "likely"),
        ("left", "client.seen -= 1", "certain"),
        ("left", "left += 1", "certain"),
        ("left or owner.running", "left -= 1", "certain"),
    ],
)
def test_a_loop_that_counts_down(test: str, count: str, expected: str) -> None:
    found = check_source("ERR106", COUNTED.format(test=test, count=count))
    assert [one.confidence for one in found] == [expected]
