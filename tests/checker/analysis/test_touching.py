"""What methods do to the fields of their object."""

from collections.abc import Callable

from worker_lint.analysis import Class
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.touching import Act, callers_of, code_of, done_by, touched_by

Named = Callable[[str, str], Class]

SOURCE = """
import threading

class Base:
    def stop(self):
        self.running = False
        self._finish()

    def _finish(self):
        self.thread.join()

class Worker(Base):
    def __init__(self):
        self.jobs = []
        self.running = True
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while self.running:
            self.once()

    def once(self):
        print(self.jobs)

    def close(self):
        self.stop()
        self.jobs, self.last = None, self.jobs
"""


def _runs(cls: Class, name: str) -> Runs:
    return cls.project.workers.methods(cls)[name]


def _said(acts: list[Act]) -> list[tuple[str, str, str]]:
    return [(act.name, act.kind, act.called) for act in acts]


def test_what_surely_runs_is_told_in_its_order(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    acts = _said(done_by(_runs(cls, "close")))
    assert acts[:2] == [("running", "assigned", ""), ("thread", "used", "join")]
    assert {("jobs", "assigned", ""), ("last", "assigned", "")} <= set(acts[2:])


def test_a_value_of_its_own_is_kept_with_the_target(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    values = {act.name: act.value for act in done_by(_runs(cls, "close")) if act.kind == "assigned"}
    assert getattr(values["jobs"], "kind", "") == "none"
    assert getattr(values["last"], "name", "") == "jobs"


def test_reading_tells_nobody_anything(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    telling = {act.name for act in touched_by(cls, "close") if act.tells}
    assert "running" in telling
    assert "thread" not in telling
    assert not any(act.tells for act in code_of(cls, _runs(cls, "run")) if act.name == "jobs")


def test_the_code_of_a_child_is_followed_through_self(class_named: Named) -> None:
    cls = class_named(SOURCE, "Worker")
    assert {act.name for act in code_of(cls, _runs(cls, "run"))} == {"running", "jobs"}


def test_callers_are_found_in_the_family(class_named: Named) -> None:
    assert callers_of(class_named(SOURCE, "Base"), "stop") == {"close"}


def test_parts_of_a_field_belong_to_it(class_named: Named) -> None:
    source = """
    class Worker:
        def stop(self):
            self.child.running = False
            self.table["a"] = 1
            del self.old
            self.count += 1
    """
    cls = class_named(source, "Worker")
    assigned = [act.name for act in done_by(_runs(cls, "stop")) if act.kind == "assigned"]
    assert assigned == ["child", "table", "old", "count"]
