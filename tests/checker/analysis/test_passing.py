"""Calls that hand everything on."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class, Function
from worker_lint.analysis.passing import passes_all_on
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.source import ir


@pytest.mark.parametrize(
    ("parameters", "arguments", "expected"),
    [
        ("self, *args, **kwargs", "*args, **kwargs", True),
        ("self, *args, **kwargs", "*args", False),
        ("self, *args, **kwargs", "1, *args, **kwargs", False),
        ("self, *args, **kwargs", "*other, **kwargs", False),
        ("self, *args, **kwargs", "*args, **other", False),
        ("self, first, *args, **kwargs", "*args, **kwargs", False),
        ("self, *args", "*args, **{}", False),
    ],
)
def test_passes_all_on(
    class_named: Callable[[str, str], Class], parameters: str, arguments: str, *, expected: bool
) -> None:
    cls = class_named(
        f"class A:\n    def run(self): ...\n    def go({parameters}):\n        self.run({arguments})\n", "A"
    )
    (member,) = cls.project.hierarchy.members(cls)["go"]
    assert member.function is not None
    caller = cls.project.function_of(cls, member.function)
    assert isinstance(caller, Function)
    (call,) = [
        node
        for statement in caller.body
        for root in expressions_of(statement)
        for node in subexpressions(root)
        if isinstance(node, ir.Call)
    ]
    assert passes_all_on(call, caller) is expected
