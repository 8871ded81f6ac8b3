"""What is certain of jumps in `finally` whose exception is told of in another way, or cannot be on its way."""

import pytest

from worker_lint.testing import check_source

CALLEE = """
import logging

class Worker:
    def execute(self, job):
        name = job["name"]
        try:
            self.run(name)
            return True
        {clause}

    def loop(self, queue):
        for job in queue:
            try:
                {block}
            finally:
                queue.task_done()
                break
"""
CAUGHT = 'except Exception:\n            logging.exception("failed")\n            return False'


@pytest.mark.parametrize(
    ("clause", "block", "expected"),
    [
        (CAUGHT, "self.execute(job)", "likely"),
        (CAUGHT.replace("Exception", "ValueError"), "self.execute(job)", "certain"),
        (CAUGHT.replace("return False", "raise"), "self.execute(job)", "certain"),
        (CAUGHT, "queue.ack(self.execute(job))", "certain"),
    ],
)
def test_a_callee_that_takes_its_errors(clause: str, block: str, expected: str) -> None:
    found = check_source("ERR116", CALLEE.format(clause=clause, block=block))
    assert [one.confidence for one in found] == [expected]


CLEAN_UP = """
import logging

{start}def loop(queue, store):
    for job in queue:
        try:
            {block}
        finally:
            try:
                store.delete(job)
            except OSError as error:
                {clause}
"""


@pytest.mark.parametrize(
    ("start", "block", "clause", "expected"),
    [
        ("", "job.run()", 'logging.warning("no clean-up: %s", error); break', "likely"),
        ("", "job.run()", "break", "certain"),
        ("", "job.run()", 'if store.is_gone: logging.warning("gone")\n                break', "certain"),
        ("async ", "await job.run()", 'logging.warning("no clean-up: %s", error); break', "certain"),
    ],
)
def test_a_clean_up_whose_failure_is_logged(start: str, block: str, clause: str, expected: str) -> None:
    found = check_source("ERR116", CLEAN_UP.format(start=start, block=block, clause=clause))
    assert [one.confidence for one in found] == [expected]


FLAG = """
import jsonschema
import logging

class Client:
    SCHEMA = {{"type": "object"}}

    {start}def is_valid(self, conf):
        valid = {before}
        try:
            {block}
            valid = {after}
        except {caught}:
            {clause}
        finally:
            return valid
"""
CALL = "jsonschema.validate(conf, self.SCHEMA)"
LOG = 'logging.error("bad: %s", conf)'


@pytest.mark.parametrize(
    ("start", "before", "block", "after", "caught", "clause", "expected"),
    [
        ("", "False", CALL, "True", "jsonschema.ValidationError", LOG, "likely"),
        ("", "False", CALL, "True", "(ValueError, jsonschema.ValidationError)", LOG, "certain"),
        ("", "False", CALL, "True", "jsonschema.ValidationError", "pass", "certain"),
        ("", "False", CALL, "True", "ValueError", LOG, "certain"),
        ("", "True", CALL, "True", "jsonschema.ValidationError", LOG, "certain"),
        ("", "False", CALL, "conf.good", "jsonschema.ValidationError", LOG, "certain"),
        ("", "False", "conf.read(); " + CALL, "True", "jsonschema.ValidationError", LOG, "certain"),
        ("", "False", "self.connection.ping()", "True", "jsonschema.ValidationError", LOG, "certain"),
        ("async ", "False", "await " + CALL, "True", "jsonschema.ValidationError", LOG, "certain"),
    ],
)
def test_a_flag_that_says_no(  # noqa: PLR0917 - the parts of the code
    start: str, before: str, block: str, after: str, caught: str, clause: str, expected: str
) -> None:
    source = FLAG.format(start=start, before=before, block=block, after=after, caught=caught, clause=clause)
    assert [one.confidence for one in check_source("ERR116", source)] == [expected]


AGAIN = """
def user(session):
    try:
        {block}
    except LookupError:
        session.reset()
    finally:
        return {given}
"""


@pytest.mark.parametrize(
    ("block", "given", "expected"),
    [
        ("return session.query(User).one()", "session.query(User).one()", "likely"),
        ("session.query(User).one()", "session.query(User).one()", "likely"),
        ("return session.query(User).one()", "session.query(User).first()", "certain"),
        ("session.open()\n        return session.query(User).one()", "session.query(User).one()", "certain"),
    ],
)
def test_what_failed_is_done_again(block: str, given: str, expected: str) -> None:
    found = check_source("ERR116", AGAIN.format(block=block, given=given))
    assert [one.confidence for one in found] == [expected]


@pytest.mark.parametrize(("block", "is_told"), [("await link.close()", True), ("link.close()", False)])
def test_the_cancellation_is_named_where_the_block_awaits(block: str, is_told: bool) -> None:  # noqa: FBT001
    source = f"async def close(link):\n    try:\n        {block}\n    finally:\n        return True\n"
    (found,) = check_source("ERR116", source)
    assert ("cancellation" in found.consequence) is is_told
