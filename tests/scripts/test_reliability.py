"""Kills lose nothing, stops do nothing twice: the counting script on a few faults, with real processes."""

import signal
from pathlib import Path

import pytest

import reliability


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_faults_lose_nothing(number: signal.Signals) -> None:
    figures = reliability.run_faults(number, 4, seed=11)
    assert figures.faults == 4
    assert figures.published > 50
    assert figures.lost == 0
    assert figures.bad_exits == []
    most = reliability.CONCURRENCY * (figures.faults + figures.idle) if number is signal.SIGKILL else 0
    assert figures.duplicated <= most


def test_a_line_that_a_kill_cut_short_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    record = reliability.Record(path)
    assert record.by_message() == {}
    path.write_text("\na 1\n\nb 1\n\nc", encoding="utf-8")
    assert record.by_process() == {1: 2}
    with path.open("a", encoding="utf-8") as file:
        file.write("\na 2\n")
    assert record.by_message() == {"a": 2, "b": 1}
