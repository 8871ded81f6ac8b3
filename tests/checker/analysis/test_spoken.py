"""The text of a method speaks of all that its paths can meet, however it is written."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.spoken import Spoken
from worker_lint.analysis.standing import Standing
from worker_lint.analysis.starting import may_come_early
from worker_lint.testing import built_in_packs

TARGETS = (
    "self.link = make()",
    "self.link=make()",
    "self.link\t=\tmake()",
    "a = self.link = make()",
    "self.link: object = make()",
    "self.link: object",
    "self.a, self.link = make()",
    "self.link, a = make()",
    "(a, self.link) = make()",
    "[self.link] = make()",
    "*self.link, a = make()",
    "(self.link) = make()",
    "(\n            self\n            .link  # why\n        ) = make()",
    "(self.  # why\n            link, a) = make()",
    "self \\\n            .link \\\n            = make()",
    "self. \\\n            link = make()",
    "pass; self.link = make()",
    "if make(): self.link = make()",
    "for self.link in make(): pass",
    "for (a, self.link) in make(): pass",
    "with make() as self.link: pass",
    "with make() as (a, self.link): pass",
    "with make() as self.link, make() as a: pass",
    "async with make() as self.link: pass",
    "def inner(): self.link = make()",
    "self.link = yield",
    "self.\uff4cink = make()",
    "'''\n        ''' ; self.link = make()",
)
CLASS = "class Worker:\n    async def start(self):\n        {code}\n\n    def stop(self):\n        self.link.close()\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_given_a_value(project_of: Any, method_of: Any, target: str, end: str) -> None:
    project = project_of(CLASS.format(code=target).replace("\n", end))
    start, cls = method_of(project, "Worker.start")
    stop, _ = method_of(project, "Worker.stop")
    assert "link" in project.values.fields.own(cls)
    assert "link" in Spoken(cls).given(start)
    assert may_come_early(Spoken(cls), stop)


@pytest.mark.parametrize("code", ["self.link.open()", "self.link == 1", "self.links = 1", "print(self.link[0])"])
def test_what_is_only_used(project_of: Any, method_of: Any, code: str) -> None:
    project = project_of(CLASS.format(code=code))
    stop, cls = method_of(project, "Worker.stop")
    assert not may_come_early(Spoken(cls), stop)


SOURCE = """
class Base:
    def close(self):
        self.in_base.close()

    def _unrelated(self):
        self.elsewhere.close()

class Worker(Base):
    {alias}

    def __init__(self, way):
        self.way = {given}

    def close(self):
        super().close()
        self._inner (
        )
        self.{called}()

    def _inner(self):
        self.in_inner.close()

    def plain(self):
        self.way.close()
"""


@pytest.mark.parametrize(
    ("given", "alias", "called", "is_seen"),
    [
        ("way", "pass", "plain", True),
        ("way", "pass", "way", False),
        ("way", "other = plain", "other", False),
        ("other", "pass", "way", False),
    ],
)
def test_what_may_run(project_of: Any, method_of: Any, given: str, alias: str, called: str, *, is_seen: bool) -> None:
    project = project_of(SOURCE.format(given=given, alias=alias, called=called))
    stop, cls = method_of(project, "Worker.close")
    words = Spoken(cls).words(stop)
    assert (words is not None) is is_seen
    if words is not None:
        assert {"in_base", "in_inner", "way"} <= words
        assert "elsewhere" not in words


def test_nothing_is_missing_in_the_examples(project_of: Any) -> None:
    """Every field that a path meets, or a method binds, in the examples of all rules is among the words."""
    met = 0
    for rule in built_in_packs().rules:
        for example in rule.examples if rule.code.startswith("STP") else ():
            project = project_of(example.source)
            for cls in project.classes_in("worker.py"):
                standing = Standing(project, cls)
                for method in project.values.fields.methods(cls):
                    words = standing.spoken.words(method)
                    subject = method.node.params[0].name if method.node.params else ""
                    places = project.values.bindings(method).places
                    bound = {place[1] for place in places if len(place) == 2 and place[0] == subject}
                    assert bound <= standing.spoken.given(method)
                    for misstep in standing.missteps(method, standing.fresh):
                        met += 1
                        assert words is None or misstep.place[1] in words
    assert met > 20
