"""Measurements of a process, and the table made of them."""

import sys
from pathlib import Path

import pytest

from bench import NAVIGATION, Bench, with_page
from stopwatch import CommandFailed, Measurement, measure


def test_a_run_is_measured_and_its_output_kept(tmp_path: Path) -> None:
    result = measure([sys.executable, "-c", "print(sum(range(200_000)))"], tmp_path, tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "19999900000\n"
    assert result.wall > 0
    assert result.cpu > 0
    assert result.peak > 1_000_000


def test_failed_run_is_not_a_measurement(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 3: no good"):
        measure(
            [sys.executable, "-c", "import sys; sys.stderr.write('no good'); sys.exit(3)"], tmp_path, tmp_path / "o"
        )


def test_table_gives_times_by_the_yardstick(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tmp_path, 5)
    bench.rows = [("ruff, cold", Measurement(2.0, 4.0, 2**20)), ("worker-lint, warm", Measurement(0.5, 0.5, 2**21))]
    bench.notes = ["A note."]
    assert bench.table().splitlines()[2:] == [
        "| ruff, cold | 2.00 | 4.00 | 1 | 1.00 |",
        "| worker-lint, warm | 0.50 | 0.50 | 2 | 0.25 |",
        "",
        "A note.",
    ]


def test_the_page_is_listed_once() -> None:
    navigation = NAVIGATION.read_text(encoding="utf-8")
    listed = with_page(navigation)
    assert listed.count("speed.md") == 1
    assert with_page(listed) == listed
