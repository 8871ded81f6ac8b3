"""What is started and never stopped, and who may stop it after all."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.started import started_by_methods, started_for_good

SOURCE = """
import threading

class Source:
    def startup(self): ...
    def shutdown(self): ...

class Scheduler:
    def startup(self): ...
    def shutdown(self): ...

class Owner:
    def __init__(self, source: Source):
        self.source = source

    def startup(self):
        self.source.startup()

    def shutdown(self):
        {end}

def main(source: Source, scheduler: Scheduler, given):
    {code}
"""
BOTH = "source.startup(); scheduler.startup()"
CASES = {
    "one of two": (f"{BOTH}; scheduler.shutdown()", ["shutdown"]),
    "both": (f"{BOTH}; scheduler.shutdown(); source.shutdown()", []),
    "none": (BOTH, []),
    "given to somebody": (f"{BOTH}; given(source); scheduler.shutdown()", []),
    "something unknown is stopped": (f"{BOTH}; scheduler.shutdown(); given.shutdown()", []),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_function_starts_for_good(project_of: Any, case: str) -> None:
    code, expected = CASES[case]
    project = project_of(SOURCE.format(code=code, end="pass"))
    main = next(one for one in project.functions_in("worker.py") if one.name == "main")
    assert [one.end.name for one in started_for_good(project, main, None)] == expected


@pytest.mark.parametrize(("end", "count"), [("pass", 1), ("self.source.shutdown()", 0)])
def test_what_methods_start_for_good(project_of: Any, end: str, count: int) -> None:
    project = project_of(SOURCE.format(code="pass", end=end))
    owner = next(cls for cls in project.classes_in("worker.py") if cls.name == "Owner")
    assert len(list(started_by_methods(project, owner))) == count


PARTS = """
class Source:
    def start(self): ...
    def stop(self): ...

def make_source() -> Source:
    return Source()
"""
HOLDER = """
from parts import make_source
{base}

class Holder{derived}:
    def __init__(self):
        self.source = make_source()

    def start(self):
        self.source.start()

    def stop(self):
        {end}
"""
BASE = """
class Base:
    def end(self):
        self.source.stop()
"""


@pytest.mark.parametrize(
    ("derived", "end", "count"),
    [("", "pass", 1), ("", "self.source.stop()", 0), ("(Base)", "self.end()", 0), ("(Base)", "pass", 0)],
)
def test_a_file_that_has_it_from_a_function_need_not_know_its_class(
    link: Any, derived: str, end: str, count: int
) -> None:
    base = "from bases import Base" if derived else ""
    files = {"parts.py": PARTS, "bases.py": BASE, "holder.py": HOLDER.format(base=base, derived=derived, end=end)}
    project = link(files)
    holder = next(cls for cls in project.classes_in("holder.py") if cls.name == "Holder")
    assert len(list(started_by_methods(project, holder))) == count
