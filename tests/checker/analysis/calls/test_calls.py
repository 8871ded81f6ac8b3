"""What calls run: methods with overrides, functions, modelled calls, callbacks."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.flow import find
from worker_lint.source import ir

SOURCE = """
import functools
import threading
from queue import Queue

def helper(x): ...

def wrapped(function):
    return function

@wrapped
def decorated(): ...

class Child:
    def stop(self): ...

class Loud(Child):
    def stop(self): ...

class Base:
    def __init__(self, child: Child):
        self.child = child
        self.own = Child()
        self.queue = Queue()

    def hook(self): ...

    def stop(self):
        {code}

class Worker(Base):
    def hook(self): ...
"""
CASES = {
    "a function": ("helper(1)", ["helper"], True, ""),
    "a method of self, overridden": ("self.hook()", ["Base.hook", "Worker.hook"], False, ""),
    "an object made here": ("self.own.stop()", ["Child.stop"], True, ""),
    "an object of any subclass": ("self.child.stop()", ["Child.stop", "Loud.stop"], False, ""),
    "a modelled method": ("self.queue.get()", [], True, "queue.Queue.get"),
    "a modelled constructor": ("threading.Event()", [], True, "threading.Event"),
    "a class of the project": ("Worker(None)", ["Base.__init__"], True, ""),
    "a partial": ("functools.partial(helper, 1)()", ["helper"], True, ""),
    "a closure": ("inner = lambda: 0; inner()", [], False, ""),
    "a decorator that may change it": ("decorated()", ["decorated"], False, ""),
    "nobody knows": ("self.child.other()", [], False, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_callees(project_of: Any, method_of: Any, case: str) -> None:
    code, runs, is_sure, dotted = CASES[case]
    project = project_of(SOURCE.format(code=code))
    function, _ = method_of(project, "Base.stop")
    call = next(find(ir.Call, function.statements))
    callee = project.calls.of(function, call)
    assert [run.function.qualname for run in callee.runs] == runs
    assert callee.is_sure == is_sure
    assert callee.dotted == dotted


def test_on_objects_of_one_class_a_hook_is_that_of_the_class(project_of: Any, method_of: Any) -> None:
    project = project_of(SOURCE.format(code="self.hook()"))
    function, _ = method_of(project, "Base.stop")
    _, worker = method_of(project, "Worker.hook")
    callee = project.calls.of(function, next(find(ir.Call, function.statements)), worker)
    assert [run.function.qualname for run in callee.runs] == ["Worker.hook"]
    assert callee.is_sure
    assert callee.is_bound


def test_a_lambda_is_told_by_its_body(project_of: Any, method_of: Any) -> None:
    project = project_of(SOURCE.format(code="threading.Thread(target=lambda: self.hook())"))
    function, _ = method_of(project, "Base.stop")
    target = next(find(ir.Call, function.statements)).keywords[0].value
    assert project.calls.handed(function, target).body == target
