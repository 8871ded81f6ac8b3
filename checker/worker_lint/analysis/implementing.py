"""The members of a class that implement an abstract member of one of its bases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from worker_lint.analysis.entity import Class
from worker_lint.analysis.lookup import Found
from worker_lint.analysis.member import Member
from worker_lint.analysis.uses import calls_in
from worker_lint.source import ir


class Implementation(NamedTuple):
    """A method or property that a class gives to an abstract declaration of a base."""

    member: Member
    node: ir.FunctionDef
    declared: Found


_SILENT = frozenset({"trivial", "abstract-docstring"})


def implementations(cls: Class) -> tuple[Implementation, ...]:
    """
    What the class body implements with a `def`, in source order. Members that are abstract
    again, special methods (`__len__`) and those with alternatives in branches are left out.
    """
    hierarchy = cls.project.hierarchy
    found: list[Implementation] = []
    for name, members in hierarchy.members(cls).items():
        member, node = members[0], members[0].function
        if len(members) > 1 or node is None or member.abstract is not False or name.startswith("__"):
            continue
        declared = hierarchy.find(cls, name, after=cls)
        if declared is not None and declared.sure and declared.abstract is True:
            found.append(Implementation(member, node, declared))
    return tuple(sorted(found, key=lambda item: item.member.at))


def is_called_guarded(cls: Class, name: str) -> bool:
    """Whether a base calls the member on `self` inside a `try` that handles exceptions."""
    for ancestor in cls.project.hierarchy.order(cls):
        if isinstance(ancestor, Class) and any(_guards(ancestor, part, name) for part in _methods(ancestor)):
            return True
    return False


def _methods(cls: Class) -> Iterable[ir.FunctionDef]:
    return [node for node in cls.node.body if isinstance(node, ir.FunctionDef)]


def _guards(cls: Class, node: ir.FunctionDef, name: str) -> bool:
    text = cls.project.store.text(cls.path)
    if not text.has_word(f".{name}", node.at[0], node.at[2]) or not text.has_word("except", node.at[0], node.at[2]):
        return False
    for call in calls_in(cls.project.function_of(cls, node)):
        if ir.dotted_name(call.node.func) != f"self.{name}":
            continue
        if any(_catches(guard, call.node) for guard in call.guards):
            return True
    return False


def _catches(guard: ir.Stmt, call: ir.Call) -> bool:
    """Whether a statement handles what the call raises: handlers do not catch what is raised in them."""
    if not isinstance(guard, ir.Try) or not guard.handlers:
        return False
    return guard.body[0].at[:2] <= call.at[:2] and call.at[2:] <= guard.body[-1].at[2:]


def is_gap_open(cls: Class, marked: Sequence[Member]) -> bool:
    """
    Whether it can matter that nothing enforces the marks of a class: a member's body would be run
    and do nothing, or a subclass lacks a member. Bodies that raise or work are a guard by themselves.
    """
    if any(not item.parts or any(part.shape in _SILENT for part in item.parts) for item in marked):
        return True
    hierarchy = cls.project.hierarchy
    leaves = (item for item in hierarchy.descendants(cls) if not hierarchy.subclasses(item))
    return any(hierarchy.abstract(item).left for item in leaves)
