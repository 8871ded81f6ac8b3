"""
The analysis of skipped releases against the language itself.

Small stop methods are generated and run, once without errors and then once more for each release that can raise, with
each way through the branches. Whatever is released in the first run and is not even tried in another was
skipped, and the analysis must have said so; what it says must have happened in some run.

Exit stacks close what they were given, all of it, and raise after that.
"""

from __future__ import annotations

import contextlib
import itertools
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_lint.analysis import Models, Project
from worker_lint.analysis.skipping import Skipping
from worker_lint.testing import built_in_packs, models_of, tree_of

FIELDS: Final = ("a", "b", "c")
FLAGS: Final = ("p", "q")
HEAD: Final = """\
import contextlib
import pika

class Worker:
    def __init__(self):
        self.a = pika.BlockingConnection()
        self.b = pika.BlockingConnection()
        self.c = pika.BlockingConnection()

    def quietly(self, connection):
        try:
            connection.close()
        except Exception:
            pass

    def stop(self, p, q):
"""


# --- programs ---

FIELD: Final = st.sampled_from(FIELDS)
CAUGHT: Final = st.sampled_from(("Exception", "pika.exceptions.AMQPError", "ValueError", "(OSError, ValueError)"))
CLOSES: Final = st.one_of(
    FIELD.map(lambda name: f"self.{name}.close()"),
    FIELD.map(lambda name: f"self.{name}.close()"),
    FIELD.map(lambda name: f"self.quietly(self.{name})"),
    FIELD.map(lambda name: f"held = self.{name}\nheld.close()"),
    st.lists(FIELD, min_size=1, max_size=2).map(
        lambda names: (
            "with contextlib.ExitStack() as stack:\n"
            + "\n".join(f"    stack.callback(self.{name}.close)" for name in names)
        )
    ),
)
BRANCHES: Final = st.one_of(CLOSES, st.sampled_from(("pass", "if p:\n    return", "if not q:\n    return")))


def _indented(body: str) -> str:
    return textwrap.indent(body, "    ")


def _branch(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(body, min_size=1, max_size=3).map("\n".join)
    choice = st.builds(lambda flag, one: f"if {flag}:\n{_indented(one)}", st.sampled_from(FLAGS), block)
    return st.one_of(_compound(body), choice)


def _compound(body: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(body, min_size=1, max_size=3).map("\n".join)
    return st.one_of(
        st.builds(lambda one, two: f"try:\n{_indented(one)}\nfinally:\n{_indented(two)}", block, block),
        st.builds(
            lambda one, caught, two: f"try:\n{_indented(one)}\nexcept {caught}:\n{_indented(two)}", block, CAUGHT, block
        ),
        st.builds(
            lambda one, two, last: f"try:\n{_indented(one)}\nexcept Exception:\n{_indented(two)}\n    raise\n{last}",
            block, block, body,
        ),
        st.builds(lambda one, caught: f"with contextlib.suppress({caught}):\n{_indented(one)}", block, CAUGHT),
    )  # fmt: skip


def _programs(plain: st.SearchStrategy[str], compound: Any) -> st.SearchStrategy[str]:
    return st.lists(st.recursive(plain, compound, max_leaves=6), min_size=2, max_size=4).map("\n".join)


PROGRAMS: Final = _programs(BRANCHES, _branch)
STRAIGHT: Final = _programs(CLOSES, _compound)
"""Without branches: what two tests of one flag have to do with each other is not followed."""


# --- what happens ---


class Connections:
    """Stands for the library: counts the closes and lets one of them raise."""

    def __init__(self, failing: int | None) -> None:
        self.failing = failing
        self.tried: list[object] = []
        errors = types.SimpleNamespace()
        errors.AMQPError = type("AMQPError", (Exception,), {})
        errors.ConnectionWrongStateError = type("ConnectionWrongStateError", (errors.AMQPError,), {})
        world = self

        class BlockingConnection:
            def close(self) -> None:
                world.tried.append(self)
                if len(world.tried) - 1 == world.failing:
                    raise errors.ConnectionWrongStateError

        self.module = types.SimpleNamespace(BlockingConnection=BlockingConnection, exceptions=errors)


def _run(program: str, failing: int | None, flags: Mapping[str, bool]) -> list[str]:
    """The fields whose connections were tried to be closed, in order."""
    world = Connections(failing)
    space: dict[str, Any] = {"pika": world.module, "contextlib": contextlib}
    exec(compile(program.replace("import pika\n", ""), "<generated>", "exec"), space)  # noqa: S102 - our own program
    worker = space["Worker"]()
    names = {id(getattr(worker, name)): name for name in FIELDS}
    with contextlib.suppress(world.module.exceptions.AMQPError):
        worker.stop(**flags)
    return [names[id(one)] for one in world.tried]


def _really_skipped(program: str) -> Iterator[tuple[str, str]]:
    """What raised, and what was then left out, over all ways and all errors."""
    for values in itertools.product((False, True), repeat=len(FLAGS)):
        flags = dict(zip(FLAGS, values, strict=True))
        whole = _run(program, None, flags)
        for failing, cause in enumerate(whole):
            for name in set(whole) - set(_run(program, failing, flags)):
                yield cause, name


# --- what is said ---


@pytest.fixture(scope="module")
def models() -> Models:
    return models_of(built_in_packs())


@pytest.fixture(scope="module")
def said(models: Models) -> Callable[[str], frozenset[str]]:
    """The fields that the analysis reports as left out."""

    def found(program: str) -> frozenset[str]:
        project = Project(tree_of({"worker.py": program}), models)
        (cls,) = project.classes_in("worker.py")
        stop = next(one for one in project.values.fields.methods(cls) if one.name == "stop")
        skips = Skipping(project, stop, cls).skips()
        return frozenset(place[1] for skip in skips for place, _ in skip.places if len(place) == 2)

    return found


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=PROGRAMS)
def test_every_skipped_release_is_reported(said: Callable[[str], frozenset[str]], body: str) -> None:
    program = HEAD + textwrap.indent(body, "        ")
    skipped = {name for cause, name in _really_skipped(program) if cause != name}
    assert skipped <= said(program), f"missed in\n{program}"


@pytest.mark.slow
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=STRAIGHT)
def test_every_report_comes_true(said: Callable[[str], frozenset[str]], body: str) -> None:
    program = HEAD + textwrap.indent(body, "        ")
    skipped = {name for _, name in _really_skipped(program)}
    assert said(program) <= skipped, f"false alarm in\n{program}"
