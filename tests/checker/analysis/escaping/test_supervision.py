"""Who above a function takes its errors and goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.escaping import functions_of
from worker_lint.analysis.escaping.supervision import is_entry, is_supervised

HEAD = """
import functools
import logging
import threading
import tenacity

def logged(function):
    @functools.wraps(function)
    def inner(*args):
        try:
            return function(*args)
        except Exception:
            logging.exception("failed")
            raise
    return inner

def swallowing(function):
    def inner(*args):
        try:
            return function(*args)
        except Exception:
            return None
    return inner

class Worker(threading.Thread):
    {decorator}
    def consume(self):
        while True:
            self.step()

    def main(self):
        {caller}

    def run(self):
        self.main()
"""
PLAIN = "self.consume()"
CASES = {
    "a plain call": ("", PLAIN, False),
    "in a loop that goes on": (
        "",
        "while True:\n            try: self.consume()\n            except Exception: logging.exception('again')",
        True,
    ),
    "in a loop that ends": (
        "",
        "while True:\n            try: self.consume()\n            except Exception: return",
        False,
    ),
    "logged once": (
        "",
        "try: self.consume()\n        except Exception: logging.exception('over')",
        False,
    ),
    "a decorator of a library": ("@tenacity.retry", PLAIN, True),
    "a decorator that logs and raises": ("@logged", PLAIN, False),
    "a decorator that swallows": ("@swallowing", PLAIN, True),
}


@pytest.mark.parametrize(("decorator", "caller", "expected"), CASES.values(), ids=CASES)
def test_is_supervised(project_of: Callable[[str], Project], decorator: str, caller: str, expected: bool) -> None:  # noqa: FBT001 - a table
    project = project_of(HEAD.format(decorator=decorator, caller=caller))
    consume = next(one for one in functions_of(project, "worker.py") if one.name == "consume")
    assert is_supervised(consume) is expected


def test_the_main_of_a_thread_is_an_entry(project_of: Callable[[str], Project]) -> None:
    source = HEAD.format(decorator="", caller="threading.Thread(target=self.consume).start()")
    project = project_of(source)
    found = [one.name for one in functions_of(project, "worker.py") if is_entry(one)]
    assert found == ["consume", "run"]
