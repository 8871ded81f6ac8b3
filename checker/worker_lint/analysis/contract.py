"""
Questions about contracts that several rules ask: which members are missing, and who creates
objects of a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from worker_lint.analysis.entity import Class, ModuleScope, Scope, Target, Value
from worker_lint.analysis.hierarchy import Found, metaclass_exprs
from worker_lint.analysis.member import Member
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.mro import Opaque
from worker_lint.analysis.uses import Call, calls_in
from worker_lint.diagnostic import Confidence
from worker_lint.source import ir

_NONE: ir.At = (1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Missing:
    """An abstract member that is left in a class; `path` is empty for a class outside the project."""

    name: str
    owner: str
    path: str
    at: ir.At
    found: Found


def missing_members(cls: Class) -> tuple[Missing, ...]:
    """
    The abstract members because of which `cls()` raises TypeError, by name of the declaring class
    and line; none when Python would not refuse, or when that cannot be told.
    """
    hierarchy = cls.project.hierarchy
    found = hierarchy.abstract(cls)
    if not found.left or found.enforced != "yes" or not instantiation_is_checked(cls):
        return ()
    left = [_missing(name, member) for name, member in found.left.items()]
    return tuple(sorted(left, key=lambda item: (item.path, item.at, item.name)))


def _missing(name: str, found: Found) -> Missing:
    if isinstance(found.owner, Class) and isinstance(found.member, Member):
        return Missing(name, found.owner.name, found.owner.path, found.member.at, found)
    return Missing(name, found.owner.name, "", _NONE, found)


def instantiation_is_checked(cls: Class) -> bool:
    """
    Whether `cls()` reaches `object.__new__`, the one place where Python refuses abstract classes:
    no `__new__` or metaclass `__call__` of the project, no built-in with its own layout, nothing
    that sets members behind the scenes.
    """
    hierarchy = cls.project.hierarchy
    for ancestor in hierarchy.order(cls):
        if isinstance(ancestor, ModelClass):
            if ancestor.unchecked or _replaces_new(ancestor):
                return False
        elif isinstance(ancestor, Class) and _interferes(ancestor):
            return False
        elif isinstance(ancestor, Opaque) and ancestor.internal:
            return False
    return True


def _replaces_new(model: ModelClass) -> bool:
    return "__new__" in model.members and model.library != "python"


def _interferes(cls: Class) -> bool:
    members = cls.project.hierarchy.members(cls)
    if "__new__" in members or "__abstractmethods__" in members:
        return True
    if "__init_subclass__" in members and _sets_attributes(cls, members["__init_subclass__"]):
        return True
    return cls.project.store.mentions(cls.path, "__abstractmethods__") or _custom_metaclass(cls)


def _sets_attributes(cls: Class, members: tuple[Member, ...]) -> bool:
    text = cls.project.store.text(cls.path)
    return any(text.has_word("setattr", part.at[0], part.at[2]) for member in members for part in member.parts)


def _custom_metaclass(cls: Class) -> bool:
    """A metaclass of the project that overrides creation, directly or through a base of it."""
    hierarchy = cls.project.hierarchy
    for expr in metaclass_exprs(cls):
        for target in cls.project.names.expr(cls.parent or cls, expr):
            if not isinstance(target, Class):
                continue
            for ancestor in hierarchy.order(target):
                if isinstance(ancestor, Class) and {"__call__", "__new__", "__init__"} & hierarchy.members(ancestor).keys():
                    return True
    return False


def list_members(missing: Iterable[Missing], limit: int = 3) -> str:
    """`` `a`, `b` and 2 more`` for messages."""
    names = [f"`{item.name}`" for item in missing]
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@dataclass(frozen=True, slots=True)
class Creation:
    """An expression that creates an object of a class: a call of it, or its place in a table that is called."""

    cls: Class
    at: ir.At
    scope: Scope
    expects_error: bool
    confidence: Confidence = "certain"


def creations_in(module: ModuleScope) -> Iterator[Creation]:
    """All creations of project classes in a module, in source order, as far as they can be told."""
    for scope in _scopes_with_calls(module):
        for call in calls_in(scope):
            yield from _created(call)


def _scopes_with_calls(module: ModuleScope) -> Iterator[Scope]:
    """The scopes of the module in which a class with abstract members left can be named."""
    names = _abstract_names(module)
    seen: dict[Scope, None] = {}
    for name in sorted(names):
        for scope in module.project.uses.scopes_with(module.path, name):
            seen[scope] = None
    return iter(sorted(seen, key=lambda scope: (_start(scope), scope.qualname)))


def _start(scope: Scope) -> int:
    node = getattr(scope, "node", None)
    return node.at[0] if node is not None else 0


def _abstract_names(module: ModuleScope) -> set[str]:
    """Names of the module, imported or defined, that refer to a class that cannot be created."""
    found: set[str] = set()
    for name in module.block.names:
        for target in module.project.names.name(module, name):
            if any(missing_members(cls) for cls in _classes_behind(target)):
                found.add(name)
    for cls in module.project.classes_in(module.path):
        if missing_members(cls):
            found.add(cls.name)
    return found


def _classes_behind(target: Target) -> Iterator[Class]:
    if isinstance(target, Class):
        yield target
    elif isinstance(target, Value):
        items = target.expr.items if isinstance(target.expr, ir.Collection) else ()
        values = target.expr.values if isinstance(target.expr, ir.Mapping) else items
        for value in values:
            for inner in target.scope.project.names.expr(target.scope, value):
                if isinstance(inner, Class):
                    yield inner


def _created(call: Call) -> Iterator[Creation]:
    project = call.scope.project
    targets = project.names.expr(call.scope, call.node.func)
    classes = [target for target in targets if isinstance(target, Class)]
    if classes and len(classes) == len(targets) and all(missing_members(cls) for cls in classes):
        yield Creation(classes[0], call.node.at, call.scope, expects_type_error(call))


def expects_type_error(call: Call) -> bool:
    """Whether the code around the call is there to see it fail."""
    for statement in call.guards:
        if isinstance(statement, ir.With) and any(_is_raises(item.context) for item in statement.items):
            return True
        if isinstance(statement, ir.Try) and any(_catches(handler) for handler in statement.handlers):
            return True
    return bool(call.guards) and _asserts_raises(call)


def _is_raises(context: ir.Expr) -> bool:
    if not isinstance(context, ir.Call):
        return False
    name = (ir.dotted_name(context.func) or "").rpartition(".")[2]
    return name in {"raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "suppress"}


def _catches(handler: ir.Handler) -> bool:
    if handler.exception is None:
        return True
    parts = handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,)
    return any(ir.dotted_name(part) in {"TypeError", "Exception", "BaseException"} for part in parts)


def _asserts_raises(call: Call) -> bool:
    statement = call.guards[-1]
    if isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Call):
        outer = (ir.dotted_name(statement.value.func) or "").rpartition(".")[2]
        return outer in {"raises", "assertRaises", "assertRaisesRegex"}
    return False


