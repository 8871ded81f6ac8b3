"""Members that only raise NotImplementedError: which are left, which are optional, who uses them."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.stub_member import inherited_stubs, is_optional, own_stubs, self_uses, unmarked_accessors

BASE = """
class Worker:
    def handle(self):
        {doc}
        raise NotImplementedError

    @property
    def queue(self):
        raise NotImplementedError

    def stop(self):
        print("stopped")

class Mail(Worker):
    queue = "mail"

"""


def test_stubs_by_place(class_named: Callable[[str, str], Class]) -> None:
    cls = class_named(BASE.format(doc='"Handles."'), "Mail")
    base = cls.project.hierarchy.bases(cls)[0]
    assert isinstance(base, Class)
    assert [stub.name for stub in own_stubs(base)] == ["handle", "queue"]
    assert [stub.name for stub in inherited_stubs(cls)] == ["handle"]


@pytest.mark.parametrize(
    ("doc", "after", "expected"),
    [
        ('"Handles a message."', "", False),
        ('"Optional: handles a message."', "", True),
        ('"Subclasses may override this."', "", True),
        ('"This is used only when there are several teams."', "", True),
        ('"Handles a message."', "try:\n    Mail().handle()\nexcept NotImplementedError:\n    pass\n", True),
        ('"Handles a message."', "try:\n    Mail().handle()\nexcept ValueError:\n    pass\n", False),
        ('"Handles a message."', "if hasattr(Mail, 'handle'):\n    pass\n", True),
    ],
)
def test_optional(class_named: Callable[[str, str], Class], doc: str, after: str, *, expected: bool) -> None:
    (stub,) = inherited_stubs(class_named(BASE.format(doc=doc) + after, "Mail"))
    assert is_optional(stub) is expected


def test_uses_on_self_and_their_guards(class_named: Callable[[str, str], Class]) -> None:
    source = """
class Worker:
    def run(self, drain):
        self.prepare()
        for _ in range(3):
            self.handle
        if drain:
            self.drain()
        drain and self.flush()
        if not drain:
            return
        self.close()
"""
    cls = class_named(source, "Worker")
    (member,) = cls.project.hierarchy.members(cls)["run"]
    assert member.function is not None
    found = [(use.name, use.called, use.guarded) for use in self_uses(cls.project.function_of(cls, member.function))]
    assert found == [
        ("prepare", True, False),
        ("handle", False, False),
        ("drain", True, True),
        ("flush", True, True),
        ("close", True, True),
    ]


def test_accessors_without_their_getters_mark(class_named: Callable[[str, str], Class]) -> None:
    source = """
from abc import ABC, abstractmethod

class Policy(ABC):
    @property
    @abstractmethod
    def cache(self): ...

    @cache.setter
    def cache(self, value):
        {setter}

    @cache.deleter
    @abstractmethod
    def cache(self): ...
"""
    for setter, expected in (("pass", 1), ("self._cache = value", 0), ("raise NotImplementedError", 0)):
        cls = class_named(source.format(setter=setter), "Policy")
        (member,) = cls.project.hierarchy.members(cls)["cache"]
        assert len(unmarked_accessors(member)) == expected
