"""
Evidence that a class is meant to be created: where the project registers it, lists it among classes, or
hands it on as a class; and siblings that show what a finished class of its kind looks like.

Only product code counts. A class in `isinstance`, in an `except` clause or under `typing.cast` is
named, not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from worker_lint.analysis.contract import missing_members
from worker_lint.analysis.entity import Class, External, Function, Scope
from worker_lint.analysis.intent import is_declared_abstract, reads_as_abstract
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.visit import expressions_of, subexpressions, uncalled
from worker_lint.source import ir

EvidenceKind: TypeAlias = Literal["created", "registered", "listed", "given", "sibling"]

_SUBJECT: Final = re.compile(r"(?:^|_)(?:cls|class|klass|factory)_?$")
_REGISTERS: Final = re.compile(r"(?:^|_)register(?:_|$)|^add_(?:class|type|plugin|backend|handler_class)$")
_NAMING_CALLS: Final = frozenset(
    {
        "isinstance", "issubclass", "cast", "super", "type", "TypeVar", "NewType", "Mock", "MagicMock", "AsyncMock",
        "create_autospec", "patch", "object", "getattr", "hasattr", "setattr", "new_class", "raises", "Union",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it shows that a class is meant to be concrete, and in what way."""

    kind: EvidenceKind
    path: str
    at: ir.At
    message: str


def evidence_of_use(cls: Class) -> Evidence | None:
    """The strongest evidence for a class, or None: registration, then uses as a value, then siblings."""
    return _registration(cls) or next(_uses(cls), None) or _sibling(cls)


def creation_of(cls: Class) -> Evidence | None:
    """The first place in product code that creates an object of exactly this class."""
    project = cls.project
    for call in project.uses.creations(cls):
        if project.store.role(call.scope.path) == "product":
            return Evidence("created", call.scope.path, call.node.at, f"`{cls.name}` is created here")
    return None


# --- registration by a decorator ---


def _registration(cls: Class) -> Evidence | None:
    for decorator in cls.node.decorators:
        expr = uncalled(decorator)
        spelled = (ir.dotted_name(expr) or "").rpartition(".")[2]
        if _REGISTERS.search(spelled) and not _is_virtual(cls.parent or cls, expr):
            return Evidence("registered", cls.path, decorator.at, f"`{cls.name}` is registered here")
    return None


def _is_virtual(scope: Scope, callee: ir.Expr) -> bool:
    """Whether `x.register` is the one of ABCMeta, or of a dispatching function: neither creates objects."""
    if not isinstance(callee, ir.Attribute) or callee.name != "register":
        return False
    project = scope.project
    for target in project.names.expr(scope, callee.value):
        if isinstance(target, Class) and project.hierarchy.find(target, "register") is None:
            return True
        if isinstance(target, Function) or (isinstance(target, External) and project.models.find_class(target.dotted)):
            return True
    return False


# --- uses as a value ---


def _uses(cls: Class) -> Iterator[Evidence]:
    project = cls.project
    for path in project.uses.files_using(cls):
        if project.store.role(path) != "product":
            continue
        for scope in project.uses.scopes_with(path, cls.name):
            for statement in project.uses.plain_statements(scope):
                yield from _in_statement(cls, scope, statement)


def _in_statement(cls: Class, scope: Scope, statement: ir.Stmt) -> Iterator[Evidence]:
    if isinstance(statement, ir.Assign) and statement.value is not None:
        yield from _assigned(cls, scope, statement, statement.value)
    elif isinstance(statement, ir.Return) and statement.value is not None:
        yield from _listed(cls, scope, statement.value)
    elif isinstance(statement, ir.For):
        yield from _listed(cls, scope, statement.iter)
    for expression in expressions_of(statement):
        for node in subexpressions(expression):
            if isinstance(node, ir.Call):
                yield from _given(cls, scope, node)


def _assigned(cls: Class, scope: Scope, statement: ir.Assign, value: ir.Expr) -> Iterator[Evidence]:
    target = statement.targets[0]
    name = target.name if isinstance(target, ir.Attribute) else target.id if isinstance(target, ir.Name) else ""
    if isinstance(target, ir.Subscript) and _means(cls, scope, value):
        yield Evidence("listed", scope.path, value.at, f"`{cls.name}` is entered in a table of classes here")
    elif _SUBJECT.search(name.lower()) and _means(cls, scope, value):
        yield Evidence("given", scope.path, value.at, f"`{cls.name}` is the value of `{name}` here")
    elif not _tests_membership(scope, name):
        yield from _listed(cls, scope, value)


