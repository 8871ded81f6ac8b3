"""The collector is left as it was found."""

from __future__ import annotations

import gc

import pytest

from worker_lint.engine.garbage import THRESHOLDS, rare_collection


def test_collections_are_rare_inside_and_as_before_outside() -> None:
    before = gc.get_threshold()

    with rare_collection():
        inside, frozen = gc.get_threshold(), gc.get_freeze_count()

    assert inside == THRESHOLDS
    assert frozen > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_failure_restores_too() -> None:
    before = gc.get_threshold()

    with pytest.raises(KeyError), rare_collection(), rare_collection():
        raise KeyError

    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
