"""Stubs repeat the declaration exactly, as far as the subclass's file can say it."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.analysis.contract import missing_members
from worker_lint.rule import ImportNeed, MemberStub
from worker_lint.rule.stubs import member_stubs, members_fix
from worker_lint.testing import built_in_packs, models_of, tree_of

Stubs = Callable[..., dict[str, MemberStub]]

HEAD = "from abc import ABC, abstractmethod\n"


def linked(files: Mapping[str, str]) -> Project:
    return Project(tree_of(files), models_of(built_in_packs()))


def class_named(project: Project, path: str, name: str) -> Class:
    return next(cls for cls in project.classes_in(path) if cls.name == name)


@pytest.fixture
def stubs() -> Stubs:
    """The stubs that class `C` of the file `c.py` needs, by member name."""

    def build(source: str, **others: str) -> dict[str, MemberStub]:
        project = linked({"c.py": source, **{f"{name}.py": text for name, text in others.items()}})
        cls = class_named(project, "c.py", "C")
        return {stub.name: stub for stub in member_stubs(cls, missing_members(cls))}

    return build


def test_kinds(stubs: Stubs) -> None:
    found = stubs(
        HEAD
        + """
class B(ABC):
    @abstractmethod
    async def a(self): ...
    @classmethod
    @abstractmethod
    def b(cls, x, /, y=1): ...
    @staticmethod
    @abstractmethod
    def c(*, z): ...
    @property
    @abstractmethod
    def d(self): ...
    @d.setter
    def d(self, value): ...
    @abstractmethod
    async def e(self):
        yield 1

class C(B): pass
"""
    )
    assert {name: stub.kind for name, stub in found.items()} == {
        "a": "async method", "b": "classmethod", "c": "staticmethod", "d": "property", "e": "async method",
    }  # fmt: skip
    assert found["b"].parameters == "cls, x, /, y=1"
    assert found["c"].parameters == "*, z"
    assert (found["d"].setter, found["d"].deleter, found["d"].setter_parameters) == (True, False, "self, value")
    assert found["e"].is_generator


def test_imports_follow_the_annotations(stubs: Stubs) -> None:
    found = stubs(
        "from base import B\nclass C(B): pass\n",
        base=HEAD
        + """
from typing import TYPE_CHECKING, Any as Anything
import decimal
if TYPE_CHECKING:
    from pathlib import Path
class Message: ...
class B(ABC):
    @abstractmethod
    def run(self, a: "Message", b: Anything, c: decimal.Decimal) -> "Path": ...
""",
    )
    stub = found["run"]
    assert stub.parameters == 'self, a: "Message", b: Anything, c: decimal.Decimal'
    assert stub.returns == '"Path"'
    assert set(stub.imports) == {
        ImportNeed("base", "Message"),
        ImportNeed("typing", "Any", "Anything"),
        ImportNeed("decimal"),
    }
    assert stub.type_checking_imports == (ImportNeed("pathlib", "Path"),)


def test_what_cannot_be_carried_over_is_left_out(stubs: Stubs) -> None:
    found = stubs(
        "from base import B\nclass C(B): pass\n",
        base=HEAD
        + """
class B(ABC):
    LIMIT = 3
    class Kind: ...
    @abstractmethod
    def run(self, kind: Kind, limit=LIMIT, *, ghost: Ghost = 1) -> int: ...
""",
    )
    assert found["run"].parameters == "self, kind, limit=..., *, ghost=1"
    assert found["run"].returns == "int"
    assert found["run"].imports == ()


@pytest.mark.parametrize(
    ("header", "parameters"),
    [
        ("class C(B[int]): pass", "self, item: int"),
        ("class C(B[T]): pass", "self, item: T"),
        ("class C(B): pass", "self, item"),
    ],
)
def test_type_arguments(stubs: Stubs, header: str, parameters: str) -> None:
    base = (
        HEAD
        + """
from typing import Generic, TypeVar
T = TypeVar("T")
class B(ABC, Generic[T]):
    @abstractmethod
    def put(self, item: T) -> None: ...
"""
    )
    assert stubs(f"from base import B, T\n{header}\n", base=base)["put"].parameters == parameters


def test_the_summary_is_the_first_line_of_the_docstring(stubs: Stubs) -> None:
    found = stubs(
        HEAD
        + '''
class B(ABC):
    @abstractmethod
    def run(self):
        """
        Runs until stopped.

        Longer text.
        """
class C(B): pass
'''
    )
    assert found["run"].summary == "Runs until stopped."
    assert found["run"].origin == "B"


def test_members_of_the_standard_library(stubs: Stubs) -> None:
    found = stubs("from collections.abc import Mapping\nclass C(Mapping):\n    def __iter__(self): return iter(())\n")
    assert found["__getitem__"].parameters == "self, key"
    assert found["__len__"].origin == "Sized"


def test_a_fix_stays_in_its_file() -> None:
    base = HEAD + "class B(ABC):\n    @abstractmethod\n    def run(self): ...\n"
    project = linked({"base.py": base, "c.py": "from base import B\nclass C(B): pass\n"})
    cls = class_named(project, "c.py", "C")
    assert members_fix(cls, missing_members(cls), "other.py") is None
    fix = members_fix(cls, missing_members(cls), "c.py")
    assert fix is not None
    assert fix.level == "unsafe"
