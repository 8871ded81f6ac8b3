"""What is certain of jumps in `finally`, of functions that call themselves again, of hooks and of fatal errors."""

import pytest

from worker_lint.testing import check_source

JUMP = """
def result(answer, stats):
    {before}
    try:
        {body}
    except ValueError as error:
        raise AnswerError(answer) from error
    finally:
        stats.count(answer)
        {test}
            return answer["data"]
    raise CodeError(answer)
"""


@pytest.mark.parametrize(
    ("before", "body", "test", "expected"),
    [
        ("code = None", "code = Code(answer)", "if code == Code.OK:", []),
        ("code = None", "code = Code(answer)", "if code is not None and answer:", []),
        ("code = None", "code = Code(answer)", "if not (code is None or answer):", []),
        ("code = None", "code = Code(answer)", "if code in Code.GOOD:", ["likely"]),
        ("code = None", "code = Code(answer)", "if code is None:", ["likely"]),
        ("code = load()", "code = Code(answer)", "if code is not None:", ["likely"]),
        ("done = False", "done = check(answer)", "if done:", []),
        ("done = False", "done = check(answer)", "if not done:", ["likely"]),
        ("code = None", "code = Code(answer); check(code)", "if code is not None:", ["likely"]),
        ("code = None", "code = Code(answer)", "if stats.is_full:", ["certain"]),
    ],
)
def test_a_jump_that_only_a_finished_block_can_meet(before: str, body: str, test: str, expected: list[str]) -> None:
    found = check_source("ERR116", JUMP.format(before=before, body=body, test=test))
    assert [one.confidence for one in found] == expected


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", "certain"),
        ("  # TODO", "certain"),
        ("  # noqa: B012", "likely"),
        ("  # pylint: disable=lost-exception", "likely"),
        ("  # whoever asks wants an answer in any case", "likely"),
    ],
)
def test_a_jump_that_is_meant(comment: str, expected: str) -> None:
    source = f"def ask(client):\n    try:\n        client.ask()\n    finally:\n        return 0{comment}\n"
    assert [one.confidence for one in check_source("ERR116", source)] == [expected]


OPEN = "try:\n                self.reopen()\n            "
AGAIN = """
import asyncio

class Client:
    async def connect(self, address, first={first}):
        {start}
        try:
            await self.open(address, first)
        except {caught}:
            {clause}
            return await self.connect({handed})
"""


@pytest.mark.parametrize(
    ("caught", "clause", "handed", "start", "expected"),
    [
        ("OSError", "await asyncio.sleep(5)", "address", "", ["certain"]),
        ("OSError", "await asyncio.sleep(5)", "address, first=first", "", ["certain"]),
        ("OSError", "await asyncio.sleep(5)", "address", "if first: self.greet()", ["likely"]),
        ("OSError", "await asyncio.sleep(5)", "address, first=address", "", []),
        ("OSError as address", "await asyncio.sleep(5)", "address", "", []),
        ("asyncio.TimeoutError", "if self.stopping: return", "address", "", ["certain"]),
        ("asyncio.TimeoutError", "if self.used_up(self.attempts): return", "address", "", ["likely"]),
        ("OSError", "self.forget(address)", "address", "", ["likely"]),
        ("OSError", f"{OPEN}except OSError:\n                return", "address", "", []),
        ("OSError", f"{OPEN}except OSError:\n                self.failed = True", "address", "", ["likely"]),
        ("OSError", f"{OPEN}except ValueError:\n                return", "address", "", ["likely"]),
    ],
)
def test_a_retry_for_trouble_that_lasts(caught: str, clause: str, handed: str, start: str, expected: list[str]) -> None:
    source = AGAIN.format(first=True, caught=caught, clause=clause, handed=handed, start=start)
    assert [one.confidence for one in check_source("ERR113", source)] == expected


HOOK = """
class Reschedule(Exception):
    pass

class TaskSet{bases}:
    def {name}(self):
        '''{text}'''

    def run(self):
        try:
            self.execute()
        except KeyError as error:
            self.{name}()
            raise Reschedule from error

{override}
"""
FLAG = "class Own(TaskSet):\n    def {name}(self):\n        self.ended = True"
WORK = "class Own(TaskSet):\n    def {name}(self):\n        self.client.log_out()"


@pytest.mark.parametrize(
    ("name", "text", "bases", "override", "expected"),
    [
        ("on_stop", "Called when the user stops.", "", "", ["certain"]),
        ("on_stop", "For subclasses to override.", "", WORK, ["certain"]),
        ("on_stop", "The end.", "", WORK, ["likely"]),
        ("on_stop", "The end.", "", "", ["likely"]),
        ("on_stop", "Called when the user stops.", "", FLAG, []),
        ("on_stop", "Called when the user stops.", "(unknown.Base)", "", []),
        ("_on_stop", "Called when the user stops.", "", "", []),
        ("_on_stop", "Called when the user stops.", "", WORK, ["likely"]),
    ],
)
def test_a_hook_that_others_fill(name: str, text: str, bases: str, override: str, expected: list[str]) -> None:
    source = HOOK.format(name=name, text=text, bases=bases, override=override.format(name=name))
    assert [one.confidence for one in check_source("ERR115", source)] == expected


LOOP = """
import time
import {library}

def connect({library}_client):
    client = {made}
    while True:
        try:
            {call}
        except {caught}:
            time.sleep(5)
"""


@pytest.mark.parametrize(
    ("library", "made", "call", "caught", "expected"),
    [
        ("redis", "redis.Redis()", 'client.blpop("jobs")', "redis.ConnectionError", ["certain"]),
        ("pika", "None", "return pika.BlockingConnection()", "pika.exceptions.AMQPConnectionError", ["certain"]),
        ("pika", "None", "return pika.BlockingConnection()", "Exception", ["likely"]),
    ],
)
def test_what_refuses_for_ever(library: str, made: str, call: str, caught: str, expected: list[str]) -> None:
    source = LOOP.format(library=library, made=made, call=call, caught=caught)
    assert [one.confidence for one in check_source("ERR104", source)] == expected
