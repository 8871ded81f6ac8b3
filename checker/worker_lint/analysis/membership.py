"""Collections kept in fields: where a class puts members in, takes them out and goes through them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.flow.visit import find, place_of
from worker_lint.analysis.nesting import Placed, own_calls, own_expressions, placed_statements, with_inner
from worker_lint.analysis.reached import Reached
from worker_lint.source import ir

CollectionKind: TypeAlias = Literal["dict", "set", "list", "deque"]
ChangeKind: TypeAlias = Literal["adds", "takes", "empties", "replaces"]

_DISPLAYS: Final[dict[str, CollectionKind]] = {"list": "list", "set": "set"}
_MADE: Final[dict[str, CollectionKind]] = {
    "dict": "dict", "OrderedDict": "dict", "defaultdict": "dict", "WeakValueDictionary": "dict",
    "WeakKeyDictionary": "dict", "Counter": "dict", "set": "set", "WeakSet": "set", "OrderedSet": "set",
    "list": "list", "deque": "deque",
}  # fmt: skip
_ADDS: Final = frozenset({"add", "append", "appendleft", "insert", "setdefault", "update", "extend"})
_TAKES: Final = frozenset({"remove", "discard", "pop", "popitem", "popleft"})
_VIEWS: Final = frozenset({"values", "items", "keys"})
_SIX: Final = frozenset({"itervalues", "iteritems", "iterkeys"})
_WRAPPERS: Final = frozenset({"enumerate", "reversed", "zip"})
_COPIES: Final = frozenset({"list", "tuple", "set", "frozenset", "sorted", "dict"})


class Change(NamedTuple):
    """
    One change of a field's members.

    Attributes:
        field: The field.
        kind: What is done: `replaces` when the field gets another collection.
        at: Where.
        function: The block that does it.
        placed: The statement, with those around it.
        item: What is added, for `adds`.
        name: The method called, or "" for a subscript or an assignment.
    """

    field: str
    kind: ChangeKind
    at: ir.At
    function: Function
    placed: Placed
    item: ir.Expr | None = None
    name: str = ""


class Walked(NamedTuple):
    """A field's members gone through: by a `for` statement, or at once, by a comprehension or a copy."""

    field: str
    at: ir.At
    function: Function
    placed: Placed
    loop: ir.For | None


def collection_kind(cls: Class, field: str) -> CollectionKind | None:
    """What the field is, when each value that the class and its bases give it is a new collection of one kind."""
    found: set[CollectionKind] = set()
    for one in cls.project.values.fields.assigned(cls, field):
        if one.added or one.source.how == "annotation":
            continue
        kind = _made(one.source.expr)
        if kind is None:
            return None
        found.add(kind)
    return found.pop() if len(found) == 1 else None


def _made(expr: ir.Expr | None) -> CollectionKind | None:
    match expr:
        case ir.Mapping():
            return "dict"
        case ir.Collection(kind=kind):
            return _DISPLAYS.get(kind)
        case ir.Comprehension(kind="dict" | "set" | "list" as kind):
            return _MADE[kind]
        case ir.Call(func=func):
            return _MADE.get((ir.dotted_name(func) or "").rpartition(".")[2])
        case _:
            return None


def is_bounded(cls: Class, field: str) -> bool:
    """Whether one of the values is a collection with a limit of its own, or one that lets go of its members."""
    for one in cls.project.values.fields.assigned(cls, field):
        if isinstance(one.source.expr, ir.Call):
            name = (ir.dotted_name(one.source.expr.func) or "").rpartition(".")[2]
            if name.startswith("Weak") or any(keyword.name == "maxlen" for keyword in one.source.expr.keywords):
                return True
            if name == "deque" and len(one.source.expr.args) > 1:
                return True
    return False


def fields_walked(method: Function) -> Iterator[Walked]:
    """The fields that the method, or a function inside it, goes through as they are; copies by `list()` and so on."""
    for block, subject in _blocks(method):
        for placed in placed_statements(block.body):
            if isinstance(placed.statement, ir.For):
                field = _walked_field(block, placed.statement.iter, subject)
                if field:
                    yield Walked(field, placed.statement.iter.at, block, placed, placed.statement)
            for node in own_expressions(placed.statement):
                field = _walked_at_once(block, node, subject)
                if field:
                    yield Walked(field, node.at, block, placed, None)


def _walked_at_once(block: Function, node: ir.Expr, subject: str) -> str:
    if isinstance(node, ir.Comprehension):
        return next(filter(None, (_walked_field(block, one.iter, subject) for one in node.generators)), "")
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id in _COPIES and node.args:
        return _walked_field(block, node.args[0], subject)
    return ""


def _walked_field(block: Function, expr: ir.Expr, subject: str) -> str:
    """The field whose members the expression gives one by one while they may change, or ""."""
    if isinstance(expr, ir.Call):
        if isinstance(expr.func, ir.Attribute) and expr.func.name in _VIEWS and not expr.args:
            return _walked_field(block, expr.func.value, subject)
        name = (ir.dotted_name(expr.func) or "").rpartition(".")[2]
        return _walked_field(block, expr.args[0], subject) if name in _SIX | _WRAPPERS and expr.args else ""
    return field_of(block, expr, subject)


