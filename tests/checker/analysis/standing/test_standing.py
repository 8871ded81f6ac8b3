"""What is known of an object's fields at moments of its life, and what methods then do wrong."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.standing import NOTHING, Standing

SOURCE = """
class Base:
    LIMIT = 3
    kept = None

    def prepare(self):
        self.prepared = True

class Worker(Base):
    CLOSED = 0
    OPEN = 1

    def __init__(self, given, make):
        self.none = None
        self.flag = False
        self.given = given
        self.made = Base()
        self.state = Worker.CLOSED
        self.items = []
        self.prepare()

    @property
    def is_open(self):
        return self.state == Worker.OPEN

    def start(self):
        self.none = self.late = object()
        self.state = Worker.OPEN

    def stop(self):
        {code}
"""
MISSTEPS = {
    "None": ("self.none.close()", [("none", "none")]),
    "a part of None": ("self.none.part.close()", [("none", "none")]),
    "not there yet": ("self.late.close()", [("late", "missing")]),
    "None of the base class": ("self.kept.close()", [("kept", "none")]),
    "an argument": ("self.given.close()", []),
    "a new object": ("self.made.close()", []),
    "asked for None": ("if self.none is not None: self.none.close()", []),
    "asked for truth": ("if self.none: self.none.close()", []),
    "the other way round": ("if self.none is None: self.none.close()", [("none", "none")]),
    "with others": ("if self.flag and self.none.is_alive(): self.none.close()", []),
    "a flag": ("if self.flag: self.none.close()", []),
    "hasattr": ("if hasattr(self, 'late'): self.late.close()", []),
    "a property": ("if self.is_open: self.none.close()", []),
    "its contrary": ("if not self.is_open: self.none.close()", [("none", "none")]),
    "a state among others": ("if self.state in (Worker.OPEN,): self.none.close()", []),
    "an unknown guard": ("if self.given.ready: self.none.close()", []),
    "a local": ("none = self.none\n        if none is not None: none.close()", []),
    "an empty collection": ("if self.items: self.none.close()", []),
    "set before": ("self.none = Base()\n        self.none.close()", []),
    "caught": ("try: self.none.close()\n        except AttributeError: pass", []),
    "an assertion": ("self.made.close()\n        assert self.none", [("none", "none")]),
    "once in two branches": ("if self.made: self.none.close()\n        self.none.close()", [("none", "none")]),
}


@pytest.mark.parametrize("case", MISSTEPS)
def test_what_goes_wrong_before_the_start(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = MISSTEPS[case]
    stop, cls = method_of(project_of(SOURCE.replace("{code}", code)), "Worker.stop")
    standing = Standing(cls.project, cls)
    found = standing.missteps(stop, standing.fresh)
    assert [(one.place[1], one.value) for one in found] == expected


AFTER = {
    "cleared": ("self.made = None", {"made": "none"}),
    "cleared on one way": ("if self.given: self.made = None", {}),
    "known on both ways": ("if self.made is None: return\n        self.made = None", {"made": "none"}),
    "swapped": ("made, self.made = self.made, None", {"made": "none"}),
    "deleted": ("del self.made", {"made": "missing"}),
    "in another method": ("self.prepare()", {"prepared": "true"}),
    "handed on": ("self.made = None\n        self.given(self)", {}),
}


@pytest.mark.parametrize("case", AFTER)
def test_what_a_method_leaves(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = AFTER[case]
    stop, cls = method_of(project_of(SOURCE.replace("{code}", code)), "Worker.stop")
    after = Standing(cls.project, cls).after(stop, NOTHING)
    assert {place[1]: value for place, value in after} == expected


def test_what_has_ended_is_ended_again(project_of: Any, method_of: Any) -> None:
    source = """
    import pika

    class Worker:
        def __init__(self):
            self.connection = pika.BlockingConnection()

        def stop(self):
            self.connection.close()
    """
    stop, cls = method_of(project_of(source), "Worker.stop")
    standing = Standing(cls.project, cls)
    (misstep,) = standing.missteps(stop, standing.after(stop, NOTHING))
    assert (misstep.place, misstep.value) == (("self", "connection"), "ended")


TOLD = """
class Client:
    def __init__(self, link):
        self.link = link

    def close(self):
        self.link.close()
        self.link = None

    @property
    def {name}(self):
        return {answer}

    def send(self):
        {code}
"""


@pytest.mark.parametrize(
    ("name", "answer", "code", "expected"),
    [
        ("closed", "self.link is None", "pass", True),
        ("is_closed", "not self.link", "pass", True),
        ("closed", "self.other is None", "pass", False),
        ("is_open", "self.link is not None", "pass", False),
        ("closed", "self.link is None", "print(self.closed)", False),
    ],
)
def test_a_property_tells(project_of: Any, method_of: Any, name: str, answer: str, code: str, expected: bool) -> None:  # noqa: FBT001
    project = project_of(TOLD.format(name=name, answer=answer, code=code))
    stop, cls = method_of(project, "Client.close")
    standing = Standing(project, cls)
    missteps = standing.missteps(stop, standing.after(stop, NOTHING))
    assert missteps
    assert (standing.told_by(missteps) is not None) is expected