def _tests_membership(scope: Scope, name: str) -> bool:
    """Whether the module uses a display's name in `isinstance` or `except`: it sorts objects, and creates none."""
    if not name:
        return False
    word = re.compile(rf"(?:isinstance|issubclass|except)\b.*\b{re.escape(name)}\b")
    return any(word.search(line) for line in scope.project.store.text(scope.path).lines)


def _listed(cls: Class, scope: Scope, value: ir.Expr) -> Iterator[Evidence]:
    """The class among the values of a mapping, or in a list whose other classes can all be created."""
    if isinstance(value, ir.Mapping):
        for item in _flat(value.values):
            if _means(cls, scope, item):
                yield Evidence("listed", scope.path, item.at, f"`{cls.name}` is listed in a table of classes here")
    elif isinstance(value, ir.Collection):
        items = list(_flat((value,)))
        others = {target for item in items for target in scope.project.names.expr(scope, item)} - {cls}
        classes = [target for target in others if isinstance(target, Class)]
        if not classes or any(missing_members(other) for other in classes):
            return
        for item in items:
            if _means(cls, scope, item):
                yield Evidence("listed", scope.path, item.at, f"`{cls.name}` is listed among concrete classes here")


def _flat(values: tuple[ir.Expr, ...]) -> Iterator[ir.Expr]:
    for value in values:
        if isinstance(value, ir.Collection):
            yield from _flat(value.items)
        elif isinstance(value, ir.Mapping):
            yield from _flat(value.values)
        else:
            yield value


def _means(cls: Class, scope: Scope, value: ir.Expr) -> bool:
    if not isinstance(value, (ir.Name, ir.Attribute)) or (ir.dotted_name(value) or "").rpartition(".")[2] != cls.name:
        return False
    return scope.project.names.expr(scope, value) == (cls,)


def _given(cls: Class, scope: Scope, call: ir.Call) -> Iterator[Evidence]:
    callee = (ir.dotted_name(call.func) or "").rpartition(".")[2]
    if callee in _NAMING_CALLS:
        return
    for keyword in call.keywords:
        if keyword.name and _means(cls, scope, keyword.value):
            if _SUBJECT.search(keyword.name) or _calls_parameter(scope, call, keyword.name):
                yield Evidence("given", scope.path, keyword.value.at, f"`{cls.name}` is given as `{keyword.name}` here")
    for index, argument in enumerate(call.args):
        if not _means(cls, scope, argument):
            continue
        if _REGISTERS.search(callee) and not _is_virtual(scope, call.func):
            yield Evidence("registered", scope.path, argument.at, f"`{cls.name}` is registered here")
        elif _calls_parameter(scope, call, index):
            yield Evidence("given", scope.path, argument.at, f"`{cls.name}` is given to be called here")


def _calls_parameter(scope: Scope, call: ir.Call, argument: int | str) -> bool:
    """Whether the callee is a function of the project that calls this parameter."""
    targets = scope.project.names.expr(scope, call.func)
    function = targets[0] if len(targets) == 1 and isinstance(targets[0], Function) else None
    if function is None:
        return False
    names = [parameter.name for parameter in function.node.params]
    if isinstance(argument, int):
        if function.owner is not None or argument >= len(names):
            return False
        argument = names[argument]
    if argument not in names:
        return False
    return any(
        isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == argument
        for statement in walk_statements(function.body)
        for expression in expressions_of(statement)
        for node in subexpressions(expression)
    )


# --- siblings ---


def _sibling(cls: Class) -> Evidence | None:
    """A finished class beside a leaf that has begun to implement the same contract."""
    hierarchy = cls.project.hierarchy
    if hierarchy.subclasses(cls) or reads_as_abstract(cls) or not _has_begun(cls):
        return None
    for base in hierarchy.bases(cls):
        if not isinstance(base, Class):
            continue
        for sibling in hierarchy.subclasses(base):
            if sibling is not cls and _is_finished(sibling):
                return Evidence(
                    "sibling", sibling.path, sibling.node.name_at, f"`{sibling.name}` beside it implements all of them"
                )
    return None


def _has_begun(cls: Class) -> bool:
    """
    Whether the class itself implements at least one abstract member of its bases that needs an object:
    static and class methods alone do not tell that somebody will create one.
    """
    hierarchy = cls.project.hierarchy
    demanded = {name for base in hierarchy.bases(cls) for name in hierarchy.abstract(base).left}
    return any(
        member.kind not in {"staticmethod", "classmethod"}
        for name, members in hierarchy.members(cls).items()
        if name in demanded
        for member in members
    )


def _is_finished(sibling: Class) -> bool:
    found = sibling.project.hierarchy.abstract(sibling)
    return (
        not found.left
        and not found.unsure
        and not is_declared_abstract(sibling)
        and sibling.project.store.role(sibling.path) == "product"
    )
