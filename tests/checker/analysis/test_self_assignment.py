"""Attributes that methods set on the object."""

from collections.abc import Callable

from worker_lint.analysis import Class
from worker_lint.analysis.self_assignment import (
    assigned_names,
    assignments,
    is_assigned_in,
    sets_computed_names,
)

SOURCE = """
class Worker:
    def __init__(this, queue):
        this.queue = queue
        self = this
        self.name: str = "mail"
        self.first, self.second = 1, 2
        if self.name == "print":
            pass

    def prepare(self):
        self.queue = self.backlog = []

class Wrapper(Worker):
    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)
"""


def test_names_in_the_text(class_named: Callable[[str, str], Class]) -> None:
    assert assigned_names(class_named(SOURCE, "Worker")) >= {"queue", "backlog", "name", "first", "second"}


def test_places(class_named: Callable[[str, str], Class]) -> None:
    found = list(assignments(class_named(SOURCE, "Worker"), ["queue", "backlog", "second"]))
    assert [(name, at[0]) for name, at in found] == [("queue", 3), ("queue", 11), ("backlog", 11)]


def test_assignments_from_outside(class_named: Callable[[str, str], Class]) -> None:
    cls = class_named(SOURCE + "\nWorker.encode = print\n", "Worker")
    assert is_assigned_in(cls.project, [cls.path], "encode")
    assert not is_assigned_in(cls.project, [cls.path], "items")


def test_computed_names(class_named: Callable[[str, str], Class]) -> None:
    assert sets_computed_names(class_named(SOURCE, "Wrapper"))
    assert not sets_computed_names(class_named(SOURCE, "Worker"))
