"""Clauses for the errors of functions that tenacity runs again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.tiers.rewrapped import rewrapped

SOURCE = """
import tenacity

class Gone(Exception):
    pass

@tenacity.retry({options})
def send(text):
    {tried}

def report(text):
    try:
        {block}
    except {named}:
        pass
"""
PLAIN = {
    "options": "stop=tenacity.stop_after_attempt(3)",
    "tried": "post(text)",
    "block": "send(text)",
    "named": "Gone",
}
ONLY = "stop=tenacity.stop_after_attempt(3), retry=tenacity.retry_if_exception_type({})"
CASES: dict[str, tuple[dict[str, str], list[bool]]] = {
    "after the last attempt": ({}, [True]),
    "for this error": ({"options": ONLY.format("Gone")}, [True]),
    "for these errors": ({"options": ONLY.format("(KeyError, Gone)")}, [True]),
    "for another error": ({"options": ONLY.format("KeyError")}, []),
    "the last error itself": ({"options": "stop=tenacity.stop_after_attempt(3), reraise=True"}, []),
    "without an end": ({"options": "wait=tenacity.wait_fixed(3)"}, []),
    "as somebody says": ({"options": "**options"}, []),
    "every error": ({"named": "Exception"}, []),
    "that very error": ({"named": "(Gone, tenacity.RetryError)"}, []),
    "an interrupt": ({"named": "KeyboardInterrupt"}, []),
    "something else may raise it": ({"block": "send(text); check(text)"}, [False]),
    "a clause within": ({"tried": "try: send(text)\n    except Gone: pass", "block": "other(text)"}, []),
}


@pytest.mark.parametrize(("changed", "expected"), CASES.values(), ids=CASES)
def test_clauses_that_wait_in_vain(
    project_of: Callable[[str], Project], changed: dict[str, str], expected: list[bool]
) -> None:
    project = project_of(SOURCE.format(**PLAIN | changed))
    assert [one.is_sure for one in rewrapped(project, "worker.py")] == expected


STORAGE = """
import tenacity
from errors import Gone

class Storage:
    @tenacity.retry(retry=tenacity.retry_if_exception_type(Gone), stop=tenacity.stop_after_attempt(3))
    def _save_detail(self, detail):
        self.backend.save(detail)

    def update_detail(self, detail):
        self._within(self._save_detail, detail)

    def update(self, detail):
        self._save_detail(detail)
"""
LISTENER = """
from errors import Gone

class Listener:
    def told(self, detail):
        try:
            self.engine.storage.{name}(detail)
        except Gone:
            self.log.warning("not stored")
"""


@pytest.mark.parametrize(("name", "count"), [("update_detail", 1), ("update", 0), ("read_detail", 0)])
def test_a_clause_of_another_file(link: Callable[[Mapping[str, str]], Project], name: str, count: int) -> None:
    errors = "class Gone(Exception):\n    pass\n"
    project = link({"errors.py": errors, "storage.py": STORAGE, "listener.py": LISTENER.format(name=name)})
    found = list(rewrapped(project, "storage.py"))
    assert [(one.path, one.is_sure) for one in found] == [("listener.py", False)] * count
