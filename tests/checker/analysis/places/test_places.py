"""Which fields and locals an expression may mean, and what is done with them."""

from __future__ import annotations

from typing import Any

import pytest

SOURCE = """
class Worker:
    @property
    def connection(self):
        return self._connection

    def get(self):
        return self._connection

    def work(this, given):
        {code}
"""
DENOTED = {
    "a field": ("this._a.close()", {("self", "_a")}),
    "a local that stands for it": ("a = this._a\n        a.close()", {("self", "_a"), ("a",)}),
    "swapped out": ("a, this._a = this._a, None\n        a.close()", {("self", "_a"), ("a",)}),
    "an item of a loop": ("for a in this._all: a.close()", {("self", "_all"), ("a",)}),
    "a value of a table": ("for k, a in list(this._all.items()): a.close()", {("self", "_all"), ("a",)}),
    "one of several fields": ("for a in (this._a, this._b): a.close()", {("self", "_a"), ("self", "_b"), ("a",)}),
    "taken out": ("a = this._all.pop()\n        a.close()", {("self", "_all"), ("a",)}),
    "a property": ("this.connection.close()", {("self", "_connection"), ("self", "connection")}),
    "a getter": ("this.get().close()", {("self", "_connection")}),
    "loops over each other's names": (
        "for a in b:\n            for b in a: b.close()\n        a = b = this._all",
        {("self", "_all"), ("a",), ("b",)},
    ),
    "a parameter": ("given.close()", {("given",)}),
    "part of a field": ("this._a.socket.close()", {("self", "_a", "socket")}),
    "names in a circle": (
        "a = b = given\n        a = b\n        b = a\n        a.close()",
        {("a",), ("b",), ("given",)},
    ),
    "put in its place before": ("a = this._b\n        a = this._a\n        a.close()", {("self", "_a"), ("a",)}),
    "put in its place in a branch": (
        "a = this._b\n        if given:\n            a = this._a\n        a.close()",
        {("self", "_a"), ("self", "_b"), ("a",)},
    ),
    "put in its place by the turn before": (
        "a = this._a\n        while given:\n            a.close()\n            a = this._b",
        {("self", "_a"), ("self", "_b"), ("a",)},
    ),
    "in an inner function": ("a = this._a\n        def end():\n            a.close()", {("self", "_a"), ("a",)}),
}


@pytest.mark.parametrize("case", DENOTED)
def test_what_is_closed(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = DENOTED[case]
    project = project_of(SOURCE.format(code=code))
    function, cls = method_of(project, "Worker.work")
    uses = project.places.uses(function, cls)
    assert {use.place for use in uses if use.how == "called" and use.name == "close"} == expected


USES = {
    "passed": ("given(this._a)", "passed"),
    "returned": ("return this._a", "returned"),
    "stored": ("given.x = this._a", "stored"),
    "held": ("x = {this._a}", "held"),
    "entered": ("with this._a: pass", "entered"),
    "tested": ("if not this._a: pass", "tested"),
    "iterated": ("for x in this._a: pass", "iterated"),
    "attribute": ("given(this._a.close)", "attribute"),
    "invoked": ("this._a()", "invoked"),
}


@pytest.mark.parametrize("case", USES)
def test_how_a_field_is_used(project_of: Any, method_of: Any, case: str) -> None:
    code, how = USES[case]
    project = project_of(SOURCE.format(code=code))
    function, cls = method_of(project, "Worker.work")
    uses = [use.how for use in project.places.uses(function, cls) if use.place == ("self", "_a")]
    assert uses[-1] == how  # a display is read before what it holds
