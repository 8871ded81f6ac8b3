"""What the bytes of a file tell of what it raises, and of threads and processes that it names."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.source.named import NAMES_CHILD, STARTS_WORK, names_child, starts_work
from worker_lint.source.raised import RAISES_CONSTANT, raises_constant
from worker_lint.source.skim import skim

BETWEEN = st.lists(st.sampled_from([" ", "\t", "(", "\\\n", "\\\r\n", "\f"]), min_size=1).map("".join)
WITHIN = st.lists(st.sampled_from([" ", "\n", "\r\n", "\r", "# raise it (all)\n", "# 'x\r\n", "("])).map("".join)


@given(BETWEEN, WITHIN, st.sampled_from(["", ")", "('later')", " from error", ";", "\n", "  # x"]))
def test_a_raised_constant_is_seen(between: str, within: str, behind: str) -> None:
    assert raises_constant(f"def f():\n    raise{between}({within}NotImplemented{behind}".encode())
    assert raises_constant(f"if x: raise{between}NotImplemented{behind}".encode())


@pytest.mark.parametrize(
    "source",
    [
        "raise NotImplementedError",
        "raise NotImplementedError('NotImplemented')",
        "return NotImplemented",
        "raise error.of(NotImplemented)",
        "raise\nreturn NotImplementedX",
    ],
)
def test_other_uses_are_none(source: str) -> None:
    assert not raises_constant(source.encode())


NAMES = st.sampled_from(["Thread", "Process", "threading.Thread", "BaseProcess", "ForkProcess", "MyThread"])
BEHIND = st.sampled_from(
    ["(", ")", ",", ":", ";", "\n", "\r\n", ".x", " (", "  )", " \\\n", " # x", "[", " = 1", "|", " |", ""]
)


@given(NAMES, BEHIND)
def test_a_name_in_code_is_seen(name: str, behind: str) -> None:
    assert names_child(f"x = {name}{behind}".encode())


@given(
    NAMES,
    st.sampled_from(
        sorted(
            {*keyword.kwlist} & {"and", "as", "async", "else", "for", "from", "if", "import", "in", "is", "not", "or"}
        )
    ),
)
def test_a_name_before_a_keyword_is_seen(name: str, word: str) -> None:
    assert names_child(f"x = {name} {word} y".encode())


@pytest.mark.parametrize("source", ["# Process the data", "'Thread safe'", "Processor()", "Threads(1)", "process()"])
def test_words_of_a_sentence_are_none(source: str) -> None:
    assert not names_child(source.encode())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.pool.submit(run)", True),
        ("self.tasks = [asyncio.create_task (run())]", True),
        ("start = loop.run_coroutine_threadsafe", True),
        ("from asyncio import (\r\n    ensure_future,\r\n)", True),
        ("async_create_task(ThreadPoolExecutor().map)", True),
        ("async_create_task(futures)", True),
        ("hass.async_create_task(run())", False),
        ("self.submitted = resubmit", False),
        ("pool.map(run)", False),
    ],
)
def test_what_starts_work(source: str, *, expected: bool) -> None:
    assert starts_work(source.encode()) is expected
    assert skim(source.encode(), (STARTS_WORK.encode(),)).words == int(expected)


def test_the_screen_knows_them() -> None:
    words = (RAISES_CONSTANT.encode(), NAMES_CHILD.encode())
    assert skim(b"raise NotImplemented\n", words).words == 0b01
    assert skim(b"from threading import Thread\n", words).words == 0b10
