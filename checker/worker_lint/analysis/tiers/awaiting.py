"""What a `try` body waits for: its own work, or tasks of others, whose cancellation ends there rightly."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir

_COLLECTING: Final = frozenset({"gather", "wait", "wait_for", "shield"})


def awaits_others_only(site: TrySite) -> bool:
    """Whether all that is awaited are tasks of others, whose cancellation ends here rightly."""
    if any(isinstance(node, (ir.For, ir.With)) and node.is_async for node in find(ir.Node, site.node.body)):
        return False
    cancelled = {
        ir.dotted_name(call.func.value)
        for call in find(ir.Call, site.scope.statements)
        if isinstance(call.func, ir.Attribute) and call.func.name == "cancel"
    }
    return all(_is_other(one.value, cancelled) for one in find(ir.Await, site.node.body))


def _is_other(awaited: ir.Expr, cancelled: set[str | None]) -> bool:
    if isinstance(awaited, ir.Call):
        name = (ir.dotted_name(awaited.func) or "").rpartition(".")[2]
        if isinstance(awaited.func, ir.Attribute) and ir.dotted_name(awaited.func.value) in cancelled - {None}:
            return True
        return name in _COLLECTING and not any(isinstance(arg, ir.Call) for arg in awaited.args)
    return isinstance(awaited, (ir.Name, ir.Attribute, ir.Subscript))
