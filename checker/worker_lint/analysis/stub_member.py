"""
Members that say with `raise NotImplementedError` what others say with `@abstractmethod`: which ones a
class is left with, which are optional by intention, and where a base calls them on itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.intent import docstring_of
from worker_lint.analysis.member import Member, decorator_name
from worker_lint.analysis.statements import inner_blocks, walk_statements
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.source import ir

_OPTIONAL_WORDS: Final = re.compile(
    r"\boptional|\bif (?:supported|needed|required|applicable|available|desired)\b"
    r"|\b(?:may|can|could|might) (?:be )?(?:overrid|implement|define|provide)"
    r"|\bsupport|\bnot (?:required|allowed|available|applicable|possible|permitted|needed|valid)\b"
    r"|\bby default\b|\bdeprecat|\buse [`'\"\w.]+ instead\b|\bcannot\b|\bcan't\b|\bcan not\b"
    r"|\bonly (?:when|if|used|called|for|in)\b|\bused only\b|\b(?:should|must) (?:not|never) be\b"
    r"|\bread-?only\b|\bTODO\b|\bFIXME\b|\bnot yet\b",
    re.IGNORECASE,
)

_DEMANDS: Final = r"\s+(?:be\s+)?(?:implement|overrid|overwrit|define|provide)"
_OBLIGATION: Final = re.compile(rf"\b(?:must|needs? to|ha(?:s|ve) to|required to){_DEMANDS}", re.IGNORECASE)
_ADVICE: Final = re.compile(rf"\bshould{_DEMANDS}", re.IGNORECASE)
_CAPABILITY: Final = re.compile(r"_?(?:is_)?(?:support(?:s|ed)?|can)_|_?(?:supports|can)[A-Z]")


@dataclass(frozen=True, slots=True)
class StubMember:
    """A member whose body only raises NotImplementedError, and that nothing marks abstract."""

    name: str
    owner: Class
    member: Member

    @property
    def at(self) -> ir.At:
        """Its name."""
        return self.member.at


def own_stubs(cls: Class) -> tuple[StubMember, ...]:
    """The members of the class body that only raise NotImplementedError, in source order."""
    found = []
    for name, members in cls.project.hierarchy.members(cls).items():
        if len(members) == 1 and is_stub(members[0]):
            found.append(StubMember(name, cls, members[0]))
    return tuple(sorted(found, key=lambda stub: stub.at))


def is_stub(member: Member) -> bool:
    """Whether a method, or every part of a property, only raises NotImplementedError and is not abstract."""
    return (
        member.abstract is False
        and not member.overload
        and bool(member.parts)
        and all(part.shape == "not-implemented" for part in member.parts)
    )


def unmarked_accessors(member: Member) -> tuple[ir.FunctionDef, ...]:
    """The setter and deleter that do nothing and lack the abstract mark of their getter."""
    if member.kind != "property" or member.abstract is not True or len(member.parts) < 2:
        return ()
    getter, *others = member.parts
    if not _is_marked(member.owner, getter):
        return ()
    return tuple(
        part
        for part in others
        if part.shape in {"trivial", "abstract-docstring"} and not _is_marked(member.owner, part) and _accesses(part)
    )


def _is_marked(cls: Class, part: ir.FunctionDef) -> bool:
    return any((decorator_name(cls, node) or "").startswith("abc.abstract") for node in part.decorators)


def _accesses(part: ir.FunctionDef) -> bool:
    return any(isinstance(node, ir.Attribute) and node.name in {"setter", "deleter"} for node in part.decorators)


def inherited_stubs(cls: Class) -> tuple[StubMember, ...]:
    """The stubs of project bases that the class is left with, by place; its own are not among them."""
    hierarchy = cls.project.hierarchy
    found = []
    for ancestor in hierarchy.ancestors(cls):
        if not isinstance(ancestor, Class):
            continue
        for stub in own_stubs(ancestor):
            held = hierarchy.find(cls, stub.name)
            if held is not None and held.sure and held.member is stub.member:
                found.append(stub)
    return tuple(sorted(found, key=lambda stub: (stub.owner.path, stub.at)))


def is_optional(stub: StubMember) -> bool:
    """
    Whether the member may be left out by intention: its text says so, somebody asks whether it is
    there, catches the NotImplementedError around a call of it, or the class has a flag that tells
    what its subclasses are capable of (`supports_batches`).
    """
    if any(_CAPABILITY.match(name) for name in stub.owner.project.hierarchy.members(stub.owner)):
        return True
    text = stub.owner.project.store.text(stub.owner.path)
    for part in stub.member.parts:
        if _OPTIONAL_WORDS.search("\n".join(text.line(number) for number in range(part.at[0], part.at[2] + 1))):
            return True
    return _is_asked_for(stub)


def is_obligation(stub: StubMember) -> bool:
    """
    Whether the member's text, or the docstring of its class, says that subclasses must implement it. A
    mere "should" in the docstring may speak of other members.
    """
    text = stub.owner.project.store.text(stub.owner.path)
    lines = [text.line(number) for part in stub.member.parts for number in range(part.at[0], part.at[2] + 1)]
    own = "\n".join(lines)
    return bool(_OBLIGATION.search(docstring_of(stub.owner)) or _OBLIGATION.search(own) or _ADVICE.search(own))


def _is_asked_for(stub: StubMember) -> bool:
    project = stub.owner.project
    paths = {stub.owner.path, *project.uses.files_using(stub.owner)}
    paths.update(sub.path for sub in project.hierarchy.descendants(stub.owner))
    quoted = re.compile(rf"attr\(.*['\"]{re.escape(stub.name)}['\"]")
    for path in sorted(paths):
        if project.store.role(path) == "test" or not project.store.mentions(path, stub.name):
            continue
        text = project.store.text(path)
        if text.holds("attr(") and any(stub.name in line and quoted.search(line) for line in text.lines):
            return True
        if "except" in text.source and "NotImplementedError" in text.source and _is_caught(stub, path):
            return True
    return False


def _is_caught(stub: StubMember, path: str) -> bool:
    for scope in stub.owner.project.uses.scopes_with(path, stub.name):
        for statement in walk_statements(scope.statements):
            if isinstance(statement, ir.Try) and any(_takes(handler) for handler in statement.handlers):
                if any(_mentions(inner, stub.name) for inner in walk_statements(statement.body)):
                    return True
    return False


def _takes(handler: ir.Handler) -> bool:
    if handler.exception is None:
        return False
    parts = handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,)
    return any((ir.dotted_name(part) or "").rpartition(".")[2] == "NotImplementedError" for part in parts)


def _mentions(statement: ir.Stmt, name: str) -> bool:
    return any(
        isinstance(node, ir.Attribute) and node.name == name
        for expression in expressions_of(statement)
        for node in subexpressions(expression)
    )


@dataclass(frozen=True, slots=True)
class SelfUse:
    """
    `self.name` read or called in a method. `guarded`: a condition or a handler around it decides
    whether it is reached, or takes what it raises.
    """

    name: str
    at: ir.At
    called: bool
    guarded: bool


def self_uses(function: Function) -> Iterator[SelfUse]:
    """What a method reads of the object that it is called on, in source order; inner functions not entered."""
    if not function.node.params:
        return
    yield from _in_block(function.node.params[0].name, function.statements, guarded=False)


def _in_block(subject: str, body: tuple[ir.Stmt, ...], *, guarded: bool) -> Iterator[SelfUse]:
    left = guarded
    for statement in body:
        for expression in expressions_of(statement):
            yield from _in_expression(subject, expression, guarded=left)
        conditional = isinstance(statement, (ir.If, ir.Try, ir.Match, ir.With))
        for block in inner_blocks(statement):
            yield from _in_block(subject, block, guarded=left or conditional)
        left = left or (
            conditional and any(isinstance(node, (ir.Return, ir.Raise)) for node in walk_statements((statement,)))
        )


def _in_expression(subject: str, root: ir.Expr, *, guarded: bool) -> Iterator[SelfUse]:
    called: set[int] = set()
    unsure = False
    for node in subexpressions(root):
        unsure = unsure or isinstance(node, (ir.BoolOp, ir.Conditional, ir.Lambda, ir.Comprehension))
        if isinstance(node, ir.Call):
            called.add(id(node.func))
        elif isinstance(node, ir.Attribute) and isinstance(node.value, ir.Name) and node.value.id == subject:
            yield SelfUse(node.name, node.at, id(node) in called, guarded or unsure)
