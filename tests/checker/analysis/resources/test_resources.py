"""Who holds what must be released, and what ends it."""

from __future__ import annotations

from typing import Any

import pytest

HEAD = """
import atexit
import contextlib
import threading
import pika

class Client:
    def __init__(self):
        self._connection = pika.BlockingConnection()

    def close(self):
        self._connection.close()

def close_all(things):
    for thing in things:
        thing.close()

def look_at(thing):
    print(thing)

"""
HELD = {
    "made in the constructor": ("self.x = pika.BlockingConnection()", "pass", True, [], True),
    "closed": ("self.x = pika.BlockingConnection()", "self.x.close()", True, ["release"], True),
    "through a local": (
        "self.x = pika.BlockingConnection()", "x = self.x\n        x.close()", True, ["release"], True,
    ),
    "a client of the project": ("self.x = Client()", "self.x.close()", True, ["release"], True),
    "not started": ("self.x = threading.Thread()", "self.x.join()", False, ["release"], True),
    "started": ("self.x = threading.Thread(); self.x.start()", "self.x.join()", True, ["release"], True),
    "started before it is kept": ("t = threading.Thread(); t.start(); self.x = t", "pass", True, [], True),
    "each of a list": (
        "self.x = [pika.BlockingConnection()]", "for c in self.x:\n            c.close()", True, ["release"], True,
    ),
    "by a helper": ("self.x = pika.BlockingConnection()", "close_all([self.x])", True, ["helper"], False),
    "by a helper that gets it": ("self.x = [pika.BlockingConnection()]", "close_all(self.x)", True, ["helper"], True),
    "given to one that only looks": ("self.x = pika.BlockingConnection()", "look_at(self.x)", True, [], True),
    "given to nobody knows whom": ("self.x = pika.BlockingConnection()", "self.other(self.x)", True, [], False),
    "as a context": ("self.x = pika.BlockingConnection()", "with self.x: pass", True, ["context"], True),
    "registered": (
        "self.x = pika.BlockingConnection(); atexit.register(self.x.close)", "pass", True, ["registered"], True,
    ),
    "returned": ("self.x = pika.BlockingConnection()", "return self.x", True, [], False),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_held_fields(project_of: Any, method_of: Any, case: str) -> None:
    made, stop, is_acquired, ends, is_ours = HELD[case]
    made = made.replace("; ", "\n        ")
    project = project_of(
        HEAD + f"class Worker:\n    def __init__(self):\n        {made}\n\n    def stop(self):\n        {stop}\n"
    )
    _, cls = method_of(project, "Worker.stop")
    (held,) = project.resources.held(cls)
    assert held.name == "self.x"
    assert bool(held.acquired) == is_acquired
    assert [end.kind for end in held.ends] == ends
    assert held.is_ours == is_ours


NOT_HELD = {
    "injected": "self.x = given",
    "injected or made": "self.x = given or pika.BlockingConnection()",
    "context-managed": "with pika.BlockingConnection() as self.x: pass",
    "no resource": "self.x = object()",
    "made by somebody else": "self.x = given.connection()",
}


@pytest.mark.parametrize("case", NOT_HELD)
def test_what_is_not_held(project_of: Any, method_of: Any, case: str) -> None:
    project = project_of(
        HEAD + f"class Worker:\n    def __init__(self, given):\n        {NOT_HELD[case]}\n\n    def stop(self): ...\n"
    )
    _, cls = method_of(project, "Worker.stop")
    assert project.resources.held(cls) == ()


def test_a_channel_is_derived_from_its_connection(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD
        + """
class Worker:
    def __init__(self):
        self.connection = pika.BlockingConnection()
        self.channel = self.connection.channel()

    def stop(self):
        self.connection.close()
"""
    )
    _, cls = method_of(project, "Worker.stop")
    assert {held.name: held.derived_from for held in project.resources.held(cls)} == {
        "self.connection": None,
        "self.channel": ("self", "connection"),
    }


def test_a_class_that_holds_a_resource_has_its_duty(project_of: Any, method_of: Any) -> None:
    project = project_of(HEAD + "class Worker:\n    def __init__(self):\n        self.x = Client()\n")
    _, cls = method_of(project, "Worker.__init__")
    duty = project.resources.duty(project.values.field(cls, "x"))
    assert duty is not None
    assert (duty.role, duty.release, duty.acquired) == ("worker", ("close",), ("__init__",))


def test_a_field_ended_by_other_code_is_not_ours(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD
        + """
class Worker:
    def __init__(self):
        self.x = pika.BlockingConnection()

    def stop(self): ...

def main():
    worker = Worker()
    worker.x.close()
"""
    )
    _, cls = method_of(project, "Worker.stop")
    (held,) = project.resources.held(cls)
    assert held.reachable_outside
    assert not held.is_ours


def test_locals(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD
        + """
class Worker:
    def run(self, given):
        first = pika.BlockingConnection()
        second = pika.BlockingConnection()
        with pika.BlockingConnection() as third:
            third.channel()
        fourth = given
        second.close()
"""
    )
    function, cls = method_of(project, "Worker.run")
    held = project.resources.local(function, cls)
    assert {one.name: [end.kind for end in one.ends] for one in held} == {"first": [], "second": ["release"]}
