"""Which locks are held where, and the collections that they guard."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.guarding import walks_without_lock
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.membership import changes_in, collection_kind, fields_walked, is_bounded

Named = Callable[[str, str], Class]

TABLE = """
import collections
import threading

class Table:
    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = {}
        self.recent = collections.deque(maxlen=3)

    def add(self, name, job):
        with self.lock:
            self.jobs[name] = job

    def drop(self, name):
        self.lock.acquire()
        if name not in self.jobs:
            self.lock.release()
            return
        self.jobs.pop(name)
        self.lock.release()
        self.recent.append(name)

    def clear(self):
        with self.lock:
            self._clear()

    def _clear(self):
        self.jobs.clear()

    def stop(self):
        for job in self.jobs.values():
            job.stop()

    def names(self):
        with self.lock:
            return list(self.jobs)
"""


def _held(cls: Class, method: str) -> list[tuple[str, set[str]]]:
    locking = Locking(cls)
    function = locking.methods[method]
    return [(one.field, set(locking.held(function, one.placed, one.at))) for one in changes_in(function)]


def test_a_lock_is_held_in_with_and_between_acquire_and_release(class_named: Named) -> None:
    cls = class_named(TABLE, "Table")
    assert _held(cls, "add") == [("jobs", {"lock"})]
    assert _held(cls, "drop") == [("jobs", {"lock"}), ("recent", set())]


def test_a_private_method_holds_what_all_its_callers_hold(class_named: Named) -> None:
    cls = class_named(TABLE, "Table")
    assert _held(cls, "_clear") == [("jobs", {"lock"})]
    assert Locking(cls).callers("_clear") == {"clear"}


def test_the_walk_without_the_lock_is_found(class_named: Named) -> None:
    cls = class_named(TABLE, "Table")
    found = list(walks_without_lock(cls, Locking(cls)))
    assert [(one.walked.field, one.walked.function.name, one.lock) for one in found] == [("jobs", "stop", "lock")]


def test_kinds_and_limits_of_collections(class_named: Named) -> None:
    cls = class_named(TABLE, "Table")
    assert collection_kind(cls, "jobs") == "dict"
    assert collection_kind(cls, "recent") == "deque"
    assert collection_kind(cls, "lock") is None
    assert is_bounded(cls, "recent")
    assert not is_bounded(cls, "jobs")


def test_copies_are_walks_at_once(class_named: Named) -> None:
    cls = class_named(TABLE, "Table")
    walks = [one for method in Locking(cls).methods.values() for one in fields_walked(method)]
    assert [(one.field, one.function.name, one.loop is None) for one in walks] == [
        ("jobs", "stop", False),
        ("jobs", "names", True),
    ]


def test_a_lock_that_a_decorator_names_is_held(class_named: Named) -> None:
    source = """
    from somewhere import synchronized

    class Table:
        @synchronized("lock")
        def add(self, name, job):
            self.jobs[name] = job

        @synchronized
        def drop(self, name):
            del self.jobs[name]
    """
    locking = Locking(class_named(source, "Table"))
    held = {
        method.name: locking.held(method, change.placed, change.at)
        for method in locking.methods.values()
        for change in changes_in(method)
    }
    assert held == {"add": frozenset({"lock"}), "drop": frozenset()}


READ_UNDER_LOCK = """
import threading

class Table:
    def __init__(self):
        self.lock = threading.Lock()
        self.jobs = {}

    def add(self, name, job):
        with self.lock:
            self.jobs[name] = job
            self._tell()

    def drop(self, name):
        with self.lock:
            del self.jobs[name]

    def empty(self):
        with self.lock:
            self.jobs.clear()
            self.jobs.update(idle=None)

    @property
    def state(self):
        return {name: job.state for name, job in self.jobs.items()}

    def flush(self):
        for job in self.jobs.values():
            job.flush()

    def _tell(self):
        print(self.state)

    def tell(self):
        self._tell()
        self.flush()
"""


def test_callers_that_hold_the_lock_at_times(class_named: Named) -> None:
    locking = Locking(class_named(READ_UNDER_LOCK, "Table"))
    assert {name: locking.entered_under(name) for name in ("_tell", "state", "flush")} == {
        "_tell": {"lock"},
        "state": {"lock"},
        "flush": frozenset(),
    }
    assert locking.callers("state") == {"_tell"}
    walks = {one.walked.function.name: one.is_alone for one in walks_without_lock(locking.cls, locking)}
    assert walks == {"flush": True}


@pytest.mark.parametrize(
    ("said", "is_alone"),
    [
        ("pass", True),
        ("pass  # blocks for a while", True),
        ("pass  # the lock is held by whoever calls this", False),
        ('"""Called with the lock held."""', False),
        ('"""\n        Flushes all.\n\n        Needs no lock.\n        """', False),
    ],
)
def test_somebody_has_thought_of_the_lock(class_named: Named, said: str, is_alone: bool) -> None:  # noqa: FBT001
    source = READ_UNDER_LOCK.replace("def flush(self):", f"def flush(self):\n        {said}")
    locking = Locking(class_named(source, "Table"))
    assert [one.is_alone for one in walks_without_lock(locking.cls, locking)] == [is_alone]
