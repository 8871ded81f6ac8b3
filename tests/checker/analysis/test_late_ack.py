"""Whether a task's message is acknowledged before it begins or after it has ended, and what gives it back."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.late_ack import given_back, meaningless_options, task_acks

SOURCE = """
from celery import Celery, shared_task
from celery.exceptions import Reject
from shop import elsewhere

app = Celery("shop"){more}

@{decorator}
def charge(order):
    try:
        order.charge()
    except OSError:
        raise Reject("later", requeue=True)
    except ValueError:
        raise Reject("never")
    except KeyError as error:
        raise RuntimeError from error
"""


@pytest.mark.parametrize(
    ("decorator", "more", "is_late"),
    [
        ("app.task", "", False),
        ("app.task(bind=True)", "", False),
        ("app.task(acks_late=True)", "", True),
        ("shared_task(acks_late=False)", "", False),
        ("shared_task", "", None),
        ("elsewhere.task", "", None),
        ("app.task(**options)", "", None),
        ("app.task(acks_late=settings.LATE)", "", None),
        ("app.task(base=Late)", "", None),
        ("app.task", "\napp.conf.task_acks_late = True", None),
        ("app.task", "\napp.config_from_object('shop.settings')", None),
    ],
)
def test_when_it_is_acknowledged(
    project_of: Callable[[str], Project], decorator: str, more: str, is_late: object
) -> None:
    project = project_of(SOURCE.format(decorator=decorator, more=more))
    function = next(one for one in project.functions_in("worker.py") if one.name == "charge")
    assert {ack.is_late for ack in task_acks(project, function)} <= {is_late}
    if decorator.startswith(("app", "shared")):
        (ack,) = task_acks(project, function)
        assert [node.at[0] for node in given_back(ack, function.statements)] == [12 + more.count("\n")]


def test_options_for_late_acknowledgement_alone(project_of: Callable[[str], Project]) -> None:
    project = project_of(SOURCE.format(decorator="app.task(reject_on_worker_lost=True, max_retries=3)", more=""))
    function = next(one for one in project.functions_in("worker.py") if one.name == "charge")
    (ack,) = task_acks(project, function)
    assert [word.name for word in meaningless_options(ack)] == ["reject_on_worker_lost"]
