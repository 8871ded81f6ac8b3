"""Fields that one thread asks for and then uses, while another sets them to None in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.guard import catches, in_finally, in_handler
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.nesting import (
    Placed,
    body_text,
    mentions,
    own_calls,
    own_expressions,
    placed_statements,
)
from worker_lint.analysis.threaded import reached_on_threads
from worker_lint.analysis.visit import is_none, method_name
from worker_lint.source import ir

_WAITS: Final = ("join", "is_alive", "wait", "result", "Thread(", "Timer(")
"""What an outside method speaks of that has waited for the thread, or makes it: the other side is not there then."""
_ASKS_THREAD: Final = ("current_thread", "get_ident", "currentThread")


class TakenAway(NamedTuple):
    """
    A field that may be None again when it is used.

    Attributes:
        field: Its name.
        method: Who asks and uses.
        question: Where it is asked for.
        at: Where it is used.
        taker: Who sets it to None.
        taken: Where.
        on_thread: The function that runs on a thread: the taker, or the method that asks.
    """

    field: str
    method: Function
    question: ir.At
    at: ir.At
    taker: Function
    taken: ir.At
    on_thread: Function


class _Taking(NamedTuple):
    """An assignment of None to a field."""

    function: Function
    at: ir.At
    locks: frozenset[str]


def fields_taken_away(cls: Class, locking: Locking) -> Iterator[TakenAway]:
    """The fields of a class with a thread that its thread, or the other side, takes away from a user; each once."""
    if not _may_be_taken(locking):
        return
    reached = reached_on_threads(cls)
    inside = {here.function for here in reached}
    if not inside:
        return
    handed = handed_methods(cls)
    outside = [one for one in locking.methods.values() if one.name not in handed and _is_outside(one, inside, locking)]
    apart = [method for method in outside if not _has_waited(method, locking)]
    caught = {here.function for here in reached if any(isinstance(outer, ir.Try) for outer in here.around)}
    threads = list(dict.fromkeys(here.function for here in reached))
    seen: set[str] = set()
    for takers, users in ((threads, outside), (apart, [one for one in threads if one not in caught])):
        takings = _takings(takers, locking)
        for user in users if takings else ():
            for found in _used(user, takings, locking):
                thread = found.taker if found.taker in inside else found.method
                if found.field not in seen and found.taker is not found.method:
                    seen.add(found.field)
                    yield found._replace(on_thread=thread)


_TAKEN: Final = re.compile(r"\.(\w+)(?=[ \t]*(?::[^=\n]+)?(?:=[^=\n]*)+\bNone\b)")
_ASKED: Final = re.compile(r"\.(\w+)\s+is\b|\bnot[\s(]+\w+\.(\w+)|\b(?:if|and)[\s(]+\w+\.(\w+)")


def _may_be_taken(locking: Locking) -> bool:
    """Whether the text sets a field to None after the making, and asks for one of this name; read before any body."""
    others = (method for method in locking.methods.values() if method.name != "__init__")
    taken = {name for method in others for name in _named_before_none(body_text(method))}
    return bool(taken) and any(
        not taken.isdisjoint(name for found in _ASKED.findall(body_text(method)) for name in found)
        for method in locking.methods.values()
    )


def _named_before_none(text: str) -> Iterator[str]:
    """The fields that a line with `None` may set to it."""
    place = text.find("None")
    while place >= 0:
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        yield from _TAKEN.findall(text, text.rfind("\n", 0, place) + 1, end)
        place = text.find("None", end)


def _is_outside(method: Function, inside: set[Function], locking: Locking) -> bool:
    """Whether the method, which is handed to nobody, surely runs on another thread than the object's own."""
    name = method.name
    if method in inside or (name.startswith("__") and name != "__exit__"):
        return False
    if not name.startswith("_") or name == "__exit__":
        return True
    callers = [locking.methods[caller] for caller in locking.callers(name)]
    return bool(callers) and not any(caller in inside for caller in callers)


def _has_waited(method: Function, locking: Locking) -> bool:
    """Whether the method, or one of the class that leads there, may have waited for the thread, or makes it."""
    callers = (locking.methods[caller] for caller in locking.callers(method.name))
    return any(mentions(one, *_WAITS) for one in (method, *callers))


