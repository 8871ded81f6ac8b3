"""Tiers that the configuration gives to exception classes."""

import textwrap
from collections.abc import Mapping

import pytest

from worker_lint.analysis import Models, Project
from worker_lint.testing import tree_of

FILES = {
    "orders/errors.py": """
        class Busy(Exception): ...
        class Full(Busy): ...
        class Box: ...
        """,
    "orders/__init__.py": "from orders.errors import Busy as Crowded\n",
}


def placed(models: Models, **stated: tuple[str, ...]) -> Project:
    files = {path: textwrap.dedent(source).lstrip("\n") for path, source in FILES.items()}
    return Project(tree_of(files), models, (), {key.replace("_", "-"): value for key, value in stated.items()})


@pytest.mark.parametrize("name", ["orders.errors.Busy", "orders.Crowded"])
def test_a_class_of_the_project_and_those_below_it(models: Models, name: str) -> None:
    tiers = placed(models, recoverable=(name,)).tiers
    assert tiers.placing.misplaced == []
    full = tiers.project.hierarchy.named("orders.errors.Full", {"orders.errors": "orders/errors.py"}.get)
    assert full is not None
    assert tiers.tier(str(tiers.name_of(full))) == "recoverable"


def test_the_settings_win_over_the_model(models: Models) -> None:
    tiers = placed(models, fatal=("pika.exceptions.StreamLostError", "builtins.MemoryError")).tiers
    assert tiers.tier("pika.exceptions.StreamLostError") == "fatal"
    assert tiers.tier("MemoryError") == "fatal"
    assert "pika.exceptions.StreamLostError" in tiers.below("pika.exceptions.AMQPConnectionError", "fatal")


def test_a_class_of_a_library_without_a_model_is_some_exception(models: Models) -> None:
    tiers = placed(models, control_flow=("elsewhere.Skip",)).tiers
    assert tiers.tier("elsewhere.Skip") == "control-flow"
    assert tiers.is_class("elsewhere.Skip", "Exception")
    assert tiers.is_open("elsewhere.Skip")


def test_expected_is_no_trouble(models: Models) -> None:
    assert placed(models, expected=("queue.Empty",)).tiers.tier("queue.Empty") == "message"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("orders.errors.Box", "is no exception class"),
        ("orders.errors.Bussy", "is no class of that module"),
        ("Timeout", "is no built-in exception"),
        ("builtins.int", "is no built-in exception"),
        ("redis.client.Redis", "is no exception class"),
    ],
)
def test_what_is_no_exception_is_told(models: Models, name: str, why: str) -> None:
    (wrong,) = placed(models, system=(name,)).tiers.placing.misplaced
    assert (wrong.tier, wrong.name, wrong.why) == ("system", name, why)


def test_who_says_nothing_gets_what_the_models_say(models: Models) -> None:
    tiers: Mapping[str, str] = placed(models).tiers.placing.of
    assert tiers == {}
