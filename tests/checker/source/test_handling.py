"""What the bytes of a file tell of how its functions handle errors."""

import pytest

from worker_lint.source.handling import (
    CALLS_ITSELF,
    FALLS_THROUGH,
    JUMP_IN_FINALLY,
    falls_through,
    has_call_before_raise,
    has_jump_in_finally,
    may_call_itself,
    retries,
)
from worker_lint.source.skim import skim


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("close()", False),
        ("close()\n        if full:\n            return", True),
        ('execute("""\nDELETE\n""")\n        return', True),
        ("close()\n    return", False),
        ("unreturned()", False),
    ],
)
def test_a_jump_in_a_finally_block(block: str, *, expected: bool) -> None:
    source = f"def f():\n    try:\n        work()\n    finally:\n        {block}\n"
    assert has_jump_in_finally(source.encode()) is expected


CONNECT = """
class Client:
    async def connect(
        self,
        address,
    ):
        try:
            self.open(address)
        except (
            OSError,
        ):
            {clause}
        {behind}

    def other(self):
        {other}
"""


@pytest.mark.parametrize(
    ("clause", "behind", "other", "expected"),
    [
        ("self.connect(address)", "pass", "pass", True),
        ("pass", "return await self.connect(address)", "pass", True),
        ("pass", "pass", "self.connect(1)", False),
        ("log('''\nno more\n''')\n            self.connect(address)", "pass", "pass", True),
    ],
)
def test_a_function_that_may_call_itself(clause: str, behind: str, other: str, *, expected: bool) -> None:
    assert may_call_itself(CONNECT.format(clause=clause, behind=behind, other=other).encode()) is expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("self.on_stop()\n        raise Again from error", True),
        ("LOGGER.info(1)\n        raise Again from error", False),
        ("self.on_stop()\n        raise", False),
        ("self.on_error()\n        message.reject()", True),
        ("raise Again(self.name())", False),
    ],
)
def test_a_call_before_a_clause_has_done_its_work(clause: str, *, expected: bool) -> None:
    source = f"def f(self, message):\n    try:\n        g()\n    except KeyError as error:\n        {clause}\n"
    assert has_call_before_raise(source.encode()) is expected


@pytest.mark.parametrize(
    ("head", "expected"), [("while True:", True), ("for _ in x:", False), ("while a: b()\n    if x:", False)]
)
def test_a_clause_in_a_loop(head: str, *, expected: bool) -> None:
    source = f"def f():\n    {head}\n        try:\n            g()\n        except OSError:\n            pass\n"
    assert retries(source.encode()) is expected


READ = """
def read(
    source,
) -> str:
    {before}
    try:
        {body}
    except OSError:
        {clause}
    {behind}
"""


@pytest.mark.parametrize(
    ("before", "body", "clause", "behind", "expected"),
    [
        ("pass", "text = load()", "log.error('no')", "return text", True),
        ("pass", "text, more = load()", "log.error('no')", "return text", True),
        ("pass", "(text,\n         more) = load()", "log.error('no')", "return more", True),
        ("pass", "for text in load(): pass", "log.error('no')", "return text", True),
        ("pass", "check(text := load())", "log.error('no')", "return text", True),
        ("pass", "text: str = load()", "log.error(text)\n        return ''", "return ''", True),
        ("pass", "text = load()", "log.error('no')", "return source", False),
        ("text = ''", "text = load()", "log.error('no')", "return text", False),
        ("pass", "text = load()", "log.error('no')\n        return ''", "return text", False),
        ("pass", "text = load()", "log.error('no')\n        return ''", "finally:\n        text.end()", True),
        ("pass", "text = load()", "pass", "return text", False),
        ("pass", "self.text = load()", "log.error('no')", "return self.text", False),
    ],
)
def test_a_name_that_may_be_left_unbound(before: str, body: str, clause: str, behind: str, *, expected: bool) -> None:
    source = READ.format(before=before, body=body, clause=clause, behind=behind)
    assert falls_through(source.encode()) is expected


def test_the_screen_knows_them() -> None:
    words = tuple(word.encode() for word in (JUMP_IN_FINALLY, CALLS_ITSELF, FALLS_THROUGH))
    source = READ.format(before="pass", body="text = load()", clause="log.error('no')", behind="return text")
    assert skim(source.encode(), words).words == 0b100
