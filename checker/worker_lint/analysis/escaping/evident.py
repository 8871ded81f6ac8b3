"""
Which errors of one message do harm, and which of them nobody can want: where the sender is no part of this program,
and nobody learns of the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.escaping.alone import ends_unseen, is_handed_on, says_why
from worker_lint.analysis.escaping.apart import ends_apart
from worker_lint.analysis.escaping.expecting import expects_malformed
from worker_lint.analysis.escaping.jobs import all_guarded
from worker_lint.analysis.escaping.keeping import keeps_processes, reads_stream
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.receiving import received
from worker_lint.analysis.escaping.supervision import is_entry, is_supervised
from worker_lint.analysis.flow.visit import find, walk
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.escaping.boundaries import Boundary
    from worker_lint.analysis.escaping.origins import Origin

_OF_THE_SENDER: Final = frozenset({"decode", "lookup", "unpack"})


def does_harm(boundary: Boundary, origin: Origin) -> bool:
    """
    Whether the error does harm there. A library logs what leaves its callback, a caller may want the error of a job,
    unless there is none, and code that refuses what its peer sends by raising is meant to end by it.
    """
    kind = origin.failure.kind
    if kind == "refusal":
        return boundary.kind != "callback" and _is_of_a_broker(boundary)
    if kind == "job":
        return is_entry(boundary.function) and not all_guarded(origin.frames[-1].function)
    return kind == "dispatch" or _is_of_a_broker(boundary) or not _refuses(origin.frames[-1].function)


def may_go_on(boundary: Boundary) -> bool:
    """Whether somebody above takes the error and goes on, or a supervisor that gets the function may do so."""
    function = boundary.function
    return is_supervised(function) or (boundary.kind == "loop" and is_handed_on(function))


def is_evident(boundary: Boundary, origin: Origin) -> bool:
    """
    Whether an error of one message surely harms: what a broker delivered is malformed or names what is not there,
    or code of somebody else fails, and the error is seen by nobody above.

    What comes by a socket or pipe may be from a process of this program, as a missing key of its own message may
    be, unless the code expects it to be malformed; an explicit `raise` is meant; a job has a caller who may look after
    its errors.
    """
    if says_why(boundary.function) or any(says_why(frame.function) for frame in origin.frames):
        return False
    if boundary.kind == "loop" and not (ends_unseen(boundary) or ends_apart(boundary)):
        return _is_cut_off(boundary, origin)
    if origin.failure.kind == "dispatch":
        return True
    if boundary.kind == "loop" and _is_of_one_connection(boundary):
        return False
    if origin.failure.kind not in _OF_THE_SENDER:
        return False
    return _is_of_a_broker(boundary) or expects_malformed(boundary)


def _is_cut_off(boundary: Boundary, origin: Origin) -> bool:
    """
    Whether a text of a process is parsed by the loop that looks after it: it ends when it likes, in the middle of what
    it writes as well, and that is no reason to end the others.
    """
    is_text = origin.failure.kind == "decode" or origin.failure.is_of_text
    return is_text and reads_stream(origin.frames[-1].function) and keeps_processes(boundary)


def _is_of_a_broker(boundary: Boundary) -> bool:
    """Whether what the boundary deals with are deliveries of a library, or their contents."""
    delivered = boundary.variant.delivered
    if any(level is Level.DELIVERY or level >= Level.CONTENT for level in delivered.given):
        return True
    called = {
        runs.function for call in find(ir.Call, boundary.function.statements) for runs in delivered.callee(call).runs
    }
    return _receives(boundary.function) or any(map(_receives, called))


def _receives(function: Function) -> bool:
    """Whether a function takes deliveries from a library: by a call, an iteration or a field that holds them."""
    delivered = function.project.escaping.variant(function).delivered
    for node in walk(*function.statements, inner=False):
        match node:
            case ir.Call() if received(delivered.callee(node), node) is Level.DELIVERY:
                return True
            case ir.Attribute(value=ir.Name()) if delivered.level(node) is Level.DELIVERY:
                return True
            case ir.For() if delivered.level(node.iter) is Level.NONE and delivered.item(node.iter) is Level.DELIVERY:
                return True
            case _:
                pass
    return False


def _is_of_one_connection(boundary: Boundary) -> bool:
    """Whether the loop reads from what its function is given: one of many connections, of which each may end."""
    function, delivered = boundary.function, boundary.variant.delivered
    names = [param.name for param in function.node.params]
    names = names[1:] if function.owner is not None else names
    reads = (
        call for call in find(ir.Call, function.statements) if (ir.dotted_name(call.func) or "").split(".")[0] in names
    )
    return any(
        received(callee, call) and callee.model is None for call in reads for callee in (delivered.callee(call),)
    )


def _refuses(function: Function) -> bool:
    """Whether the function itself raises, other than in an except clause: a breach of the form ends it on purpose."""
    tries = find(ir.Try, function.statements)
    clauses = [(*handler.body[0].at[:2], *handler.body[-1].at[2:]) for one in tries for handler in one.handlers]
    raised = [node for node in find(ir.Raise, function.statements) if node.exception is not None]
    return any(not any(encloses(clause, node.at) for clause in clauses) for node in raised)
