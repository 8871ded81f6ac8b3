"""Slips are told from habits."""

import pytest

from worker_lint.analysis.spelling import closest, edit_distance, is_slip


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("stop", "stop", 0), ("stop", "sotp", 1), ("stop", "stopp", 1), ("", "run", 3), ("close", "clsoed", 2)],
)
def test_edit_distance(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on_mesage", "on_message"),
        ("shutdwon", "shutdown"),
        ("onMessage", "on_message"),
        ("process_massage", "process_message"),
        ("handel", "handle"),
        ("__exti__", "__exit__"),
    ],
)
def test_slips(written: str, meant: str) -> None:
    assert is_slip(written, meant)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("_stop", "stop"),
        ("aread", "read"),
        ("get", "set"),
        ("items", "item"),
        ("version2", "version1"),
        ("pre_run_task", "pro_run_task"),
        ("send_jobs", "read_jobs"),
        ("__lt__", "__gt__"),
        ("stop", "stop"),
    ],
)
def test_habits_and_other_words(written: str, meant: str) -> None:
    assert not is_slip(written, meant)


def test_closest_refuses_to_choose() -> None:
    assert closest("handel", ["handle", "stop"]) == "handle"
    assert closest("parse_line", ["parse_lane", "parse_lime"]) is None
    assert closest("other", ["handle"]) is None
