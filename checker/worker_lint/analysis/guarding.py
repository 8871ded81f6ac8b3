"""Collections that a class changes under a lock, and the places where it goes through them without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.meanwhile import is_replaced_before
from worker_lint.analysis.membership import Change, Walked, changes_in, collection_kind, fields_walked
from worker_lint.analysis.nesting import own_calls, placed_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.unshared import (
    changes_size,
    is_between_processes,
    is_expected,
    is_of_one_thread,
    may_be_locked,
)
from worker_lint.source import ir
from worker_lint.source.shared import is_lock_taken

_ALONE: Final = frozenset(
    {"__init__", "__new__", "__post_init__", "__setstate__", "__getstate__", "__repr__", "__str__", "__del__"}
)
"""Methods during which no other thread has the object, or whose failure stops nothing."""
_WAITS: Final = frozenset({"join", "shutdown"})


class Unguarded(NamedTuple):
    """
    A walk over a field, the lock that is held elsewhere, and a change made under it.

    Attributes:
        is_alone: Whether the walk names the field itself, nothing in the class runs it under the lock, no comment
            speaks of the lock, nobody outside takes it, and more than one thread may change the members.
    """

    walked: Walked
    lock: str
    change: Change
    is_alone: bool


def walks_without_lock(cls: Class, locking: Locking, *, copies: bool = True) -> Iterator[Unguarded]:
    """
    The walks over dicts and sets without the lock that guards them: held at nearly all other uses, and at
    changes in at least two methods. A walk over a copy counts only in a stop method, and with `copies`: what is added
    after the copy is left out for good.
    """
    methods = [one for one in locking.methods.values() if one.name not in _ALONE and not one.node.is_async]
    walks: dict[str, list[tuple[Function, Walked]]] = {}
    for method in methods:
        for walked in fields_walked(method):
            walks.setdefault(walked.field, []).append((method, walked))
    meant = {field for field, found in walks.items() if copies or any(one.loop is not None for _, one in found)}
    meant = {field for field in meant if collection_kind(cls, field) in {"dict", "set"}}
    changes: dict[str, list[tuple[Function, Change]]] = {}
    for method in methods if meant else ():
        for change in changes_in(method):
            if change.kind != "replaces" and change.field in meant:
                changes.setdefault(change.field, []).append((method, change))
    for field in sorted(changes):
        if len({change.function for _, change in changes[field]}) > 1:
            yield from _walks_over(locking, changes[field], walks[field])


def _walks_over(
    locking: Locking, changing: list[tuple[Function, Change]], walking: list[tuple[Function, Walked]]
) -> Iterator[Unguarded]:
    """The walks over one field without the lock that guards it."""
    changes = [(change, locking.held(method, change.placed, change.at)) for method, change in changing]
    walks = [(method, walked, locking.held(method, walked.placed, walked.at)) for method, walked in walking]
    lock = _lock_of(changes, [held for _, _, held in walks])
    for method, walked, held in walks if lock else ():
        if held or _is_taken(walked) or not _is_walk(method, walked) or _is_quiet(locking, method, walked):
            continue
        guarded = [one for one, locks in changes if lock in locks]
        change = next((one for one in guarded if changes_size(one)), guarded[0])
        is_alone = lock not in locking.entered_under(method.name) and _is_entered(locking, method)
        is_meant = not _names_field(walked) or is_replaced_before(walked) or _speaks_of_lock(method)
        yield Unguarded(
            walked,
            lock,
            change,
            is_alone and not is_meant and _is_open(locking, method, walked, lock, changes),
        )


def takes_locks(cls: Class) -> bool:
    """Whether the text has a place that may take a lock of the object in a plain method; read before any body is."""
    text = cls.project.store.text(cls.path)
    return is_lock_taken(text.between(cls.node.at[0], cls.node.at[2]).encode())


def _is_open(
    locking: Locking, method: Function, walked: Walked, lock: str, changes: list[tuple[Change, frozenset[str]]]
) -> bool:
    """
    Whether another thread may bring or take a member meanwhile, and no other lock can be what prevents it. A table
    from which nothing is ever taken may have been filled before the threads began.
    """
    sized = [one for one, _ in changes if changes_size(one)]
    if not any(one.kind != "adds" for one in sized) or walked.function is not method or is_expected(walked):
        return False
    if is_of_one_thread(locking, method, sized) or is_between_processes(locking.cls, lock):
        return False
    return not may_be_locked(locking, method, walked.placed, lock)


def _is_entered(locking: Locking, method: Function) -> bool:
    """Whether it is known who runs the method: anybody, or the class itself; a hook is run from elsewhere."""
    name = method.name
    if not name.startswith("_") or locking.callers(name):
        return True
    text, node = method.project.store.text(method.path), locking.cls.node
    return re.search(rf"\bself\.{name}\b(?!\()", text.between(node.at[0], node.at[2])) is not None


def _names_field(walked: Walked) -> bool:
    """Whether the walk goes over the field, not over a local that was given it."""
    walks = walked.loop.iter if walked.loop is not None else walked.placed.statement
    return any(node.name == walked.field for node in find(ir.Attribute, (walks,)))


def _is_taken(walked: Walked) -> bool:
    """Whether the walk goes over what the field had before it was given another: nobody else has that any more."""
    return not _names_field(walked) and is_replaced_before(walked)


_COMMENT: Final = re.compile(r'(?:#.*|^[ \t]*[rR]?"""[^"]*)(?<![a-z])lock', re.IGNORECASE | re.MULTILINE)


def _speaks_of_lock(method: Function) -> bool:
    """Whether a comment or the docstring of the method speaks of locks: somebody has thought of it."""
    first, last = method.node.at[0], method.node.at[2]
    return _COMMENT.search(method.project.store.text(method.path).between(first, last)) is not None


def _is_walk(method: Function, walked: Walked) -> bool:
    return walked.loop is not None or (isinstance(walked.placed.statement, ir.For) and is_stop_name(method.name))


def _lock_of(changes: list[tuple[Change, frozenset[str]]], walks: list[frozenset[str]]) -> str:
    """The lock that guards the field, or ""."""
    names = {lock for _, held in changes for lock in held}
    for lock in sorted(names):
        guarding = {change.function for change, held in changes if lock in held}
        uses = [*(held for _, held in changes), *walks]
        inside = sum(lock in held for held in uses)
        if len(guarding) >= 2 and inside >= 2 * (len(uses) - inside):
            return lock
    return ""


def _is_quiet(locking: Locking, method: Function, walked: Walked) -> bool:
    """
    Whether no other thread is there: the method, or whoever calls this private one, has waited for them before, or is
    still making the object.
    """
    sites = locking.sites(method.name)
    if sites and all(one.name in _ALONE or _waits_before(one, at) for one, _, at in sites):
        return True
    return _waits_before(method, walked.at)


def _waits_before(method: Function, at: ir.At) -> bool:
    """Whether the method has waited for threads before the place."""
    return any(
        isinstance(call.func, ir.Attribute) and call.func.name in _WAITS and call.at[:2] < at[:2]
        for placed in placed_statements(method.body)
        for call in own_calls(placed.statement)
    )
