"""Children of a teardown that may hold nothing."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.absent_children import absent_children

CHILD = """
class Child:
    def __init__(self):
        self.link = {first}
    def run(self, link):
        self.link = link
    def close(self):
        {end}
class Pool:
    def __init__(self):
        self.all = [Child()]
    def {name}(self):
        for one in self.all:
            {body}
"""
TESTED = "if self.link: self.link.close()"
PLAIN = "one.link.close()"
CASES = {
    "tested by the child": (("None", TESTED, "stop", PLAIN), ["one.link"]),
    "tested by nobody": (("None", "self.link.close()", "stop", PLAIN), []),
    "there from the start": (("object()", TESTED, "stop", PLAIN), []),
    "tested in the loop": (("None", TESTED, "stop", "if one.link: one.link.close()"), []),
    "guarded in the loop": (("None", TESTED, "stop", "try: one.link.close()\n            except Exception: pass"), []),
    "no teardown": (("None", TESTED, "work", PLAIN), []),
}
OWN = """
class Link:
    def close(self, children):
        {test}self.link.close()
        for one in children:
            one.link.close()
"""


@pytest.mark.parametrize("case", CASES)
def test_by_the_class_of_the_child(project_of: Any, method_of: Any, case: str) -> None:
    (first, end, name, body), expected = CASES[case]
    project = project_of(CHILD.format(first=first, end=end, name=name, body=body))
    method, cls = method_of(project, f"Pool.{name}")
    assert [one.subject for one in absent_children(project, method, cls)] == expected


@pytest.mark.parametrize(("test", "expected"), [("if self.link: ", ["one.link"]), ("", [])])
def test_by_the_same_field_of_the_own_object(project_of: Any, method_of: Any, test: str, expected: list[str]) -> None:
    project = project_of(OWN.format(test=test))
    method, cls = method_of(project, "Link.close")
    assert [one.subject for one in absent_children(project, method, cls)] == expected
