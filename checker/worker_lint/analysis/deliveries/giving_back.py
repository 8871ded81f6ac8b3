"""Clauses and contexts that put a message back, and what is tried before that."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.deliveries.delivery import Delivery
from worker_lint.analysis.deliveries.settlement import Settlement, settlement_of
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import ends_process, log_calls, raises_anything
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

_PUTS: Final = frozenset({"put", "put_nowait", "append", "appendleft"})


def only_moves(body: tuple[ir.Stmt, ...]) -> bool:
    """Whether all that is tried is to put the message elsewhere in the process: whether that fails is not up to it."""
    logged = [call.at for call in log_calls(body)]
    calls = [call for call in find(ir.Call, body) if not any(encloses(at, call.at) for at in logged)]
    return bool(calls) and all(isinstance(one.func, ir.Attribute) and one.func.name in _PUTS for one in calls)


def put_back(delivery: Delivery, handler: ir.Handler) -> Settlement | None:
    """The settlement by which the clause puts the message back, when it then goes on to the next one."""
    if raises_anything(handler.body) or ends_process(delivery.function, handler.body):
        return None
    if any(isinstance(node, (ir.If, ir.Match, ir.Try)) for node in find(ir.Node, handler.body)):
        return None
    found = [one for call in find(ir.Call, handler.body) if (one := settlement_of(delivery, call)) is not None]
    logged = {call.at for call in log_calls(handler.body)}
    others = [call for call in find(ir.Call, handler.body) if call.at not in logged and _is_statement(handler, call)]
    is_alone = all(any(call.at == one.call.at for one in found) for call in others)
    return found[0] if len(found) == 1 and found[0].requeue is True and is_alone else None


def _is_statement(handler: ir.Handler, call: ir.Call) -> bool:
    statements = (node.value for node in find(ir.Expression, handler.body))
    values = (value.value if isinstance(value, ir.Await) else value for value in statements)
    return any(value.at == call.at for value in values)


def handles_itself(delivery: Delivery, item: ir.WithItem) -> bool:
    """Whether the block deals with errors before the context sees them."""
    for node in find(ir.With, delivery.function.statements):
        if any(one is item for one in node.items):
            return any(isinstance(statement, ir.Try) for statement in node.body)
    return False
