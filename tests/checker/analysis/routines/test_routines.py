"""What steps of the project's functions raise, and what contexts swallow."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.flow import Summary
from worker_lint.analysis.routines import LINK_ERROR, RELEASE, USER_CODE

HEAD = """
import contextlib
import os
import pika
import threading
from kafka import KafkaConsumer

class BrokenError(Exception): ...

class Quiet:
    def __enter__(self):
        return self
    def __exit__(self, *exc):
        return True

@contextlib.contextmanager
def guarded():
    try:
        yield
    except BrokenError:
        pass

def fail():
    raise BrokenError()

class Worker:
    def __init__(self, callback, children):
        self._callback = callback
        self._children = children
        self._connection = pika.BlockingConnection()
        self._consumer = KafkaConsumer()
        self._thread = threading.Thread()
        self._own = [Worker(None, [])]

    def hook(self): ...

    def stop(self, given):
        {code}
"""
THROWN = {
    "a modelled call": ("self._connection.close()", {"pika.exceptions.ConnectionWrongStateError"}),
    "the end of a link without a statement": ("self._consumer.close()", {LINK_ERROR}),
    "misuse of a thread is no failure": ("self._thread.join()", set()),
    "a class of the project": ("fail()", {"worker.BrokenError"}),
    "a kill": ("os.kill(1, 2)", {"ProcessLookupError", "PermissionError", "OSError"}),
    "a callback in a field": ("self._callback()", {USER_CODE}),
    "a parameter that is called": ("given()", {USER_CODE}),
    "a child that somebody else made": ("for child in self._children: child.stop()", {USER_CODE}),
    "an unresolved call adds nothing": ("given.close()", set()),
    "a hook that does nothing": ("self.hook()", set()),
    "suppressed": ("with contextlib.suppress(Exception): fail()", set()),
    "an own context that swallows all": ("with Quiet(): fail()", set()),
    "an own context that swallows this": ("with guarded(): fail()", set()),
    "a lock swallows nothing": ("with threading.Lock(): fail()", {"worker.BrokenError"}),
    "an unknown context may swallow": ("with given: fail()", set()),
    "caught by its base": ("try: fail()\n        except Exception: pass", set()),
    "caught by another": ("try: fail()\n        except OSError: pass", {"worker.BrokenError"}),
    "user code is caught by whoever guards it": ("try: given()\n        except OSError: pass", set()),
}


@pytest.mark.parametrize("case", THROWN)
def test_what_leaves_a_method(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = THROWN[case]
    project = project_of(HEAD.format(code=code))
    function, cls = method_of(project, "Worker.stop")
    summary = project.routines.summary(function, cls)
    assert isinstance(summary, Summary)
    assert {thrown.name for thrown in summary.thrown} == expected


def test_releases_are_effects_under_the_parameter_s_name(project_of: Any, method_of: Any) -> None:
    project = project_of(
        """
import contextlib
import pika

class Worker:
    def __init__(me):
        me._connection = pika.BlockingConnection()
        me._other = pika.BlockingConnection()

    def stop(me):
        with contextlib.ExitStack() as stack:
            stack.callback(me._other.close)
            connection = me._connection
            connection.close()
"""
    )
    function, cls = method_of(project, "Worker.stop")
    summary = project.routines.summary(function, cls)
    assert isinstance(summary, Summary)
    assert {effect.place for effect in summary.may if effect.verb == RELEASE} == {
        ("me", "_connection"),
        ("me", "_other"),
    }


def test_a_method_is_another_routine_on_a_subclass(project_of: Any, method_of: Any) -> None:
    project = project_of(
        HEAD.format(code="self.hook()") + "\nclass Loud(Worker):\n    def hook(self):\n        fail()\n"
    )
    function, worker = method_of(project, "Worker.stop")
    _, loud = method_of(project, "Loud.hook")
    quiet, noisy = (project.routines.summary(function, cls) for cls in (worker, loud))
    assert isinstance(quiet, Summary)
    assert isinstance(noisy, Summary)
    assert quiet.thrown == frozenset()
    assert {thrown.name for thrown in noisy.thrown} == {"worker.BrokenError"}
