"""What the ledger's lines make of a run."""

from pathlib import Path

import pytest

from faults.ledger import Figures, Record


def test_a_line_that_a_kill_cut_short_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    record = Record(path)
    assert record.by_message() == {}
    path.write_text("\na 1\n\nb 1\n\nc", encoding="utf-8")
    assert record.by_process() == {1: 2}
    assert record.of(1) == {"a", "b"}
    with path.open("a", encoding="utf-8") as file:
        file.write("\na 2\n")
    assert record.by_message() == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    ("figures", "failed"),
    [
        (Figures("good", duplicated=4, most=4), False),
        (Figures("lost", lost=1), True),
        (Figures("twice", duplicated=5, most=4), True),
        (Figures("exit", bad_exits=[80]), True),
    ],
)
def test_a_broken_promise_fails_the_run(figures: Figures, *, failed: bool) -> None:
    assert figures.failed is failed


def test_a_row_holds_the_figures() -> None:
    figures = Figures("kill", faults=2, published=9, duplicated=1, most=8, recoveries=[3.0, 1.0, 2.0], note="seen")
    assert figures.render() == "| kill | 2 | 9 | 0 | 1 of 8 | 0 | 2.00 / 3.00 s | seen |"
