"""When the cause of an error is surely missed: unlike failures come out of the block, and somebody gets there."""

import pytest

from worker_lint.testing import check_source


def _confidence(source: str) -> list[str]:
    """How sure ERR114 is of each finding in a file."""
    return [one.confidence for one in check_source("ERR114", source)]


BLOCK = """
import logging
import math
import subprocess

class StoreError(Exception):
    pass

def current(slots):
    return slots["tracer"]

def run(item, client, slots):
    try:
        {body}
    {before}except Exception:
        logging.error("could not do it")

run(1, 2, {{}})
"""


@pytest.mark.parametrize(
    ("body", "before", "expected"),
    [
        ("subprocess.check_call(item)", "", ["certain"]),
        ("client.send(item)", "", ["certain"]),
        ("client.close()", "", ["likely"]),
        ("found = {}; found.update(item); found.clear()", "", ["likely"]),
        ("client.results.put_nowait(item)", "", ["likely"]),
        ("field, build = item.parts if len(item.parts) == 2 else (1, 2)", "", []),
        ("item.area = math.sqrt(item.size); item.log = math.log(item.size)", "", ["likely"]),
        ("if current(slots) is None: raise RuntimeError", "", ["likely"]),
        ("item.on = client.options.is_on()", "except AttributeError:\n        item.on = False\n    ", ["likely"]),
        ("client.open(); item.on = client.is_on()", "except AttributeError:\n        item.on = 0\n    ", ["certain"]),
    ],
)
def test_unlike_failures(body: str, before: str, expected: list[str]) -> None:
    assert _confidence(BLOCK.format(body=body, before=before)) == expected


ROLLBACK = """
import logging

class StoreError(Exception):
    pass

def make(client):
    {made}
    return client.create()

def store(client):
    try:
        return make(client)
    except StoreError:
        try:
            client.delete()
        except Exception:
            logging.warning("could not roll back")

store(None)
"""


@pytest.mark.parametrize(("made", "expected"), [("pass", "likely"), ("raise StoreError", "certain")])
def test_a_clause_that_nothing_enters(made: str, expected: str) -> None:
    assert _confidence(ROLLBACK.format(made=made)) == [expected]


FUNCTION = '''
import logging
import shutil

def copy(path, links=False):
    """{says}"""
    if links:{mark}
        try:
            shutil.move(path, "there")
        except Exception:
            logging.warning("could not move it")

{use}
'''


@pytest.mark.parametrize(
    ("mark", "use", "says", "expected"),
    [
        ("", "copy(1)", "Copy it.", "certain"),
        ("", "copy(1)", "Best-effort copy.", "likely"),
        ("  # pragma: no cover", "copy(1)", "Copy it.", "likely"),
        ("", "", "Move it.", "likely"),
    ],
)
def test_code_that_nobody_is_seen_to_run(mark: str, use: str, says: str, expected: str) -> None:
    assert _confidence(FUNCTION.format(mark=mark, use=use, says=says)) == [expected]
