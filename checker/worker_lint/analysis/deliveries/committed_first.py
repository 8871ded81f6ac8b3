"""Kafka messages whose offset is committed in the turn of a loop before the work on them is begun."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.deliveries.openings import functions_with
from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.statements import plain_call
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.values import made_by
from worker_lint.analysis.visit import given_to, last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.delivered import Delivered
    from worker_lint.analysis.project import Project

_COMMITS: Final = ("commit", "commit_async")
_TAKES: Final = frozenset({"poll", "consume", "getone"})
_SWITCHES: Final = frozenset({"asynchronous", "timeout_ms"})
_READS: Final = frozenset({"loads", "decode", "print", "error", "value", "key", "topic", "offset", "partition", "len"})


class CommittedFirst(NamedTuple):
    """A commit, and the first work on the same message behind it."""

    function: Function
    commit: ir.Call
    work: ir.Call


def committed_first(project: Project, path: str) -> Iterator[CommittedFirst]:
    """The commits of a file that stand before the work, directly in a loop over a consumer that is made by a model."""
    for function in functions_with(project, path, _COMMITS):
        delivered = project.escaping.variant(function).delivered
        loops: list[ir.While | ir.For] = [*find(ir.While, function.statements), *find(ir.For, function.statements)]
        for loop in loops:
            yield from _in_turn(project, function, loop, delivered)


def _in_turn(
    project: Project, function: Function, loop: ir.While | ir.For, delivered: Delivered
) -> Iterator[CommittedFirst]:
    consumer = loop.iter if isinstance(loop, ir.For) else None
    commit: ir.Call | None = None
    for statement in loop.body:
        call = plain_call(statement)
        taken = _taken_from(statement)
        if taken is not None:
            consumer = taken
        elif call is not None and consumer is not None and _commits(project, function, call, consumer, delivered):
            commit = commit or call
            continue
        work = next(_work(statement, delivered), None)
        if work is not None:
            if commit is not None:
                yield CommittedFirst(function, commit, work)
            return


def _taken_from(statement: ir.Stmt) -> ir.Expr | None:
    """The consumer, where the statement takes the next message from one."""
    value = statement.value if isinstance(statement, ir.Assign) else None
    value = value.value if isinstance(value, ir.Await) else value
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and value.func.name in _TAKES:
        return value.func.value
    return None


def _commits(project: Project, function: Function, call: ir.Call, consumer: ir.Expr, delivered: Delivered) -> bool:
    """Whether a call commits all that the consumer has handed out, or the message itself."""
    if not isinstance(call.func, ir.Attribute) or call.func.name not in _COMMITS:
        return False
    if ir.dotted_name(call.func.value) is None or ir.dotted_name(call.func.value) != ir.dotted_name(consumer):
        return False
    given = [*call.args, *(word.value for word in call.keywords if word.name not in _SWITCHES)]
    if any(not isinstance(one, ir.Name) or delivered.level(one) < Level.DELIVERY for one in given):
        return False
    made = made_by(project, function, consumer)
    model = project.calls.of(function, made).model if made is not None else None
    return model is not None and bool(model.facts.auto_ack_if)


def _work(statement: ir.Stmt, delivered: Delivered) -> Iterator[ir.Call]:
    """The calls of a statement that are given the message, those left out that only read it or tell of it."""
    for call in find(ir.Call, (statement,)):
        if is_logging(call) or last_name(call.func) in _READS:
            continue
        arguments = walk(*given_to(call))
        parts = (node for node in arguments if isinstance(node, (ir.Name, ir.Attribute, ir.Call, ir.Subscript)))
        if any(delivered.level(node) >= Level.DELIVERY for node in parts):
            yield call
