"""Long chains are followed without the interpreter's stack, or given up and counted."""

import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.analysis.budget import LARGEST, Budget, Size
from worker_lint.analysis.entity import Unknown
from worker_lint.analysis.module_names import STEPS
from worker_lint.analysis.mro import LIMIT

Link = Callable[[Mapping[str, str]], Project]
LONG = 5_000


@pytest.fixture(autouse=True)
def _usual_recursion_limit() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(before)


def modules(line: str, length: int) -> dict[str, str]:
    """Modules `m0`, `m1` and so on, each with a line that names the next one, and a class in the last one."""
    files = {f"m{number}.py": f"{line.format(number + 1)}\n" for number in range(length)}
    return {**files, f"m{length}.py": "class Worker: ...\n"}


def worker(project: Project) -> object:
    module = project.module("m0.py")
    assert module is not None
    [found] = project.names.name(module, "Worker")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("line", ["from m{} import *", "from m{} import Worker"])
def test_a_name_through_thousands_of_modules(link: Link, line: str) -> None:
    project = link(modules(line, LONG))
    found = worker(project)
    assert isinstance(found, Class)
    assert (found.path, len(project.budget)) == (f"m{LONG}.py", 0)


def test_a_ring_of_star_imports_ends(link: Link) -> None:
    found = link({"m0.py": "from m1 import *\nWorker\n", "m1.py": "from m0 import *\n"})
    assert isinstance(worker(found), Unknown)


def test_a_chain_over_the_budget_is_unknown_and_counted(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker_lint.analysis.module_names.STEPS", 20)
    project = link(modules("from m{} import *", 30))
    assert isinstance(worker(project), Unknown)
    [(path, reason)] = project.budget
    assert (path, reason) == ("m20.py", "names lead through too many modules")
    assert STEPS > LONG


@pytest.mark.slow
def test_thousands_of_bases_are_unknown_and_counted(link: Link) -> None:
    first = "from abc import ABC, abstractmethod\nclass C0(ABC):\n    @abstractmethod\n    def run(self): ...\n"
    project = link({"m.py": first + "".join(f"class C{n}(C{n - 1}): ...\n" for n in range(1, LONG))})
    classes = project.classes_in("m.py")
    near, far = classes[LIMIT // 2], classes[-1]
    assert set(project.hierarchy.abstract(near).left) == {"run"}
    assert not project.hierarchy.abstract(far).left
    assert list(project.budget) == [("m.py", "too many classes stand above a class")]


def test_a_base_named_through_many_attributes(link: Link) -> None:
    dots = ".".join(f"x{number}" for number in range(300))
    project = link({"m.py": f"import a\nclass C(a.{dots}): ...\n"})
    [cls] = project.classes_in("m.py")
    assert project.hierarchy.unknown_bases(cls)
    assert list(project.budget) == [("m.py", "expressions lead through too many names")]


def test_a_class_with_too_many_names_keeps_what_was_found(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker_lint.analysis.creation.PLACES", 3)
    source = "from abc import ABC, abstractmethod\nclass C(ABC):\n    @abstractmethod\n    def run(self): ...\n"
    names = "C0 = C\n" + "".join(f"C{number} = C{number - 1}\n" for number in range(1, 6))
    project = link({"m.py": f"{source}{names}C1()\nC5()\n"})
    project.contract_classes = project.classes_in("m.py")
    assert [creation.at[0] for creation in project.creations.in_file("m.py")] == [11]
    assert list(project.budget) == [("m.py", "a class has too many names")]


def test_the_functions_with_the_most_steps_are_told_largest_first() -> None:
    budget = Budget()
    for number in range(30):
        budget.took(Size(number, "m.py", number, f"m.f{number}"))
    budget.took(Size(100, "n.py", 3, "n.A.g"))
    budget.took(Size(50, "n.py", 3, "n.A.g"))  # the same one, for another class of its object
    found = budget.largest()
    assert len(found) == LARGEST
    assert found[:2] == [Size(100, "n.py", 3, "n.A.g"), Size(29, "m.py", 29, "m.f29")]
    assert not budget


TWO = """\
def small(): pass

def large(a):
    for b in a:
        try:
            b()
        finally:
            a.close()
"""


def test_steps_are_counted_where_a_function_is_followed(link: Link) -> None:
    project = link({"m.py": TWO})
    for function in project.functions_in("m.py"):
        project.routines.graph(function)
    assert [(size.line, size.name) for size in project.budget.largest()] == [(3, "m.large"), (1, "m.small")]
