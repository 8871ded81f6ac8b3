from __future__ import annotations

from collections.abc import Callable

import pytest

from worker_lint.analysis.flow import Aliases
from worker_lint.source import ir

Functions = Callable[[str], dict[str, ir.FunctionDef]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = self.a.b", ("self", "a", "b")),
        ("y = self.a\n    x = y.b", ("self", "a", "b")),
        ("x, self.a = self.a, None", ("self", "a")),
        ("if (x := self.a) is not None:\n        pass", ("self", "a")),
        ("for x in self.items:\n        pass", ("self", "items", "*")),
        ("for x in reversed(list(self.items)):\n        pass", ("self", "items", "*")),
        ("for x in self.table.values():\n        pass", ("self", "table", "*")),
        ("for key, x in list(self.table.items()):\n        pass", ("self", "table", "*")),
        ("for index, x in enumerate(self.items):\n        pass", ("self", "items", "*")),
        ("x = [x for x in self.items]", ("x",)),
        ("x = make()", ("x",)),
        ("x = self.a\n    x = self.b", ("x",)),
        ("x = self.a\n    del x", ("x",)),
        ("x = self.a\n    x += 1", ("x",)),
        ("x = self.a\n    with b as x:\n        pass", ("x",)),
        ("x = self.a\n    for x, y in b:\n        pass", ("x",)),
        ("x = y\n    y = x", ("x",)),
        ("x = self.a\n    def inner():\n        x = 3", ("self", "a")),
        ("x = self.a\n    try:\n        pass\n    except E as x:\n        pass", ("x",)),
        ("x = self.a\n    import x", ("x",)),
        ("x = self.a\n    match y:\n        case [x]:\n            pass", ("x",)),
    ],
)
def test_what_x_stands_for(functions: Functions, body: str, expected: tuple[str, ...]) -> None:
    definition = functions(f"def program(self):\n    {body}\n")["program"]
    found = Aliases(definition.params, definition.body or ()).place(ir.Name((1, 1, 1, 1), "x"))
    assert found == expected


def test_a_parameter_that_is_bound_again_stands_for_itself(functions: Functions) -> None:
    definition = functions("def program(self, x):\n    x = self.a\n")["program"]
    assert Aliases(definition.params, definition.body or ()).place(ir.Name((1, 1, 1, 1), "x")) == ("x",)
