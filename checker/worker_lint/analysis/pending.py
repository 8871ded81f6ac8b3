"""
Futures and events that one method puts into a table of the object and waits for, until other code finds them there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.nesting import own_expressions, placed_statements
from worker_lint.analysis.places import Use
from worker_lint.analysis.touching import family, field_name, methods_named
from worker_lint.source import ir

WAITABLE: Final = frozenset(
    {
        "asyncio.futures.Future",
        "asyncio.Future",
        "concurrent.futures._base.Future",
        "threading.Event",
        "asyncio.locks.Event",
        "asyncio.Event",
    }
)
_BLOCKING: Final = frozenset({"wait", "result"})
_LIMITS: Final = ("wait_for", "timeout", "fail_after", "move_on_after")
_SINGLE: Final = frozenset(
    {"pop", "get", "setdefault", "discard", "remove", "append", "add", "__contains__", "popleft"}
)


class Waiting(NamedTuple):
    """
    A wait without limit for something that stands in a table meanwhile.

    Attributes:
        table: The field that holds the table.
        put: Where the future or event is put there.
        at: The wait.
        method: The function that does both.
    """

    table: str
    put: ir.At
    at: ir.At
    method: Function


def waiting_in(cls: Class, method: Function) -> Iterator[Waiting]:
    """The waits of a method for futures and events of its own that it has put into a table of the object."""
    made = set(_made(cls, method))
    if not made:
        return
    puts: dict[str, tuple[str, ir.At]] = {}
    for placed in placed_statements(method.body):
        statement = placed.statement
        if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Name) and statement.value.id in made:
            for target in statement.targets:
                if isinstance(target, ir.Subscript) and field_name(method, target):
                    puts[statement.value.id] = (field_name(method, target), target.at)
        around = (item.context for outer in placed.around if isinstance(outer, ir.With) for item in outer.items)
        if any(_limits(context) for context in around):
            continue
        for name, at in _waits(statement):
            if name in puts:
                yield Waiting(*puts[name], at, method)


def _made(cls: Class, method: Function) -> Iterator[str]:
    """The locals that hold a new future or event."""
    for node in find(ir.Assign, method.body):
        if len(node.targets) == 1 and isinstance(node.targets[0], ir.Name) and isinstance(node.value, ir.Call):
            func = node.value.func
            kind = cls.project.values.of(method, node.value, cls)
            known = isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in WAITABLE
            if known or (isinstance(func, ir.Attribute) and func.name == "create_future"):
                yield node.targets[0].id


def _waits(statement: ir.Stmt) -> Iterator[tuple[str, ir.At]]:
    """The locals for which a statement waits without limit: `await future`, `event.wait()`."""
    nodes = list(own_expressions(statement))
    if any(isinstance(node, ir.Call) and _limits(node) for node in nodes):
        return
    for node in nodes:
        if isinstance(node, ir.Await) and isinstance(node.value, ir.Name):
            yield node.value.id, node.at
        if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.name in _BLOCKING:
            if isinstance(node.func.value, ir.Name) and not node.args and not node.keywords:
                yield node.func.value.id, node.at


def _limits(expr: ir.Expr) -> bool:
    name = (ir.dotted_name(expr.func) or "") if isinstance(expr, ir.Call) else ""
    return name.rpartition(".")[2].startswith(_LIMITS)


def is_emptied_as_a_whole(cls: Class, table: str) -> bool:
    """Whether any method goes over all of the table, hands it on, or replaces it: it may wake all that wait."""
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            tables = {node.at for node in find(ir.Attribute, method.body) if field_name(method, node) == table}
            for use in cls.project.places.uses(method, cls):
                if use.place == ("self", table) and use.at in tables and _takes_all(use):
                    return True
            if method.name != "__init__" and _replaces(method, table):
                return True
    return False


def _takes_all(use: Use) -> bool:
    """Whether a use of the table itself, not of an item of it, may concern all of its items."""
    if use.how in {"called", "attribute"}:
        return use.name not in _SINGLE
    return use.how in {"passed", "returned", "stored", "held", "iterated", "invoked", "entered"}


def _replaces(method: Function, table: str) -> bool:
    for node in find(ir.Assign, method.body):
        for target in node.targets:
            parts = target.items if isinstance(target, ir.Collection) else (target,)
            if any(isinstance(part, ir.Attribute) and field_name(method, part) == table for part in parts):
                return True
    return False


def serving(cls: Class, table: str) -> Runs | None:
    """The thread or task of the object whose code looks into the table."""
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls):
            runs = entry.callee.runs[0] if len(entry.callee.runs) == 1 else None
            if entry.kind in {"thread", "task"} and runs is not None and runs.me is cls and _looks(cls, runs, table):
                return runs
    return None


def _looks(cls: Class, runs: Runs, table: str) -> bool:
    reached = cls.project.resources.reached(cls, runs.function.name)
    return any(
        use.place[:2] == ("self", table)
        for method in methods_named(cls, reached)
        for use in cls.project.places.uses(method, cls)
    )
