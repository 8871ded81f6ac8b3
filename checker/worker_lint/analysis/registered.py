"""Sockets and files that a stop closes while an event loop of somebody else still watches them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.nesting import mentions, own_calls, placed_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_REGISTERS: Final = {"add_reader": 2, "add_writer": 2, "add_handler": 3}
"""Methods of event loops that watch a descriptor, with the arguments that they take at least."""
_STREAM: Final = "ZMQStream"
_WORDS: Final = ("add_reader(", "add_writer(", "add_handler(", "ZMQStream(")
_UNDONE: Final = re.compile(
    r"remove_(?:reader|writer|handler)|\bloop\.(?:close|stop)\(|\b(?:asyncio\.run|run_until_complete|run_sync)\("
)
"""What takes a registration back, or ends the loop itself, so that nobody watches any longer."""


class Watched(NamedTuple):
    """The field, where it is registered with the loop, and where the stop closes it all the same."""

    field: str
    method: Function
    at: ir.At
    stop: Function
    closing: ir.Call


def closed_while_watched(cls: Class) -> Iterator[Watched]:
    """The fields that the class has a loop watch, and that a stop closes though nothing takes them from the loop."""
    text = cls.project.store.text(cls.path)
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in _WORDS) or _UNDONE.search(text.source):
        return
    methods = list(cls.project.values.fields.methods(cls))
    for method in methods:
        for field, at in _registered(cls, method) if mentions(method, *_WORDS) else ():
            for stop in methods:
                closing = _closing(stop, field) if is_stop_name(stop.name) else None
                if closing is not None:
                    yield Watched(field, method, at, stop, closing)


def _registered(cls: Class, method: Function) -> Iterator[tuple[str, ir.At]]:
    """The fields that the method gives to a loop to be watched, with the places."""
    for placed in placed_statements(method.body):
        for call in own_calls(placed.statement):
            name = last_name(call.func)
            if name == _STREAM:
                if _is_ended(cls, method, placed.statement):
                    continue
            elif len(call.args) < _REGISTERS.get(name, len(call.args) + 1):
                continue
            field = _watched_field(method, call.args[0]) if call.args else ""
            if field:
                yield field, call.at


def _watched_field(method: Function, given: ir.Expr) -> str:
    """The field that is watched: `self.sock`, or `self.sock.fileno()`."""
    if isinstance(given, ir.Call) and isinstance(given.func, ir.Attribute) and given.func.name == "fileno":
        given = given.func.value
    return field_named(method, given)


def _is_ended(cls: Class, method: Function, statement: ir.Stmt) -> bool:
    """Whether the stream that is made goes anywhere else than into a field, or something ends or hands on that."""
    if not isinstance(statement, ir.Assign) or len(statement.targets) != 1:
        return True
    stream = re.escape(field_named(method, statement.targets[0]))
    own = cls.project.store.text(cls.path).between(cls.node.at[0], cls.node.at[2])
    taken = rf"(?m)\.{stream}(?:\.(?:close|stop_on_\w+)\(|\s*[,)\]]|\s*$)"
    if not stream or re.search(taken, own) is not None:
        return True
    return cls.project.uses.is_written(cls, (f".{stream}.close(",), rf"(?<!\bself)\.{stream}\.close\(")


def _closing(stop: Function, field: str) -> ir.Call | None:
    """Where the stop closes the field."""
    for placed in placed_statements(stop.body) if mentions(stop, f"{field}.close(") else ():
        for call in own_calls(placed.statement):
            if isinstance(call.func, ir.Attribute) and call.func.name == "close":
                if field_named(stop, call.func.value) == field:
                    return call
    return None