def field_of(block: Function, expr: ir.Expr | None, subject: str) -> str:
    """The field that an expression names: `self.jobs`, or a local that was only ever given that."""
    place = place_of(expr)
    if place is None:
        return ""
    if len(place) == 2 and place[0] == subject:
        return place[1]
    sources = block.project.values.bindings(block).places.get(place, []) if len(place) == 1 else []
    if len(sources) == 1 and sources[0].how == "value":
        origin = place_of(sources[0].expr)
        return origin[1] if origin is not None and len(origin) == 2 and origin[0] == subject else ""
    return ""


def changes_in(method: Function) -> Iterator[Change]:
    """The changes of fields' members that the method, or a function inside it, makes."""
    for block, subject in _blocks(method):
        for placed in placed_statements(block.body):
            yield from _stated(block, placed, subject)
            for node in own_expressions(placed.statement):
                if isinstance(node, ir.Call):
                    yield from _called(block, placed, node, subject)
                elif isinstance(node, ir.Attribute) and node.name in _TAKES:  # `callback(self.tasks.discard)`
                    field = field_of(block, node.value, subject)
                    if field and not _is_callee(placed, node):
                        yield Change(field, "takes", node.at, block, placed, name=node.name)


def _is_callee(placed: Placed, node: ir.Attribute) -> bool:
    return any(
        isinstance(call, ir.Call) and call.func.at == node.at and isinstance(call.func, ir.Attribute)
        for call in own_expressions(placed.statement)
    )


def _called(block: Function, placed: Placed, call: ir.Call, subject: str) -> Iterator[Change]:
    if not isinstance(call.func, ir.Attribute):
        return
    name = call.func.name
    kind: ChangeKind | None = "adds" if name in _ADDS else "takes" if name in _TAKES else None
    kind = "empties" if name == "clear" else kind
    field = field_of(block, call.func.value, subject) if kind is not None else ""
    if kind is not None and field:
        yield Change(field, kind, call.at, block, placed, call.args[-1] if call.args else None, name)


def _stated(block: Function, placed: Placed, subject: str) -> Iterator[Change]:
    statement = placed.statement
    if isinstance(statement, ir.Assign):
        for target in flat_targets(statement.targets):
            if isinstance(target, ir.Subscript):
                field = field_of(block, target.value, subject)
                whole = isinstance(target.index, ir.Opaque)
                if field:
                    yield Change(field, "empties" if whole else "adds", target.at, block, placed, statement.value)
            elif isinstance(target, ir.Attribute):
                field = field_of(block, target, subject)
                if field:
                    yield Change(field, "replaces", target.at, block, placed)
    elif isinstance(statement, ir.Delete):
        for target in statement.targets:
            field = field_of(block, target.value, subject) if isinstance(target, ir.Subscript) else ""
            if field:
                yield Change(field, "takes", target.at, block, placed)


def flat_targets(targets: tuple[ir.Expr, ...]) -> Iterator[ir.Expr]:
    """What is assigned to, the parts of tuples one by one."""
    for target in targets:
        if isinstance(target, ir.Collection):
            yield from flat_targets(target.items)
        else:
            yield target


def _blocks(method: Function) -> Iterator[tuple[Function, str]]:
    """The method and the functions inside it, each with the name that the object has there."""
    subject = method.node.params[0].name if method.node.params else ""
    if not subject or any(ir.dotted_name(one) in {"staticmethod", "classmethod"} for one in method.node.decorators):
        return
    for block in with_inner(method):
        if block is method or all(param.name != subject for param in block.node.params):
            yield block, subject


def changes_reached(cls: Class, here: Reached, field: str) -> Iterator[Change]:
    """The changes that reached code makes to the field of an object of the class, its own or one it knows."""
    if here.me is cls and here.function.owner is not None:
        yield from (one for one in changes_in(here.function) if one.field == field and one.function is here.function)
        return
    for placed in here.statements():
        for call in own_calls(placed.statement):
            func = call.func
            if isinstance(func, ir.Attribute) and func.name in {"remove", "discard", "pop"}:
                target = func.value
                if isinstance(target, ir.Attribute) and target.name == field:
                    kind = here.function.project.values.of(here.function, target.value, here.me)
                    if isinstance(kind, Instance) and kind.of is cls:
                        yield Change(field, "takes", call.at, here.function, placed, name=func.name)


def breaks_walk(change: Change, kind: str) -> bool:
    """Whether the change makes a loop over such a collection fail, or skip a member."""
    if kind in {"dict", "set", "deque"}:
        return change.kind in {"adds", "takes", "empties"}
    return change.kind == "takes" or change.name == "insert"


def is_registration(change: Change) -> bool:
    """A plain method that puts in what it is given: how programs are set up before anything runs."""
    if change.function.node.is_async or change.kind != "adds":
        return False
    params = {param.name for param in change.function.node.params}
    return change.item is None or any(name.id in params for name in find(ir.Name, (change.item,)))
