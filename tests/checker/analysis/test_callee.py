"""All functions behind a call, or none."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Class, Project
from worker_lint.analysis.callee import dotted_callee, functions_called, gives_coroutine
from worker_lint.analysis.event_loop import is_event_loop
from worker_lint.analysis.nesting import own_calls, placed_statements
from worker_lint.source import ir

Named = Callable[[str, str], Class]
Link = Callable[[Mapping[str, str]], Project]


def _called(cls: Class, method: str) -> tuple[str, ...]:
    """What the first call of a method runs."""
    function = next(item for item in cls.project.values.fields.methods(cls) if item.name == method)
    call = next(call for placed in placed_statements(function.body) for call in own_calls(placed.statement))
    return tuple(found.symbol for found in functions_called(function, call))


def test_overrides_are_among_the_answers(class_named: Named) -> None:
    source = """
    class Worker:
        def stop(self):
            self.drain()

        async def drain(self): ...

    class Slow(Worker):
        def drain(self): ...
    """
    assert _called(class_named(source, "Worker"), "stop") == ("worker.Worker.drain", "worker.Slow.drain")


_STOP = "def stop(self):\n        self.drain()\n"


@pytest.mark.parametrize(
    "source",
    [
        f"from typing import Protocol\nclass Worker(Protocol):\n    {_STOP}    def drain(self): ...",
        f"from x import wrap\nclass Worker:\n    {_STOP}    @wrap\n    def drain(self): ...",
        f"from x import Base\nclass Worker(Base):\n    {_STOP}",
    ],
    ids=["protocol", "decorator", "unknown base"],
)
def test_no_answer_where_another_callee_is_possible(source: str, class_named: Named) -> None:
    assert _called(class_named(source, "Worker"), "stop") == ()


def test_coroutine_functions_only_when_all_are() -> None:
    assert not gives_coroutine(())


def test_names_outside_the_project(link: Link) -> None:
    project = link({"a.py": "from asyncio import create_task as spawn\ndef run(x):\n    spawn(x)\n    x.spawn()\n"})
    function = next(iter(project.functions_in("a.py")))
    calls = [call for placed in placed_statements(function.body) for call in own_calls(placed.statement)]
    assert [dotted_callee(function, call) for call in calls] == ["asyncio.create_task", ""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("asyncio.get_running_loop()", True),
        ("loop or asyncio.get_event_loop()", True),
        ("asyncio.Queue()", False),
        ("loop", False),
    ],
)
def test_event_loops_by_where_they_come_from(value: str, expected: bool, class_named: Named) -> None:  # noqa: FBT001 - a parameter
    source = f"""
    import asyncio

    class Client:
        def __init__(self, loop=None):
            self.loop = {value}

        def start(self):
            self.loop.create_task(None)
    """
    client = class_named(source, "Client")
    function = next(item for item in client.project.values.fields.methods(client) if item.name == "start")
    call = next(call for placed in placed_statements(function.body) for call in own_calls(placed.statement))
    assert isinstance(call.func, ir.Attribute)
    assert is_event_loop(function, call.func.value) is expected
