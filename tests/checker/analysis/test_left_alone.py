"""Daemon threads that nobody waits for."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.left_alone import is_left_alone
from worker_lint.analysis.project import Project

Named = Callable[[str, str], Class]

TUNER = """
import threading

class Batch:
    def begin(self):
        @@

    def tune(self):
        self.tuned = True

    def stop(self):
        ##
"""


def is_alone(class_named: Named, begin: str, stop: str = "print()") -> bool:
    lines = begin.replace("\n", "\n        ")
    cls = class_named(TUNER.replace("@@", lines).replace("##", stop), "Batch")
    tune = next(one for one in cls.project.values.fields.methods(cls) if one.name == "tune")
    return is_left_alone(tune, cls)


@pytest.mark.parametrize(
    "begin",
    [
        "threading.Thread(target=self.tune, daemon=True).start()",
        "self.thread = threading.Thread(target=self.tune, daemon=True)\nself.thread.start()",
        "self.thread = threading.Thread(target=self.tune)\nself.thread.daemon = True\nself.thread.start()",
        "def wrapped():\n    self.tune()\nthreading.Thread(target=wrapped, daemon=True).start()",
    ],
    ids=["at once", "in a field", "told later", "around it"],
)
def test_nobody_waits_for_it(class_named: Named, begin: str) -> None:
    assert is_alone(class_named, begin)


FIELD = "self.thread = threading.Thread(target=self.tune, daemon=True)\nself.thread.start()"


@pytest.mark.parametrize(
    ("begin", "stop"),
    [
        (FIELD, "self.thread.join()"),
        (FIELD, "return self.thread"),
        (FIELD, "end(self.thread)"),
        (FIELD.replace(", daemon=True", ""), "print()"),
        ("threading.Thread(target=self.tune).start()", "print()"),
    ],
    ids=["joined", "returned", "given away", "no daemon", "no daemon at once"],
)
def test_somebody_may_wait_for_it(class_named: Named, begin: str, stop: str) -> None:
    assert not is_alone(class_named, begin, stop)


LOOP = """
import threading

def tune(stopping):
    stopping.wait()

def begin(stopping):
    thread = threading.Thread(target=tune, args=(stopping,), daemon=True)
    thread.start()
    {then}
"""


@pytest.mark.parametrize(("then", "expected"), [("print()", True), ("return thread", False), ("thread.join()", False)])
def test_a_function_of_the_module(project_of: Callable[[str], Project], then: str, expected: bool) -> None:  # noqa: FBT001
    functions = project_of(LOOP.format(then=then)).functions_in("worker.py")
    tune = next(one for one in functions if one.name == "tune")
    assert is_left_alone(tune, None) is expected
