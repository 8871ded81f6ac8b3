"""
Calls that rely on what an abstract method promises: they pass what its declaration takes, on objects whose
class is not known but cannot be one outside of its hierarchy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker_lint.analysis.base_use import BaseUse
from worker_lint.analysis.entity import Class, Function, Instance, Unknown
from worker_lint.analysis.hierarchy import Found
from worker_lint.analysis.member import Member
from worker_lint.analysis.member_use import MemberUse, member_uses
from worker_lint.analysis.signature import Arguments, Signature, arguments_of, signature_of
from worker_lint.source import ir


def promised_uses(cls: Class, found: Found, override: Signature) -> Iterator[BaseUse]:
    """
    The calls of a member by name in the files that know its hierarchy, with a keyword that an abstract or
    unimplemented declaration above the class takes and the override does not, when no class of these
    files outside of the hierarchy takes the call either.
    """
    declared = _declaration(cls, found.member.name)
    if declared is None or override.has("var-keyword"):
        return
    base, promise = declared
    dropped = _keywords(promise) - _keywords(override)
    if not dropped and not promise.has("var-keyword"):
        return
    spelled = r"\w+" if promise.has("var-keyword") else "|".join(sorted(dropped))
    given = re.compile(rf"\b(?:{spelled})\s*=")
    paths = _paths(base)
    for path in paths:
        if not given.search(cls.project.store.text(path).source):
            continue
        for use in _calls(cls, path, found.member.name):
            if use.call is None:
                continue
            arguments = arguments_of(use.call)
            if not arguments.exact or promise.refusal(arguments) or _keywords(override).issuperset(arguments.keywords):
                continue
            if _is_open(use, base) and not _others_accept(base, paths, found.member.name, arguments):
                yield BaseUse(use, base, use.scope.qualname.rpartition(".")[2] or use.scope.module.name, "annotated")


def _keywords(signature: Signature) -> set[str]:
    return {slot.name for slot in signature.slots if slot.kind in {"positional", "keyword-only"}}


def _declaration(cls: Class, name: str) -> tuple[Class, Signature] | None:
    """The abstract or unimplemented declaration of a method above a class."""
    hierarchy = cls.project.hierarchy
    for ancestor in hierarchy.ancestors(cls):
        for member in hierarchy.own(ancestor, name) if isinstance(ancestor, Class) else ():
            if isinstance(ancestor, Class) and isinstance(member, Member) and _is_declaration(member):
                signature = signature_of(member.parts[0], bound=member.kind != "staticmethod")
                return (ancestor, signature) if signature is not None else None
    return None


def _is_declaration(member: Member) -> bool:
    if member.kind not in {"method", "classmethod", "staticmethod"} or not member.parts:
        return False
    return member.abstract is True or member.parts[0].shape == "not-implemented"


def _paths(base: Class) -> tuple[str, ...]:
    project = base.project
    found: set[str] = set()
    for cls in (base, *project.hierarchy.descendants(base)):
        found.add(cls.path)
        found.update(project.uses.files_using(cls))
    return tuple(sorted(path for path in found if project.store.role(path) == "product"))


def _calls(cls: Class, path: str, name: str) -> Iterator[MemberUse]:
    project = cls.project
    if f".{name}(" not in project.store.text(path).source:
        return
    for scope in project.uses.scopes_with(path, name):
        if not isinstance(scope, Class):
            yield from (use for use in member_uses(scope, name) if use.call is not None)


def _is_open(use: MemberUse, base: Class) -> bool:
    """Whether the receiver may be any object of the hierarchy: unknown, and no `self` of any class."""
    value = use.node.value
    if not isinstance(value, (ir.Name, ir.Attribute)) or _is_receiver(use):
        return False
    targets = use.scope.project.names.expr(use.scope, value)
    return all(isinstance(target, Unknown) or target == Instance(base) for target in targets)


def _is_receiver(use: MemberUse) -> bool:
    scope = use.scope
    if not isinstance(scope, Function) or not isinstance(use.node.value, ir.Name):
        return False
    names = {use.node.value.id} & {"self", "cls"}
    return bool(names) or (
        scope.owner is not None and bool(scope.node.params) and scope.node.params[0].name == use.node.value.id
    )


def _others_accept(base: Class, paths: tuple[str, ...], name: str, arguments: Arguments) -> bool:
    """Whether a class outside of the hierarchy has a method of that name that takes the call as well."""
    hierarchy = base.project.hierarchy
    family = {base, *hierarchy.descendants(base)}
    for path in paths:
        for other in base.project.classes_in(path):
            if other in family:
                continue
            for member in hierarchy.members(other).get(name, ()):
                signature = signature_of(member.parts[0], bound=True) if member.parts else None
                if signature is None or signature.refusal(arguments) is None:
                    return True
    return False
