"""
How the bases of a class use a member that the class overrides: on `self` and `cls` in the methods that
its objects inherit, and on receivers that are annotated with a base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.member import Member
from worker_lint.analysis.member_use import MemberUse, member_uses
from worker_lint.analysis.names import receiver_kind
from worker_lint.analysis.self_assignment import assigned_names
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.visit import expressions_of, subexpressions
from worker_lint.source import ir

Receiver: TypeAlias = Literal["self", "cls", "annotated"]

_ASKS: Final = re.compile(
    r"\b(?:isinstance|issubclass|hasattr|callable|type|signature|getfullargspec|getargspec|isawaitable"
    r"|iscoroutine|iscoroutinefunction|isasyncgen|isgenerator|isgeneratorfunction|isasyncgenfunction)\("
    r"|\b\w*(?:maybe|ensure)_(?:await|async|coro|deferred|future)\w*|\bmaybeDeferred\b|__class__|__code__|\bsync_to_async\b"
)
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class BaseUse:
    """A use of a member that objects of a subclass meet, the class whose code it is, and the receiver."""

    use: MemberUse
    base: Class
    caller: str
    receiver: Receiver

    @property
    def path(self) -> str:
        """The file of the use."""
        return self.use.scope.path


def uses_on_self(cls: Class, name: str) -> Iterator[BaseUse]:
    """
    The uses of `self.name` and `cls.name` in inherited methods that run on objects of the class, with no
    question before them that could tell the class apart.
    """
    for base in cls.project.hierarchy.ancestors(cls):
        if isinstance(base, Class):
            for function, receiver in _methods_naming(base, name):
                if _asks(function) or not _runs_on(cls, base, function.name):
                    continue
                for use in member_uses(function, name):
                    if _is_receiver(use, function) and not _is_told_apart(cls, base, use):
                        yield BaseUse(use, base, function.name, receiver)


def own_uses(cls: Class, name: str) -> Iterator[tuple[MemberUse, Function]]:
    """The uses of `self.name` and `cls.name` in the methods of the class body, each with its method."""
    for function, _ in _methods_naming(cls, name):
        for use in member_uses(function, name):
            if _is_receiver(use, function):
                yield use, function


def uses_on_annotated(cls: Class, name: str) -> Iterator[BaseUse]:
    """The uses of `x.name` in product code where `x` is annotated with a base of the class."""
    project = cls.project
    seen: set[tuple[str, ir.At]] = set()
    for base in project.hierarchy.ancestors(cls):
        if not isinstance(base, Class) or project.hierarchy.find(base, name) is None:
            continue
        for path in _files_annotating(base, name):
            for scope in project.uses.scopes_with(path, name):
                if not isinstance(scope, Function) or _asks(scope):
                    continue
                for use in member_uses(scope, name):
                    if (path, use.at) not in seen and _is_annotated_with(use, base):
                        seen.add((path, use.at))
                        yield BaseUse(use, base, scope.name, "annotated")


def _files_annotating(base: Class, name: str) -> Iterator[str]:
    """The product files whose text may annotate something with the class and use `.name`; no parsing."""
    store = base.project.store
    for path, bound in base.project.uses.places(base.path, base.name):
        source = store.text(path).source if store.role(path) == "product" else ""
        if f".{name}" in source and re.search(rf":[ \t]*[^\n:=]*\b{re.escape(bound)}\b", source):
            yield path


def _methods_naming(base: Class, name: str) -> Iterator[tuple[Function, Receiver]]:
    """The methods of a class body in whose text `.name` occurs."""
    project = base.project
    word = re.compile(rf"\.{re.escape(name)}\b")
    text = project.store.text(base.path)
    for members in project.hierarchy.members(base).values():
        for part in (part for member in members if member.kind != "staticmethod" for part in member.parts):
            lines = (text.line(number) for number in range(part.body_at[0], part.body_at[2] + 1))
            if part.params and any(name in line and word.search(line) for line in lines):
                function = project.function_of(base, part)
                kind = receiver_kind(function)
                if kind != "static":
                    yield function, "cls" if kind == "class" else "self"


def _is_receiver(use: MemberUse, function: Function) -> bool:
    value = use.node.value
    return isinstance(value, ir.Name) and value.id == function.node.params[0].name


def _is_annotated_with(use: MemberUse, base: Class) -> bool:
    if not isinstance(use.node.value, (ir.Name, ir.Attribute)):
        return False
    targets = use.scope.project.names.expr(use.scope, use.node.value)
    return targets == (Instance(base),) and not _is_self(use)


def _is_self(use: MemberUse) -> bool:
    scope = use.scope
    return (
        isinstance(scope, Function)
        and scope.owner is not None
        and bool(scope.node.params)
        and isinstance(use.node.value, ir.Name)
        and use.node.value.id == scope.node.params[0].name
    )


def _asks(function: Function) -> bool:
    """Whether a function asks what it has got before it uses it."""
    text = function.project.store.text(function.path)
    body = function.node.body_at
    return any(_ASKS.search(text.line(number)) for number in range(body[0], body[2] + 1))


def _is_told_apart(cls: Class, base: Class, use: MemberUse) -> bool:
    """
    Whether a condition around or before the use reads what the classes from this one down to the base
    set differently, or a handler takes the TypeError.
    """
    defined, assigned = _own_names(cls, base)
    for statement in use.guards:
        if isinstance(statement, ir.Try) and any(_takes_type_error(handler) for handler in statement.handlers):
            return True
        if any(_reads(test, defined | assigned, use) for test in _tests(statement)):
            return True
    return any(
        _reads(test, defined, use)
        for statement in walk_statements(use.scope.statements)
        if isinstance(statement, ir.If) and statement.at < use.at
        for test in _tests(statement)
    )


def _tests(statement: ir.Stmt) -> list[ir.Expr]:
    """The conditions that a statement decides by, those inside of its expressions included."""
    if isinstance(statement, (ir.If, ir.While, ir.Match, ir.Assert)):
        return expressions_of(statement)
    return [
        node
        for expression in expressions_of(statement)
        for node in subexpressions(expression)
        if isinstance(node, (ir.BoolOp, ir.Conditional))
    ]


def _reads(test: ir.Expr, names: set[str], use: MemberUse) -> bool:
    return any(
        isinstance(node, ir.Attribute) and node is not use.node and node.name in names for node in subexpressions(test)
    )


def _own_names(cls: Class, base: Class) -> tuple[set[str], set[str]]:
    """What the classes from this one down to the base define, and what they assign on `self`."""
    hierarchy = cls.project.hierarchy
    defined: set[str] = set()
    assigned: set[str] = set()
    for current in hierarchy.order(cls):
        if current is base:
            break
        if isinstance(current, Class):
            defined |= hierarchy.members(current).keys()
            assigned |= assigned_names(current)
    return defined, assigned


def _takes_type_error(handler: ir.Handler) -> bool:
    if handler.exception is None:
        return False
    parts = handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,)
    return any(ir.dotted_name(part) in {"TypeError", "AttributeError"} for part in parts)


def _runs_on(cls: Class, base: Class, method: str, depth: int = _DEPTH) -> bool:
    """
    Whether a method of a base can run on objects of the class: nothing nearer hides it without
    calling it by `super()`, and if its name is private, something that runs names it.
    """
    hierarchy = cls.project.hierarchy
    for current in hierarchy.order(cls):
        if current is base:
            return not method.startswith("_") or method.endswith("__") or _is_named(cls, method, depth)
        if hierarchy.own(current, method) and not (isinstance(current, Class) and _calls_super(current, method)):
            return False
    return False


def _calls_super(cls: Class, method: str) -> bool:
    text = cls.project.store.text(cls.path)
    called = re.compile(rf"(?:super\([^()]*\)|\b[A-Z]\w*)\.{re.escape(method)}\(")
    for member in cls.project.hierarchy.members(cls).get(method, ()):
        for part in member.parts:
            if any(called.search(text.line(number)) for number in range(part.at[0], part.at[2] + 1)):
                return True
    return False


def _is_named(cls: Class, method: str, depth: int) -> bool:
    if depth == 0:
        return False
    for current in cls.project.hierarchy.order(cls):
        if isinstance(current, Class):
            for function, _ in _methods_naming(current, method):
                if function.name != method and _runs_on(cls, current, function.name, depth - 1):
                    return True
    return False


def only_member(cls: Class, name: str) -> Member | None:
    """The member that the class body binds to a name, if it binds it once and nothing unknown wraps it."""
    members = cls.project.hierarchy.members(cls).get(name, ())
    return members[0] if len(members) == 1 and not members[0].opaque else None
