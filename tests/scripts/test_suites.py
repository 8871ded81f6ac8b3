"""The truth about a case: what really happens when it runs, beside what its suite expects."""

import sys
from pathlib import Path

import pytest

import suites

PROGRAM = """\
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar
import other

early = Late()

class Base(ABC):
    @abstractmethod
    def stop(self): ...
    @classmethod
    def make(cls):
        return cls()

class Late(Base): ...
class Done(Base):
    def stop(self): return super().stop()

class Named(Protocol):
    def name(self): ...

T = TypeVar("T")
class Box(Base, Generic[T]): ...

Base()
Done().stop()
Named()
Box[int]()
def use(base, *, flag):
    if flag is None:
        return [Late() for _ in range(2)]
other.Stub()
Done.nothing()
class Outer:
    def __init__(self):
        self.inner = Base()
Outer()
open("written.txt", "w")
"""
STUB = "from abc import ABC, abstractmethod\nclass Stub(ABC):\n    @abstractmethod\n    def f(self): ...\n"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, list[int]]]:
    folder = tmp_path_factory.mktemp("case")
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    (folder / "other.pyi").write_text(STUB, encoding="utf-8")
    result = suites.probe(folder, sys.executable, [])
    assert sorted(path.name for path in folder.iterdir()) == ["main.py", "other.pyi"]
    return result


def line(text: str) -> int:
    return PROGRAM.splitlines().index(text) + 1


def test_calls_that_are_refused_are_found_and_no_others(ran: dict[str, dict[str, list[int]]]) -> None:
    refused = ["Base()", "Named()", "Box[int]()", "        return [Late() for _ in range(2)]", "other.Stub()"]
    assert ran["failed"]["main.py"] == sorted([*map(line, refused), line("        self.inner = Base()")])


def test_names_defined_further_down_are_tried_again(ran: dict[str, dict[str, list[int]]]) -> None:
    assert line("early = Late()") in ran["late"]["main.py"]


def test_incomplete_classes_are_seen_when_they_are_made(ran: dict[str, dict[str, list[int]]]) -> None:
    expected = ["class Base(ABC):", "class Late(Base): ...", "class Box(Base, Generic[T]): ..."]
    assert ran["abstract"] == {"main.py": sorted(map(line, expected)), "other.pyi": [2]}


def test_program_that_never_ends_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(suites, "TIMEOUT", 0.0)
    assert suites.probe(tmp_path, sys.executable, []) == {}


def test_lines_are_judged_by_expectation_and_run_together() -> None:
    words = {"m.py:1": "cannot", "m.py:2": "class", "m.py:3": "abstract-method", "m.py:4": "other"}
    ran = {"failed": {"m.py": [1, 9]}, "abstract": {"m.py": [2, 6]}, "classes": {"m.py": [2, 3, 4, 6]}}
    assert suites.judged(words, ran, ["m.py:6", "m.py:7"]) == {
        "m.py": {
            "fails": [1, 9],
            "flagged": [1, 2, 3, 4, 6, 7],
            "implicit": [6],
            "instantiated": [1],
            "left": [2],
            "soft": [3],
        }
    }


def test_a_class_whose_call_fails_is_found_by_its_name() -> None:
    source = "class Base: ...\nclass Late(Base): ...\nclass Later: ...\nx = Late()\nLater\n"
    assert suites.created(source, [1, 2, 3], [4]) == [2]