def _takings(functions: list[Function], locking: Locking) -> dict[str, _Taking]:
    """Where the functions set fields to None that they have used before, or at the end of it all."""
    found: dict[str, _Taking] = {}
    for function in functions:
        if mentions(function, *_ASKS_THREAD):
            continue
        used: set[str] = set()
        for placed in placed_statements(function.body):
            if isinstance(placed.statement, ir.Assign) and is_none(placed.statement.value):
                for target in placed.statement.targets:
                    field = field_named(function, target)
                    is_end = in_finally(placed) is not None or in_handler(placed) is not None
                    if field and (field in used or is_end) and field not in found:
                        held = locking.held(function, placed, target.at)
                        found[field] = _Taking(function, target.at, held)
            used.update(_fields(function, placed.statement))
    return found


def _used(function: Function, takings: dict[str, _Taking], locking: Locking) -> Iterator[TakenAway]:
    """The questions of a function that do not hold until the use."""
    if mentions(function, *_ASKS_THREAD):
        return
    for placed in placed_statements(function.body):
        if any(method_name(call) == "join" for call in own_calls(placed.statement)):
            return  # from here on the other side has ended
        if isinstance(placed.statement, ir.If):
            for field, following in _asked(function, placed):
                taking = takings.get(field)
                if taking is None or locking.held(function, placed, placed.statement.at) or taking.locks:
                    continue
                at = _first_use(function, field, following)
                if at is not None:
                    test = placed.statement.test.at
                    yield TakenAway(field, function, test, at, taking.function, taking.at, function)


def _asked(function: Function, placed: Placed) -> Iterator[tuple[str, list[Placed]]]:
    """The fields that a branch asks for, each with the statements that count on the answer."""
    branch = placed.statement
    if not isinstance(branch, ir.If):
        return
    block = _block_of(function, placed)
    position = next((index for index, one in enumerate(block) if one is branch), len(block))
    parts = branch.test.values if isinstance(branch.test, ir.BoolOp) and branch.test.op == "and" else (branch.test,)
    for part in parts:
        field, is_there = _question(function, part)
        if field and is_there:
            yield field, list(placed_statements(branch.body, (*placed.around, branch)))
        elif field and len(parts) == 1 and branch.body and _leaves(branch.body[-1]):
            yield field, list(placed_statements(block[position + 1 :], placed.around))


def _leaves(statement: ir.Stmt) -> bool:
    return isinstance(statement, (ir.Return, ir.Raise)) or getattr(statement, "kind", "") in {"break", "continue"}


def _block_of(function: Function, placed: Placed) -> tuple[ir.Stmt, ...]:
    """The block in which the statement stands."""
    if not placed.around:
        return function.body
    outer = placed.around[-1]
    blocks = [getattr(outer, name, ()) for name in ("body", "orelse", "final")]
    blocks.extend(handler.body for handler in getattr(outer, "handlers", ()))
    return next((block for block in blocks if any(one is placed.statement for one in block)), ())


def _question(function: Function, test: ir.Expr) -> tuple[str, bool]:
    """The field that a test asks for, and whether it holds when the field is there."""
    match test:
        case ir.Compare(left=left, ops=("is not",), operands=(ir.Constant(kind="none"),)):
            return field_named(function, left), True
        case ir.Compare(left=left, ops=("is",), operands=(ir.Constant(kind="none"),)):
            return field_named(function, left), False
        case ir.Unary(op="not", operand=operand):
            return field_named(function, operand), False
        case ir.Attribute():
            return field_named(function, test), True
        case _:
            return "", False


def _first_use(function: Function, field: str, following: list[Placed]) -> ir.At | None:
    """Where something of the field is used before it is set anew, outside any `try` for what that raises."""
    for placed in following:
        statement = placed.statement
        for node in own_expressions(statement):
            if isinstance(node, ir.Attribute) and field_named(function, node.value) == field:
                return None if catches(function, placed, ("AttributeError",)) else node.value.at
        if isinstance(statement, ir.Assign):
            if any(field_named(function, target) == field for target in statement.targets):
                return None
    return None


def _fields(function: Function, statement: ir.Stmt) -> set[str]:
    found = (field_named(function, node) for node in own_expressions(statement) if isinstance(node, ir.Attribute))
    return {field for field in found if field}
