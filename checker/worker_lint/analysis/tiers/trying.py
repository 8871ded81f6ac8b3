"""What a `try` body calls: which library each call belongs to, and whether it is known at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.sites import TrySite
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.models import ModelFunction

_PLAIN: Final = "print len int str repr float bool bytes list dict tuple set frozenset isinstance getattr hasattr"
_MORE: Final = "format range enumerate zip sorted min max sum any all type iter"
_HARMLESS: Final = frozenset(f"builtins.{name}" for name in f"{_PLAIN} {_MORE}".split())


@dataclass(frozen=True, slots=True)
class Tried:
    """
    A call in a `try` body. `model` are its facts, `home` the class or function by whose library it
    is judged; `is_known`: it is a modelled call, or one that does no input or output.
    """

    call: ir.Call
    model: ModelFunction | None
    home: str
    is_known: bool


def tried_calls(site: TrySite) -> Iterator[Tried]:
    """The calls of the body, log lines left out."""
    project, scope = site.scope.project, site.scope
    for call in find(ir.Call, site.node.body):
        if is_logging(call):
            continue
        callee = project.calls.of(scope, call)
        receiver = callee.receiver.of if callee.receiver is not None else None
        created = callee.creates
        if isinstance(receiver, External):
            yield Tried(call, callee.model, receiver.dotted, is_known=True)
        elif isinstance(created, External):
            yield Tried(call, callee.model, created.dotted, is_known=True)
        elif callee.model is not None and not callee.model.name.startswith("builtins."):
            yield Tried(call, callee.model, callee.model.name, is_known=True)
        else:
            yield Tried(call, None, "", is_known=_is_harmless(site, call))


def connecting_call(site: TrySite) -> Tried | None:
    """The first call of the body that opens a connection and may find the other side away, by its model."""
    tiers = site.scope.project.tiers
    for one in tried_calls(site):
        raised = one.model.raises if one.model is not None else None
        if isinstance(raised, tuple) and _opens(site, one):
            if any(tiers.tier(tiers.errors.canonical(name)) == "recoverable" for name in raised):
                return one
    return None


def _opens(site: TrySite, one: Tried) -> bool:
    """Whether a call makes a connection, or is named for it."""
    made = site.scope.project.models.find_class(one.home)
    if made is not None and made.resource is not None and made.resource.role == "connection":
        if one.model is not None and one.model.name in (made.name, f"{made.name}.__init__"):
            return True
    name = one.model.name.rpartition(".")[2] if one.model is not None else ""
    return name == "ping" or "connect" in name.split("_") or name.endswith("_connection")


def _is_harmless(site: TrySite, call: ir.Call) -> bool:
    targets = site.scope.project.names.expr(site.scope, call.func)
    return bool(targets) and all(isinstance(one, External) and one.dotted in _HARMLESS for one in targets)


def calls_itself(site: TrySite, call: ir.Call) -> bool:
    """Whether a call runs the very function that the statement stands in, on the same object."""
    function = site.function
    if function is None:
        return False
    if isinstance(call.func, ir.Attribute) and not _is_own(call.func.value, function):
        return False
    kinds = site.scope.project.names.expr(site.scope, call.func)
    if any(isinstance(kind, Function) and kind is function for kind in kinds):
        return True
    return any(runs.function is function for runs in site.scope.project.calls.of(site.scope, call).runs)


def _is_own(expression: ir.Expr, function: Function) -> bool:
    """Whether this is the method's own first parameter, or the class around it."""
    if not isinstance(expression, ir.Name):
        return False
    params = function.node.params
    own = params[0].name if params and function.owner is not None else ""
    return expression.id == own or (isinstance(function.parent, Class) and expression.id == function.parent.name)
