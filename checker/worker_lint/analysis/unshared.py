"""What may make a walk without the lock harmless after all: another lock, one thread for all, members that stay."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.guard import catches
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.membership import Change, Walked
from worker_lint.analysis.nesting import Placed, mentions
from worker_lint.analysis.threaded import threaded
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

_NO_LOCKS: Final = frozenset({"open", "suppress", "closing", "catch_warnings"})
_PROCESSES: Final = ("multiprocessing.", "billiard.", "filelock.", "portalocker.")
_PLAIN: Final = frozenset(
    {"property", "cached_property", "override", "setter", "contextmanager", "final", "abstractmethod"}
)


def may_be_locked(locking: Locking, method: Function, placed: Placed, lock: str) -> bool:
    """
    Whether a lock may be held that is not seen: by a context, a decorator or a stack around the walk or around a call
    of a private method; or callers outside the class, or those who override it, take the lock around the call.
    """
    sites = [(method, placed), *((site[0], site[1]) for site in locking.sites(method.name))]
    if any(_is_in_context(around) or _is_wrapped(one) for one, around in sites):
        return True
    taken = rf"(?:with [^\n]*|\n\s*[\w.]+)(?<!\bself)\.{re.escape(lock)}\b(?:[^\n]*\n){{1,25}}?[^\n]*\.{method.name}\("
    above = rf"\bself\.{re.escape(lock)}\b(?:[^\n]*\n){{1,25}}?[^\n]*\bsuper\([^)\n]*\)\.{method.name}\("
    is_written = locking.cls.project.uses.is_written
    return is_written(locking.cls, (f".{lock}",), taken) or is_written(locking.cls, (f".{lock}",), above)


def _is_in_context(placed: Placed) -> bool:
    """Whether the statement stands in a `with` that may take something."""
    contexts = [item.context for outer in placed.around if isinstance(outer, ir.With) for item in outer.items]
    return any((ir.dotted_name(uncalled(one)) or "").rpartition(".")[2] not in _NO_LOCKS for one in contexts)


def _is_wrapped(function: Function) -> bool:
    """Whether a decorator or an exit stack may take a lock."""
    names = {(ir.dotted_name(uncalled(one)) or "").rpartition(".")[2] for one in function.node.decorators}
    return not names <= _PLAIN or mentions(function, "enter_context", "enter_async_context")


def is_of_one_thread(locking: Locking, walker: Function, changes: list[Change]) -> bool:
    """
    Whether one thread of the object alone makes all changes and is also the one that goes through: it needs the lock
    only against those who read.
    """
    roots = frozenset(one.runs.function.name for one in threaded(locking.cls))
    if not roots:
        return False
    courses = _courses(locking.cls, walker.name, roots)
    return len(courses) == 1 and all(_courses(locking.cls, one.function.name, roots) == courses for one in changes)


def _courses(cls: Class, name: str, roots: frozenset[str]) -> frozenset[str]:
    """The threads that lead to a method, and the method itself when anybody may call it."""
    found = {root for root in roots if root == name or name in cls.project.resources.reached(cls, root)}
    if not found or (not name.startswith("_") and name not in roots):
        found.add(name)
    return frozenset(found)


def is_expected(walked: Walked) -> bool:
    """Whether the function takes what a change during the walk raises: somebody has thought of it."""
    return catches(walked.function, walked.placed, ("RuntimeError",))


def is_between_processes(cls: Class, lock: str) -> bool:
    """Whether the lock is one between processes, each of which has members of its own."""
    kind = cls.project.values.field(cls, lock)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted.startswith(_PROCESSES)


def changes_size(change: Change) -> bool:
    """Whether the change may bring a new member or take one away; a constant key is there from the beginning."""
    if change.kind != "adds" or change.name or not isinstance(change.placed.statement, ir.Assign):
        return True
    targets = change.placed.statement.targets
    return any(isinstance(one, ir.Subscript) and not isinstance(one.index, ir.Constant) for one in targets)
