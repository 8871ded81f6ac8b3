"""
Futures that a coroutine puts into a collection of the object and waits for, until another method resolves them.

The wait of a cancelled task, or one that runs out of time, cancels the future. It stays in the collection, and
resolving it there raises InvalidStateError.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.guard import catches
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions, placed_statements
from worker_lint.analysis.touching import assigned, field_name
from worker_lint.source import ir

_FUTURES: Final = frozenset({"asyncio.Future", "asyncio.futures.Future"})
_PUTS: Final = frozenset({"put", "put_nowait", "append", "appendleft", "add"})
_TAKES: Final = frozenset({"get", "get_nowait", "pop", "popleft"})
_REMOVES: Final = frozenset({"pop", "remove", "discard", "clear", "popitem"})
_RESOLVES: Final = frozenset({"set_result", "set_exception"})
_ASKS: Final = (".done(", ".cancelled(")


class Resolved(NamedTuple):
    """
    A future that is resolved although its waiter may have cancelled it.

    Attributes:
        name: The local that holds it.
        table: The field with the collection.
        resolver: The method that takes it out and resolves it.
        at: The call that resolves it.
        waiter: The coroutine that puts it there.
        wait: Where that one waits for it.
    """

    name: str
    table: str
    resolver: Function
    at: ir.At
    waiter: Function
    wait: ir.At


class _Waited(NamedTuple):
    """A wait for a future that stands in the collection meanwhile."""

    table: str
    waiter: Function
    wait: ir.At


def resolved_after_cancel(cls: Class) -> Iterator[Resolved]:
    """The futures of a class that are resolved in a loop without asking whether they are done."""
    methods = list(cls.project.values.fields.methods(cls))
    waited: dict[str, _Waited] = {}
    for method in methods:
        if method.node.is_async and mentions(method, "Future(", "create_future"):
            for one in _waited_in(cls, method):
                waited.setdefault(one.table, one)
    for method in methods if waited else ():
        if mentions(method, *_RESOLVES) and not mentions(method, *_ASKS):
            yield from _resolved_in(method, waited)


def _waited_in(cls: Class, method: Function) -> Iterator[_Waited]:
    made: set[str] = set()
    tables: dict[str, str] = {}
    for placed in placed_statements(method.body):
        statement = placed.statement
        pairs = list(assigned(statement))
        news = {target.id for target, value in pairs if isinstance(target, ir.Name) and _is_future(cls, method, value)}
        made |= news
        for target, value in pairs:
            table = field_name(method, target) if isinstance(target, ir.Subscript) else ""
            if table:
                names = {value.id} & made if isinstance(value, ir.Name) else news
                tables.update(dict.fromkeys(names, table))
        for call in own_calls(statement):
            table = _collection(method, call, _PUTS)
            tables.update((one.id, table) for one in call.args if table and isinstance(one, ir.Name) and one.id in made)
        for name, at in _waits(statement):
            if name in tables and not _is_removed(method, tables[name]):
                yield _Waited(tables[name], method, at)


def _is_future(cls: Class, method: Function, call: ir.Expr | None) -> bool:
    if not isinstance(call, ir.Call):
        return False
    if isinstance(call.func, ir.Attribute) and call.func.name == "create_future":
        return True
    kind = cls.project.values.of(method, call, cls)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _FUTURES


def _collection(method: Function, call: ir.Call, names: frozenset[str]) -> str:
    """The field on which one of these methods is called."""
    func = call.func
    is_plain = isinstance(func, ir.Attribute) and func.name in names and isinstance(func.value, ir.Attribute)
    return field_name(method, func.value) if is_plain and isinstance(func, ir.Attribute) else ""


def _waits(statement: ir.Stmt) -> Iterator[tuple[str, ir.At]]:
    """The locals that a statement awaits as they are, with or without a limit: the wait's end cancels them."""
    for node in own_expressions(statement):
        if not isinstance(node, ir.Await):
            continue
        if isinstance(node.value, ir.Name):
            yield node.value.id, node.at
        elif isinstance(node.value, ir.Call) and (ir.dotted_name(node.value.func) or "").endswith("wait_for"):
            yield from ((one.id, node.at) for one in node.value.args[:1] if isinstance(one, ir.Name))


def _is_removed(method: Function, table: str) -> bool:
    """Whether the waiter takes anything out of the collection itself: its own future, when it gives up."""
    for placed in placed_statements(method.body):
        if any(_collection(method, call, _REMOVES) == table for call in own_calls(placed.statement)):
            return True
        if isinstance(placed.statement, ir.Delete) and any(
            field_name(method, target) == table for target in placed.statement.targets
        ):
            return True
    return False


def _resolved_in(method: Function, waited: dict[str, _Waited]) -> Iterator[Resolved]:
    """What a method takes out and resolves in a loop, outside any handler for the error."""
    taken: dict[str, str] = {}
    for placed in placed_statements(method.body):
        statement = placed.statement
        if isinstance(statement, ir.For):
            taken.update(dict.fromkeys(_names_in(statement.target), _gone_through(method, statement.iter)))
        for target, value in assigned(statement):
            if isinstance(target, ir.Name):
                taken[target.id] = _taken_from(method, value)
        for call in own_calls(statement):
            func = call.func
            if not isinstance(func, ir.Attribute) or func.name not in _RESOLVES or not _ends_loop(method, placed):
                continue
            name = func.value.id if isinstance(func.value, ir.Name) else ir.dotted_name(func.value) or "the future"
            table = taken.get(name, "") or _taken_from(method, func.value)
            if table in waited and waited[table].waiter is not method:
                one = waited[table]
                yield Resolved(name, table, method, call.at, one.waiter, one.wait)
                return


def _names_in(target: ir.Expr) -> Iterator[str]:
    items = target.items if isinstance(target, ir.Collection) else (target,)
    yield from (item.id for item in items if isinstance(item, ir.Name))


def _gone_through(method: Function, iterable: ir.Expr) -> str:
    """The field whose collection, its values or a copy of either a loop goes through, or ""."""
    while isinstance(iterable, ir.Call):
        func = iterable.func
        if isinstance(func, ir.Attribute) and func.name in {"values", "items", "copy"} and not iterable.args:
            iterable = func.value
        elif isinstance(func, ir.Name) and func.id in {"list", "tuple", "set"} and len(iterable.args) == 1:
            iterable = iterable.args[0]
        else:
            return ""
    is_field = isinstance(iterable, ir.Attribute) and isinstance(iterable.value, ir.Name)
    return field_name(method, iterable) if is_field else ""


def _taken_from(method: Function, value: ir.Expr | None) -> str:
    """The field from whose collection an expression takes an item, or ""."""
    while isinstance(value, ir.Await):
        value = value.value
    if isinstance(value, ir.Call):
        return _collection(method, value, _TAKES)
    is_item = isinstance(value, ir.Subscript) and isinstance(value.value, ir.Attribute)
    return field_name(method, value) if is_item and value is not None else ""


def _ends_loop(method: Function, placed: Placed) -> bool:
    """Whether the error ends a loop of the method."""
    loops = [outer for outer in placed.around if isinstance(outer, (ir.While, ir.For))]
    return bool(loops) and not catches(method, placed, ("InvalidStateError",))
