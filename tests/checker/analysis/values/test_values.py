"""What expressions denote: through locals, fields, returns and collections."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis import Class, External, Instance, Unknown
from worker_lint.analysis.values import Absent, Bound, Items, Kind

HEAD = """
import threading
import subprocess
import pika
from concurrent.futures import ThreadPoolExecutor

class Child:
    def stop(self): ...

class Other: ...

def connect():
    connection = pika.BlockingConnection()
    return connection

async def open_later():
    return pika.BlockingConnection()

"""


def shown(kind: Kind) -> str:
    """A kind as one word: `thread`, `[thread]` for a collection of them."""
    if isinstance(kind, Items):
        return f"[{shown(kind.of)}]"
    if isinstance(kind, Instance):
        name = kind.of.name if isinstance(kind.of, Class) else kind.of.dotted
        return name.rpartition(".")[2]
    if isinstance(kind, Bound):
        return f"{shown(kind.receiver)}.{kind.function.name if kind.function else kind.model.name.rpartition('.')[2]}"  # type: ignore[union-attr]
    if isinstance(kind, External):
        return kind.dotted
    return type(kind).__name__.lower()


FIELDS = {
    "made in place": ("self.x = threading.Thread()", "Thread"),
    "None at first": ("self.x = None; self.x = threading.Thread()", "Thread"),
    "through a local": ("t = threading.Thread(); self.x = t", "Thread"),
    "a factory of the project": ("self.x = connect()", "BlockingConnection"),
    "an awaited factory": ("self.x = await open_later()", "BlockingConnection"),
    "not awaited": ("self.x = open_later()", "awaitable"),
    "a modelled factory": ("self.x = connect().channel()", "BlockingChannel"),
    "an alias of a module": ("self.x = ThreadPoolExecutor()", "ThreadPoolExecutor"),
    "of the project": ("self.x = Child()", "Child"),
    "two that disagree": ("self.x = Child(); self.x = Other()", "unknown"),
    "a parameter": ("self.x = given", "unknown"),
    "an annotated parameter": ("self.x = typed", "Child"),
    "a parameter or made here": ("self.x = given or Child()", "unknown"),
    "an annotation": ("self.x: Child = given", "unknown"),
    "only an annotation": ("self.x: Child", "Child"),
    "a list filled later": ("self.x = []; self.x.append(threading.Thread())", "[Thread]"),
    "a table filled later": ("self.x = {}; self.x['a'] = Child()", "[Child]"),
    "a comprehension": ("self.x = [Child() for _ in range(3)]", "[Child]"),
    "an annotated table": ("self.x: dict[str, Child] = {}", "[Child]"),
    "different things in a list": ("self.x = [Child(), Other()]", "[unknown]"),
    "entered": ("with ThreadPoolExecutor() as self.x: pass", "ThreadPoolExecutor"),
    "nothing but None": ("self.x = None", "absent"),
}


@pytest.mark.parametrize("case", FIELDS)
def test_fields(project_of: Any, case: str) -> None:
    code, expected = FIELDS[case][0].replace("; ", "\n        "), FIELDS[case][1]
    project = project_of(HEAD + f"class Worker:\n    async def start(self, given, typed: Child):\n        {code}\n")
    cls = next(cls for cls in project.classes_in("worker.py") if cls.name == "Worker")
    assert shown(project.values.field(cls, "x")) == expected


LOCALS = {
    "an item of a loop": ("for child in self.children:\n            child", "Child"),
    "a value of a table": ("for key, child in self.table.items():\n            child", "Thread"),
    "with a number": ("for number, child in enumerate(self.children):\n            child", "Child"),
    "a copy": ("for child in list(self.children):\n            child", "Child"),
    "taken out": ("child = self.children.pop()\n        child", "Child"),
    "by index": ("child = self.children[0]\n        child", "Child"),
    "swapped out": ("child, self.one = self.one, None\n        child", "Child"),
    "a walrus": ("(child := Child())\n        child", "Child"),
    "either of two": ("child = Child() if self.one else None\n        child", "Child"),
    "a loop that ends up in itself": ("child = None\n        child = child or Child()\n        child", "Child"),
    "a property": ("child = self.first\n        child", "Child"),
}


@pytest.mark.parametrize("case", LOCALS)
def test_locals(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = LOCALS[case]
    project = project_of(
        HEAD
        + f"""
class Worker:
    def __init__(self):
        self.children = [Child()]
        self.table = {{"a": threading.Thread()}}
        self.one = Child()

    @property
    def first(self):
        return self.one

    def stop(self):
        {code}
"""
    )
    function, cls = method_of(project, "Worker.stop")
    assert shown(project.values.name(function, "child", cls)) == expected


def test_a_name_of_two_loops_is_what_the_loop_around_it_makes_it(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD
        + """
class Worker:
    def __init__(self):
        self.children = [Child()]
        self.threads = [threading.Thread()]

    def stop(self):
        for one in self.children:
            one.stop()
        for one in self.threads:
            one.join()
"""
    )
    function, _ = method_of(project, "Worker.stop")
    names = [project.values.of(function, loop.body[0].value.func.value) for loop in function.body]
    assert [shown(kind) for kind in names] == ["Child", "Thread"]


def test_a_global_that_a_function_sets(project_of: Any) -> None:
    project = project_of(HEAD + "POOL = None\n\ndef start():\n    global POOL\n    POOL = ThreadPoolExecutor()\n")
    assert shown(project.values.name(project.module("worker.py"), "POOL")) == "ThreadPoolExecutor"


def test_super_is_the_next_class_of_the_object(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD
        + "class Base:\n    def stop(self): ...\n\nclass Worker(Base):\n    def stop(self):\n        super().stop()\n"
    )
    function, cls = method_of(project, "Worker.stop")
    kind = project.values.of(function, function.body[0].value.func, cls)
    assert isinstance(kind, Bound)
    assert kind.function is not None
    assert kind.function.symbol == "worker.Base.stop"


def test_what_a_field_holds_depends_on_the_class_that_is_asked_about(project_of: Any) -> None:
    project = project_of(
        HEAD
        + """
class Base:
    def __init__(self):
        self.child = self.make()

    def make(self):
        return Child()

class Worker(Base):
    def make(self):
        return Other()
"""
    )
    base, worker = (cls for cls in project.classes_in("worker.py") if cls.name in ("Base", "Worker"))
    assert shown(project.values.field(base, "child")) == "Child"
    assert shown(project.values.field(worker, "child")) == "Other"


def test_an_unknown_name_is_unknown(project_of: Any, method_of: Any) -> None:
    project = project_of("class Worker:\n    def stop(self):\n        return nothing.at_all()\n")
    function, _ = method_of(project, "Worker.stop")
    assert isinstance(project.values.returned(function), Unknown)
    assert not isinstance(project.values.returned(function), Absent)
