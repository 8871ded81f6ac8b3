"""Calls that hand on what their caller was given."""

from __future__ import annotations

from worker_lint.analysis.entity import Function
from worker_lint.source import ir


def passes_all_on(call: ir.Call, caller: Function) -> bool:
    """Whether a call in a method passes on the method's own `*args` and `**kwargs`, and it has no other parameters."""
    kinds = {item.kind: item.name for item in caller.node.params[1:]}
    if kinds.keys() != {"var-positional", "var-keyword"} or len(call.args) != 1 or len(call.keywords) != 1:
        return False
    star, double = call.args[0], call.keywords[0]
    return (
        isinstance(star, ir.Starred)
        and ir.dotted_name(star.value) == kinds["var-positional"]
        and double.name is None
        and ir.dotted_name(double.value) == kinds["var-keyword"]
    )
