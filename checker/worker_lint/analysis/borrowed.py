"""
What is taken out of a pool, used over its link, and handed back at the end of the normal way alone.

The pool is of any class: that one method gives the object and another takes it back tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Function
from worker_lint.analysis.flow import walk
from worker_lint.analysis.process_start import runs_only_at_start
from worker_lint.analysis.statements import inner_blocks, plain_call, statement_lists
from worker_lint.analysis.visit import receiver_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

TAKES: Final = frozenset(
    {"acquire", "get_connection", "getconn", "get_conn", "checkout", "borrow", "take_connection", "acquire_connection"}
)
GIVES_BACK: Final = frozenset(
    {"release", "putconn", "put_conn", "checkin", "release_connection", "return_connection", "give_back", "put_back"}
)
OVER_LINK: Final = frozenset(
    {"execute", "executemany", "fetch", "fetchrow", "fetchval", "cursor", "commit", "send_command", "read_response"}
    | {"send", "sendall", "recv", "receive", "request", "connect", "publish", "ping", "query", "send_packed_command"}
)
"""Methods that ask something of the other side of a link: these fail when the link does."""


class Borrowed(NamedTuple):
    """
    The name, the call that takes it out (None for a field, which another method may fill), the one that may fail,
    and the one that hands it back after that. `is_pool`: what takes it back is seen to have given it, and goes on.
    """

    name: str
    taken: ir.Call | None
    cause: ir.Call
    release: ir.Call
    is_pool: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether this is beyond doubt."""
        return self.is_pool


def borrowed(project: Project, function: Function) -> Iterator[Borrowed]:
    """The locals of a function that an error keeps from being handed back; one entry for each."""
    for block in statement_lists(function.statements):
        for index, statement in enumerate(block):
            name, taken = _taken(statement)
            if taken is None or _is_used_otherwise(project, function, name):
                continue
            rest = block[index + 1 :]
            back = next((call for call in map(plain_call, rest) if call is not None and _gives_back(call, name)), None)
            if back is None:
                continue
            between = [one for one in rest if one.at < back.at and not isinstance(one, ir.Try)]
            calls = (node for one in between for node in walk(one, inner=False) if isinstance(node, ir.Call))
            cause = next((call for call in calls if call.at < back.at and _asks(call, name)), None)
            if cause is not None and not any(isinstance(one, ir.Try) for one in _all(between)):
                is_pool = receiver_name(taken) == receiver_name(back) != ""
                yield Borrowed(name, taken, cause, back, is_pool and not runs_only_at_start(function))


def _taken(statement: ir.Stmt) -> tuple[str, ir.Call | None]:
    """The name that a statement binds to what a pool gives."""
    if isinstance(statement, ir.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ir.Name):
        value = statement.value.value if isinstance(statement.value, ir.Await) else statement.value
        if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and value.func.name in TAKES:
            return statement.targets[0].id, value
    return "", None


def _is_used_otherwise(project: Project, function: Function, name: str) -> bool:
    """Whether the name is bound again, or something else than its own calls may keep or hand back the object."""
    if len(project.values.bindings(function).places.get((name,), ())) != 1:
        return True
    for use in project.places.uses(function):
        if use.place == (name,) and use.how not in ("called", "read", "tested"):
            is_back = use.how == "passed" and use.call is not None and _gives_back(use.call, name)
            if not is_back or use.call is None:
                return True
    return False


def _gives_back(call: ir.Call, name: str) -> bool:
    func = call.func
    first = call.args[0] if call.args else None
    is_taker = isinstance(func, ir.Attribute) and func.name in GIVES_BACK
    return is_taker and isinstance(first, ir.Name) and first.id == name


def _asks(call: ir.Call, name: str) -> bool:
    func = call.func
    is_on = isinstance(func, ir.Attribute) and isinstance(func.value, ir.Name) and func.value.id == name
    return is_on and isinstance(func, ir.Attribute) and func.name in OVER_LINK


def _all(statements: Sequence[ir.Stmt]) -> Iterator[ir.Stmt]:
    for statement in statements:
        yield statement
        for block in inner_blocks(statement):
            yield from _all(block)
