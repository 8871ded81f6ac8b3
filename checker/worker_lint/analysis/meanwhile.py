"""Whether a change of a collection can come while a coroutine of the same object goes through it."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.loop_exit import leaves_loop
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.membership import Change, Walked, changes_reached, collection_kind, flat_targets
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions, placed_statements
from worker_lint.analysis.reached import Reached, reached_from
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.suspending import goes_outside, never_suspends
from worker_lint.source import ir

_CALLED_BACK: Final = ("on_", "handle_", "incoming_")
_LAUNCHES: Final = ("create_task", "ensure_future", "call_soon", "call_later", "add_done_callback")


def mentions_loop(cls: Class) -> bool:
    """Whether the class has a loop over one of its fields, by its text."""
    text = cls.project.store.text(cls.path)
    return any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in ("in self.", "values(self.", "(self."))


def waits_within(walked: Walked) -> bool:
    """Whether a comprehension over the field waits for each of its items."""
    return any(
        isinstance(node, ir.Comprehension) and node.at == walked.at and any(find(ir.Await, (node.element,)))
        for node in own_expressions(walked.placed.statement)
    )


def _called_within(walked: Walked) -> frozenset[str]:
    """The bare names of what is called in the body of the loop."""
    body = walked.loop.body if walked.loop is not None else ()
    names = (
        ir.dotted_name(call.func) or "" for placed in placed_statements(body) for call in own_calls(placed.statement)
    )
    return frozenset(name.rpartition(".")[2] for name in names)


def is_replaced_before(walked: Walked) -> bool:
    """Whether the function gives the field another collection before it goes through the old or the new one."""
    for placed in placed_statements(walked.function.body):
        if placed.statement.at[:2] >= walked.at[:2]:
            return False
        if isinstance(placed.statement, ir.Assign):
            if any(
                field_named(walked.function, target) == walked.field
                for target in flat_targets(placed.statement.targets)
            ):
                return True
    return False


def _is_way_in(walked: Walked) -> bool:
    """
    Whether the loop stands where the object is only being entered, before anybody has it: in `__aenter__`, or before
    the `yield` of the object itself in a method that is an asynchronous context manager.
    """
    function = walked.function
    if function.name == "__aenter__":
        return True
    names = {(ir.dotted_name(one) or "").rpartition(".")[2] for one in function.node.decorators}
    if "asynccontextmanager" not in names or not function.node.params:
        return False
    subject = function.node.params[0].name
    given = [one for one in find(ir.Yield, function.body) if ir.dotted_name(one.value) == subject]
    return bool(given) and all(walked.at[:2] < one.at[:2] for one in given)


def is_undisturbed(cls: Class, walked: Walked) -> bool:
    """Whether nobody else has the object during the loop, or none of its awaits gives another task a turn."""
    if _is_way_in(walked):
        return True
    loop = walked.loop
    if loop is None or loop.is_async or any(one.is_async for one in find(ir.With, loop.body)):
        return False
    if any(one.is_async for one in find(ir.For, loop.body)):
        return False
    return all(never_suspends(walked.function, one.value, cls) for one in find(ir.Await, loop.body))


def surely_waits(cls: Class, walked: Walked) -> bool:
    """Whether the loop is known to give other tasks a turn between two members."""
    loop = walked.loop
    return loop is not None and any(goes_outside(walked.function, one.value, cls) for one in find(ir.Await, loop.body))


def _is_known_member(loop: ir.For, call: ir.Call) -> bool:
    """Whether the call is given the very member that the loop has come to: to add it again changes nothing."""
    names = {node.id for node in find(ir.Name, (loop.target,))}
    return any(isinstance(value, ir.Name) and value.id in names for value in call.args)


def is_step_beside(locking: Locking, method: Function, other: Function, walked: Walked) -> bool:
    """
    Whether a private method is a step of the one with the loop, before or after it but not inside, or
    both are steps that the same method, and no other, takes one after the other.
    """
    callers = locking.callers(other.name)
    if not other.name.startswith("_") or len(callers) != 1 or other.name in _called_within(walked):
        return False
    if callers == {method.name}:
        return True
    if not method.name.startswith("_") or callers != locking.callers(method.name):
        return False
    return not {method.name, other.name, *callers} & handed_methods(locking.cls)


def may_come_between(locking: Locking, method: Function, change: Change) -> bool:
    """
    Whether the change can happen: no step before it always fails. A stop method is called when no new work comes, so
    that only what other tasks still have to take out counts there.
    """
    cls = locking.cls
    if _is_cut_off(cls, change):
        return False
    if not is_part_of_stop(locking, method):
        return True
    return change.kind in {"takes", "empties"} and (_comes_after_wait(change) or _is_background(cls, change.function))


def is_part_of_stop(locking: Locking, method: Function) -> bool:
    """Whether the method is a stop, or a private step that only stops take."""
    if is_stop_name(method.name):
        return True
    callers = locking.callers(method.name) if method.name.startswith("_") else frozenset()
    is_handed = method.name in handed_methods(locking.cls)
    return bool(callers) and not is_handed and all(is_stop_name(caller) for caller in callers)


def _is_cut_off(cls: Class, change: Change) -> bool:
    """Whether a call before the change leads only to functions that are not implemented."""
    for placed in placed_statements(change.function.body):
        if placed.statement.at[:2] >= change.at[:2]:
            return False
        for call in own_calls(placed.statement):
            runs = cls.project.calls.of(change.function, call, cls).runs
            if runs and all(one.function.node.shape.startswith("not-implemented") for one in runs):
                return True
    return False


def _comes_after_wait(change: Change) -> bool:
    return any(node.at[:2] < change.at[:2] for node in find(ir.Await, change.function.body))


def _is_background(cls: Class, function: Function) -> bool:
    """Whether the method is run as a task or callback, or is named for it."""
    name = function.name
    if name.strip("_").startswith(_CALLED_BACK) or name in handed_methods(cls):
        return True
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls) if mentions(method, *_LAUNCHES) else ():
            if entry.callee.runs_function(function):
                return True
    return False


def change_by_itself(cls: Class, walked: Walked) -> Change | None:
    """What the body of the loop surely does to the collection itself, so that the loop skips a member or ends."""
    loop = walked.loop
    kind = collection_kind(cls, walked.field)
    if loop is None or kind is None:
        return None
    for placed in placed_statements(loop.body, (*walked.placed.around, loop)):
        if leaves_loop(placed.statement, placed.around):
            continue
        for call in own_calls(placed.statement):
            callee = cls.project.calls.of(walked.function, call, cls)
            if not callee.is_single or callee.creates is not None:
                continue
            if callee.runs[0].function.node.is_async:
                continue
            for here in reached_from(callee.runs[0]):
                change = next((one for one in changes_reached(cls, here, walked.field) if _shrinks(one, kind)), None)
                if change is not None and change.kind == "adds" and _is_known_member(loop, call):
                    continue
                if change is not None and not _is_guarded(here, change):
                    return change
    return None


def _shrinks(change: Change, kind: str) -> bool:
    """Whether the change, made by the body of a loop, makes it skip a member or end."""
    return change.kind == "takes" or (kind in {"dict", "set"} and change.kind == "adds" and change.name == "add")


def _is_guarded(here: Reached, change: Change) -> bool:
    """Whether the change depends on something: then it may be another case than the one of the loop."""
    return any(isinstance(outer, (ir.If, ir.Match)) for outer in (*here.around, *change.placed.around))
