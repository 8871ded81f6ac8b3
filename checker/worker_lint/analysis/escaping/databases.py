"""Connections that a loop opens, or takes from a pool, in each turn: whether they lead to the server of a database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.visit import encloses, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.origins import Origin

_QUERIES: Final = frozenset({"execute", "executemany", "cursor", "fetch", "fetchrow", "fetchval", "notifies"})
_LOCAL: Final = ("sqlite", "duckdb")
"""Words of a file whose database may be a file of this machine, which is not lost."""
_SERVERS: Final = ("psycopg", "asyncpg", "aiopg", "mysql", "MySQL", "notifies", "oracledb", "pyodbc", "pymssql")
"""Words of a file that deals with the server of a database."""
_DEPTH: Final = 2


def is_of_database(origin: Origin) -> bool:
    """
    Whether what is opened there for a block is asked as a database's connection is, in the block's function or below,
    in a file that names such a server.
    """
    frame = origin.frames[-1]
    function, at = frame.function, frame.at
    source = function.project.store.text(function.path).source
    if any(word in source for word in _LOCAL) or not any(word in source for word in _SERVERS):
        return False
    items = (item for block in find(ir.With, function.statements) for item in block.items if encloses(item.at, at))
    names = {item.target.id for item in items if isinstance(item.target, ir.Name)}
    return any(_is_asked(function, name, _DEPTH) for name in names)


def _is_asked(function: Function, name: str, depth: int) -> bool:
    """Whether a local name is asked something that only databases answer, in the function or in what it is given to."""
    for node in find(ir.Attribute, function.statements):
        if node.name in _QUERIES and isinstance(node.value, ir.Name) and node.value.id == name:
            return True
    return depth > 0 and any(_is_asked(below, param, depth - 1) for below, param in _given_to(function, name))


def _given_to(function: Function, name: str) -> Iterator[tuple[Function, str]]:
    """The functions that surely get the value of a local name, each with its parameter."""
    for call in find(ir.Call, function.statements):
        given = (*call.args, *(keyword.value for keyword in call.keywords))
        if not any(isinstance(one, ir.Name) and one.id == name for one in given):
            continue
        below = _run_by(function, call)
        params = below.node.params[1 if below.owner is not None else 0 :] if below is not None else ()
        keywords = {keyword.name: keyword.value for keyword in call.keywords}
        for index, param in enumerate(params):
            value = call.args[index] if index < len(call.args) else keywords.get(param.name)
            if below is not None and isinstance(value, ir.Name) and value.id == name:
                yield below, param.name


def _run_by(function: Function, call: ir.Call) -> Function | None:
    """What a call runs, below decorators as well: they hand on what they are given."""
    found, name = function.project.calls.of(function, call).first, last_name(call.func)
    if found or function.owner is None or ir.dotted_name(call.func) != f"self.{name}":
        return found[0].function if found else None
    methods = function.project.values.fields.methods(function.owner)
    return next((method for method in methods if method.name == name), None)
