"""Which uses in a base objects of a subclass meet."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.base_use import uses_on_annotated, uses_on_self

BASE = """
class Base:
    quick = False

    def run(self):
        {line}

    def m(self, a): ...

class Sub(Base):
    def m(self): ...
"""


@pytest.mark.parametrize("line", ["self.m(1)", "x = lambda: self.m(1)", "if self.ready: self.m(1)"])
def test_met(class_named: Callable[[str, str], Class], line: str) -> None:
    (found,) = uses_on_self(class_named(BASE.format(line=line), "Sub"), "m")
    assert (found.caller, found.receiver) == ("run", "self")


@pytest.mark.parametrize(
    "line", ["other.m(1)", "isinstance(self, Base) and self.m(1)", "super().m(1)", "if self.quick: self.m(1)"]
)
def test_not_met(class_named: Callable[[str, str], Class], line: str) -> None:
    source = BASE.format(line=line) + "    quick = True\n"
    assert list(uses_on_self(class_named(source, "Sub"), "m")) == []


def test_a_hidden_caller_does_not_run_unless_super_calls_it(class_named: Callable[[str, str], Class]) -> None:
    hidden = BASE.format(line="self.m(1)") + "    def run(self): pass\n"
    assert list(uses_on_self(class_named(hidden, "Sub"), "m")) == []
    chained = BASE.format(line="self.m(1)") + "    def run(self): super().run()\n"
    assert len(list(uses_on_self(class_named(chained, "Sub"), "m"))) == 1


def test_a_private_caller_runs_when_something_that_runs_names_it(class_named: Callable[[str, str], Class]) -> None:
    source = BASE.format(line="pass") + "    def n(self): pass\n"
    private = source.replace("    def m(self, a)", "    def _step(self): self.m(1)\n\n    def m(self, a)")
    assert list(uses_on_self(class_named(private, "Sub"), "m")) == []
    named = private.replace("pass\n\n    def _step", "self._step()\n\n    def _step")
    assert len(list(uses_on_self(class_named(named, "Sub"), "m"))) == 1


def test_annotated_receivers(class_named: Callable[[str, str], Class]) -> None:
    source = BASE.format(line="pass") + "\ndef f(base: Base, sub: Sub):\n    base.m(1)\n    sub.m()\n"
    (found,) = uses_on_annotated(class_named(source, "Sub"), "m")
    assert (found.caller, found.receiver) == ("f", "annotated")
