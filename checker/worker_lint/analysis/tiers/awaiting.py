"""What a `try` body waits for: its own work, or tasks of others, whose cancellation ends there rightly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.loops import is_always
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope

_CANCELLING: Final = re.compile(r"\.cancel\(|asyncio\.run\(|\bTaskGroup\b|\bwait_for\(|\btimeout(?:_at)?\(")
"""What cancels a task and waits for it."""

_COLLECTING: Final = frozenset({"gather", "wait", "wait_for", "shield"})


def awaits_others_only(site: TrySite, depth: int = 0) -> bool:
    """
    Whether all that is awaited are tasks of others, whose cancellation ends here rightly. Coroutines of the project
    are followed for `depth` calls.
    """
    if any(isinstance(node, (ir.For, ir.With)) and node.is_async for node in find(ir.Node, site.node.body)):
        return False
    cancelled = {
        ir.dotted_name(call.func.value)
        for call in find(ir.Call, site.scope.statements)
        if isinstance(call.func, ir.Attribute) and call.func.name == "cancel"
    }
    return all(
        _is_other(one.value, cancelled) or _only_collects(site.scope, one.value, depth)
        for one in find(ir.Await, site.node.body)
    )


def _only_collects(scope: Scope, awaited: ir.Expr, depth: int) -> bool:
    """Whether it is a coroutine of the project that awaits nothing but tasks of others."""
    if not depth or not isinstance(awaited, ir.Call):
        return False
    if last_name(awaited.func) in _COLLECTING:
        made = [arg for arg in awaited.args if isinstance(arg, ir.Call)]
        return all(_only_collects(scope, arg, depth) for arg in made)
    runs = scope.project.calls.of(scope, awaited).runs
    bodies = [(one.function, list(find(ir.Await, one.function.statements))) for one in runs]
    return bool(bodies) and all(
        waits and all(_is_other(one.value, set()) or _only_collects(function, one.value, depth - 1) for one in waits)
        for function, waits in bodies
    )


def _is_other(awaited: ir.Expr, cancelled: set[str | None]) -> bool:
    if isinstance(awaited, ir.Call):
        name = (ir.dotted_name(awaited.func) or "").rpartition(".")[2]
        if isinstance(awaited.func, ir.Attribute) and ir.dotted_name(awaited.func.value) in cancelled - {None}:
            return True
        return name in _COLLECTING and not any(isinstance(arg, ir.Call) for arg in awaited.args)
    return isinstance(awaited, (ir.Name, ir.Attribute, ir.Subscript))


def only_sleeps(site: TrySite, loop: ir.While | ir.For) -> bool:
    """
    Whether a cancellation only ends a sleep, after which the loop looks at its condition; or the loop does nothing but
    sleep, is ended by `loop.stop()`, and nothing in the file cancels.
    """
    if not isinstance(loop, ir.While):
        return False
    if is_always(loop.test) and not (loop.body == (site.node,) and _is_stopped_with_the_loop(site)):
        return False
    awaited = [one.value for one in find(ir.Await, site.node.body)]
    tiers = site.scope.project.tiers
    return all(isinstance(one, ir.Call) and tiers.resolves_to(site.scope, one.func, "asyncio.sleep") for one in awaited)


def _is_stopped_with_the_loop(site: TrySite) -> bool:
    text = site.scope.project.store.text(site.scope.path).source
    return "loop.stop" in text and not _CANCELLING.search(text)
