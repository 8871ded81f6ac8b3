"""What may fail in a function outside a catch-all."""

import textwrap
from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Function, Project
from worker_lint.analysis.tiers.observing import evident, reads_of, unguarded, unseen

Link = Callable[[Mapping[str, str]], Project]

SOURCE = """
    import contextlib
    import queue
    import time
    import requests

    class Worker:
        def target(self, call, log):
    {body}

        def helper(self):
            raise OSError("away")

        def safe(self):
            try:
                self.helper()
            except Exception:
                pass
    """


def target(link: Link, body: str) -> Function:
    source = textwrap.dedent(SOURCE).replace("{body}", textwrap.indent(textwrap.dedent(body).strip(), " " * 8))
    project = link({"worker.py": source})
    return next(one for one in project.functions_in("worker.py") if one.name == "target")


@pytest.mark.parametrize(
    "body",
    [
        "requests.get('https://a.example')",
        "self.helper()",
        "self.client.fetch()",
        "call()",
        "raise OSError('x')",
        "while True:\n    try:\n        self.helper()\n    except ValueError:\n        pass",
        "try:\n    self.helper()\nexcept Exception:\n    raise",
        "try:\n    pass\nfinally:\n    self.helper()",
    ],
)
def test_what_may_fail(link: Link, body: str) -> None:
    assert unguarded(target(link, body)) is not None


@pytest.mark.parametrize(
    "body",
    [
        "time.sleep(1)",
        "log.info('x')",
        "self.safe()",
        "queue.Queue().put_nowait(1)",
        "raise RuntimeError('used wrongly')",
        "while True:\n    try:\n        self.helper()\n    except Exception:\n        log.exception('x')",
        "with contextlib.suppress(Exception):\n    self.helper()",
        "items = sorted([2, 1])",
    ],
)
def test_what_does_not(link: Link, body: str) -> None:
    assert unguarded(target(link, body)) is None


def test_a_decorator_may_catch(link: Link) -> None:
    project = link({"worker.py": "from safe import guarded\n\n@guarded\ndef work(): raise OSError\n"})
    (work,) = project.functions_in("worker.py")
    assert unguarded(work) is None


def test_where_a_local_is_read(link: Link) -> None:
    work = target(link, "future = call()\nother = future\nother = 2")
    assert [node.at[0] for node in reads_of(work, "future")] == [9]
    assert reads_of(work, "other") == ()


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    self.helper()\nexcept Exception:\n    with self.marked('x'):\n        log.exception('x')",
        "try:\n    self.helper()\nexcept Exception as error:\n    log.error('x: %s', error)\n    raise",
        "try:\n    pass\nexcept BaseException:\n    self.again()\n    raise",
    ],
)
def test_what_is_logged_or_only_handed_on_is_no_failure_that_nobody_sees(link: Link, body: str) -> None:
    assert unseen(target(link, body)) == ()


def test_a_re_raise_of_one_class_tells_that_it_comes(link: Link) -> None:
    assert unseen(target(link, "try:\n    pass\nexcept OSError:\n    raise"))


@pytest.mark.parametrize(
    ("body", "evident"),
    [
        ("requests.get('https://a.example')", True),
        ("call()", True),
        ("self.client.send(1)", True),
        ("self.client.refresh()", False),
        ("raise OSError('x')", False),
        ("self.helper()", False),
    ],
)
def test_what_fails_in_ordinary_service(link: Link, body: str, evident: bool) -> None:  # noqa: FBT001 - a table
    assert [one.is_evident for one in unseen(target(link, body))] == [evident]


@pytest.mark.parametrize(("after", "expected"), [("self.state.touch()", 0), ("self.client.send(1)", 1), ("call()", 1)])
def test_of_a_function_that_logs_its_errors_only_what_surely_fails_is_left(
    link: Link, after: str, expected: int
) -> None:
    work = target(link, f"try:\n    self.helper()\nexcept Exception:\n    log.exception('x')\n{after}")
    assert len(unseen(work)) == expected
    assert evident(work, unseen(work)) is None  # it has thought of its errors, and the callback may never fail


def test_a_clock_with_a_default_does_not_fail(link: Link) -> None:
    source = """
    import time

    class Cache:
        def __init__(self, report, clock=time.monotonic):
            self._clock = clock
            self._report = report

        def age(self):
            return self._clock() - 1

        def tell(self):
            self._report(1)
    """
    project = link({"cache.py": textwrap.dedent(source)})
    found = {one.name: len(unseen(one)) for one in project.functions_in("cache.py")}
    assert found == {"__init__": 0, "age": 0, "tell": 1}
