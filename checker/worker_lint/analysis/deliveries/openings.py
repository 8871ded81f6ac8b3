"""The calls of a file by which deliveries come in: consuming, subscribing, fetching."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.coroutine_names import imports_of
from worker_lint.analysis.deliveries.delivery import Opening
from worker_lint.analysis.deliveries.settlement import argument_for, flag_of
from worker_lint.analysis.entity import External, Function
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers.sites import scopes_with
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import ModuleScope, Scope
    from worker_lint.analysis.models import CallTable, ModelFunction
    from worker_lint.analysis.project import Project

ByName: TypeAlias = "dict[str, list[ModelFunction]]"
"""Modelled calls by their bare names."""


def imported_names(module: ModuleScope) -> frozenset[str]:
    """The modules, and names in them, that a file imports from outside the project, re-exports followed."""
    found: set[str] = set()
    for node in imports_of(module.record.body):
        for name in node.names:
            if not node.level:
                found.update((name.module, f"{name.module}.{name.attribute}"))
            targets = module.project.names.name(module, name.bound)
            found.update(target.dotted for target in targets if isinstance(target, External))
    return frozenset(found)


def openings_in(project: Project, path: str, incoming: ByName) -> Iterator[Opening]:
    """The openings of a file; those known by their name alone, too, where nothing says that they are others."""
    text = project.store.text(path).source
    seen: set[ir.At] = set()
    for word in sorted(name for name in incoming if name in text):
        for scope in scopes_with(project, path, word):
            for call in find(ir.Call, scope.statements):
                if last_name(call.func) == word and call.at not in seen:
                    seen.add(call.at)
                    yield from opening_of(project, scope, call, incoming)


def opening_of(project: Project, scope: Scope, call: ir.Call, incoming: ByName) -> Iterator[Opening]:
    """The call as an opening, if it is one."""
    model = stated(project, scope, call)
    if model is None or not brings(model.facts):
        model = known_by_name(project.calls.of(scope, call), call, incoming)
    if model is not None:
        yield Opening(scope, call, model, is_automatic(call, model))


def stated(project: Project, scope: Scope, call: ir.Call) -> ModelFunction | None:
    """The model of a call, with what is stated of the method that it overrides."""
    callee = project.calls.of(scope, call)
    receiver = callee.receiver.of if callee.receiver is not None else None
    owner = project.models.find_class(receiver.dotted) if isinstance(receiver, External) else None
    if callee.model is None or callee.model.facts.name or owner is None:
        return callee.model
    return project.models.find_stated(owner, callee.model.name.rpartition(".")[2])


def known_by_name(callee: Callee, call: ir.Call, named: ByName) -> ModelFunction | None:
    """The call that a name alone tells, where nothing says that it is another one."""
    if callee.is_known or callee.receiver is not None or callee.outside:
        return None
    for model in named.get(last_name(call.func), ()):
        gives = model.facts.gives
        has_needed = all(any(word.name == name for word in call.keywords) for name in model.facts.needs)
        if model.facts.by_name and has_needed and (not gives or any(argument_for(call, model, name) for name in gives)):
            return model
    return None


def brings(facts: CallTable) -> bool:
    """Whether deliveries come in by such a call."""
    return bool(facts.gives or facts.delivers or facts.items)


def is_automatic(call: ir.Call, model: ModelFunction) -> bool | None:
    """
    Whether deliveries that come by this call are settled without the handler's doing; None, too, where it only looks
    at them.
    """
    facts = model.facts
    if facts.peeks and flag_of(call, model, facts.peeks, default=True) is False:
        return None
    if facts.manual_ack:
        manual = flag_of(call, model, facts.manual_ack, default=False)
        return None if manual is None else not manual
    return flag_of(call, model, facts.auto_ack, default=facts.default_auto_ack) if facts.auto_ack else False


def functions_with(project: Project, path: str, words: tuple[str, ...]) -> Iterator[Function]:
    """The functions of a file, inner ones included, in whose text one of the words stands."""
    return (scope for scope in scopes_with(project, path, *words) if isinstance(scope, Function))
