"""
control-flow-swallowed in small: a broad handler of a Celery task takes the exception by which
Celery retries, ignores or rejects it.
"""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.flow import (
    NEVER,
    Edge,
    Path,
    Raises,
    Step,
    Thrown,
    Unknown,
    Watch,
    always_raises,
    find_path,
    may_raise,
)
from worker_lint.source import ir

CONTROL = {
    "celery.exceptions.Retry": ("Exception",),
    "celery.exceptions.Ignore": ("Exception",),
    "celery.exceptions.Reject": ("Exception",),
    "celery.exceptions.SoftTimeLimitExceeded": ("Exception",),
}


def raises(world: Any, call: ir.Call) -> Raises:
    """`task.retry()` always raises; under a soft time limit every other call may be interrupted."""
    if isinstance(call.func, ir.Attribute) and call.func.name == "retry":
        told = {keyword.name: keyword.value for keyword in call.keywords}.get("throw")
        quiet = isinstance(told, ir.Constant) and told.value is False
        return NEVER if quiet else always_raises("celery.exceptions.Retry")
    if any(is_limited(function) for function in world.functions.values()):
        return may_raise("celery.exceptions.SoftTimeLimitExceeded")
    return NEVER


def is_limited(function: ir.FunctionDef) -> bool:
    decorators = [found for found in function.decorators if isinstance(found, ir.Call)]
    return any(keyword.name == "soft_time_limit" for found in decorators for keyword in found.keywords)


def is_task(world: Any, function: ir.FunctionDef) -> bool:
    for decorator in function.decorators:
        name = world.resolve(decorator.func if isinstance(decorator, ir.Call) else decorator) or ""
        if name == "celery.shared_task" or name.endswith(".task"):
            return True
    return False


class Swallowed(Watch[str]):
    """Paths on which a handler takes a control exception and none leaves the function afterwards."""

    def __init__(self) -> None:
        super().__init__(start="")

    def along(self, edge: Edge, state: str) -> str | None:
        first = edge.target.steps[0] if edge.target.steps else None
        control = sorted(one.name for one in edge.thrown if one.name in CONTROL)
        if first is not None and first.kind == "catch" and control and edge.kind in ("exception", "finally"):
            return control[0]
        return state

    def interrupted(self, step: Step, state: str) -> str | None:
        return self.step(step, state)


def swallowed(world: Any, key: str) -> str | None:
    """The control exception that is lost, if the task may return after it."""
    if not is_task(world, world.functions[key]):
        return None
    _, graph = world.inside(key)
    path = find_path(graph, Swallowed(), lambda block, state: block is graph.exit and state != "")
    assert not isinstance(path, Unknown)
    if path is None:
        return None
    return next(
        one.name
        for edge in path.edges
        for one in sorted(edge.thrown)
        if one.name in CONTROL and edge.target.steps and edge.target.steps[0].kind == "catch"
    )


HEAD = """
import logging
from celery import shared_task
from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded

def again(task, error):
    logging.warning("again")
    raise task.retry(exc=error)

"""
BAD = {
    "Retry": """
@shared_task(bind=True)
def program(self, url):
    try:
        if url is None:
            self.retry(countdown=3)
    except Exception:
        logging.exception("failed")
""",
    "Retry by a helper": """
@shared_task(bind=True)
def program(self, url):
    try:
        if not url:
            again(self, None)
    except Exception as error:
        logging.exception("failed")
""",
    "Ignore": """
@shared_task
def program(url):
    try:
        if not url:
            raise Ignore()
    except Retry:
        raise
    except Exception:
        return None
""",
    "Reject and a finally": """
@shared_task
def program(url):
    try:
        try:
            raise Reject("bad", requeue=False)
        finally:
            logging.info("done")
    except:
        pass
""",
    "SoftTimeLimitExceeded": """
@shared_task(soft_time_limit=10)
def program(url):
    try:
        logging.info(url)
    except Exception:
        pass
""",
}
GOOD = {
    "raised again first": """
@shared_task(bind=True)
def program(self, url):
    try:
        self.retry()
    except (Ignore, Reject, Retry, SoftTimeLimitExceeded):
        raise
    except Exception:
        logging.exception("failed")
""",
    "nothing in the try can raise it": """
@shared_task(bind=True)
def program(self, url):
    try:
        logging.info(url)
    except Exception as error:
        logging.exception("failed")
        raise self.retry(exc=error)
""",
    "throw=False": """
@shared_task(bind=True)
def program(self, url):
    try:
        self.retry(throw=False)
    except Exception:
        logging.exception("failed")
""",
    "the handler raises again": """
@shared_task(bind=True)
def program(self, url):
    try:
        self.retry()
    except Exception as error:
        logging.exception("failed")
        raise error
""",
    "a narrower class": """
@shared_task(bind=True)
def program(self, url):
    try:
        self.retry()
    except ValueError:
        pass
""",
    "no task": """
def program(self, url):
    try:
        self.retry()
    except Exception:
        pass
""",
}


@pytest.mark.parametrize("case", BAD)
def test_reported(world: Any, case: str) -> None:
    found = swallowed(world(HEAD + BAD[case], raises, bases=CONTROL), "program")
    assert found == f"celery.exceptions.{case.partition(' ')[0]}"


@pytest.mark.parametrize("case", GOOD)
def test_silent(world: Any, case: str) -> None:
    assert swallowed(world(HEAD + GOOD[case], raises, bases=CONTROL), "program") is None


def test_the_path_names_what_raises(world: Any) -> None:
    small = world(HEAD + BAD["Retry by a helper"], raises, bases=CONTROL)
    _, graph = small.inside("program")
    path = find_path(graph, Swallowed(), lambda block, state: block is graph.exit and state != "")
    assert isinstance(path, Path)
    (edge,) = path.raising
    assert edge.step is not None
    assert small.line(edge.step.node) == "again(self, None)"
    assert edge.thrown == {Thrown("celery.exceptions.Retry", exact=True)}
