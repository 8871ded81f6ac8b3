"""Scores: what counts as met, as a false alarm, and as neither."""

import json
import sys
from pathlib import Path

import pytest

import suite_score


def outcome(
    case: Path, found: list[tuple[str, int]], truth: dict[str, list[int]], code: int = 1
) -> suite_score.Outcome:
    rows = [{"path": "main.py", "line": line, "code": rule} for rule, line in found]
    report = json.dumps({"diagnostics": rows})
    command = [sys.executable, "-c", f"import sys; print({report!r}); sys.exit({code})"]
    return suite_score.outcome("s/c", case, "any", {"main.py": truth}, command)


def test_recall_and_false_alarms(tmp_path: Path) -> None:
    truth = {"instantiated": [1, 2], "fails": [1, 2, 5], "left": [3], "flagged": [1, 2, 3, 8]}
    found = [("ABS101", 1), ("ABS102", 3), ("ABS101", 5), ("ABS101", 8), ("ABS101", 9), ("ABS103", 10), ("STP101", 11)]
    result = outcome(tmp_path, found, truth)
    assert result.wanted == {"instantiated": 2, "fails": 3, "left": 1}
    assert result.met == {"instantiated": 1, "fails": 2, "left": 1}
    assert result.alarms == ["ABS101 s/c/main.py:9"]
    assert result.others == ["ABS103 s/c/main.py:10"]
    assert set(result.missed) == {"fails s/c/main.py:2", "instantiated s/c/main.py:2"}


def test_mode_is_a_configuration_beside_the_case(tmp_path: Path) -> None:
    outcome(tmp_path, [], {})
    assert 'evidence = "any"' in (tmp_path / "worker-lint.toml").read_text(encoding="utf-8")


def test_broken_checker_is_not_taken_for_a_clean_case(tmp_path: Path) -> None:
    assert outcome(tmp_path, [], {}, code=2).failure.startswith("s/c: ")


def test_low_recall_is_not_good_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = outcome(tmp_path, [("ABS102", 3)], {"left": [3, 4], "flagged": [3, 4]})
    assert not suite_score.report("s", "any", [result], 0.95, verbose=False)
    assert suite_score.report("s", "any", [result], 0.5, verbose=False)
    assert "left 1/2; false alarms 0" in capsys.readouterr().out
