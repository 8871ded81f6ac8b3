"""Scores: what counts as met, as a false alarm, and as neither."""

import sys
from pathlib import Path

import pytest

import suite_score


def checker(rows: str, code: int = 1) -> list[str]:
    """A stand-in that answers with the given rows, an expression that may use `files`, the names in its folder."""
    program = (
        "import json, pathlib, sys\n"
        "files = sorted(path.name for path in pathlib.Path().rglob('*.py'))\n"
        f"print(json.dumps({{'diagnostics': {rows}}}))\nsys.exit({code})"
    )
    return [sys.executable, "-c", program]


def test_recall_and_false_alarms() -> None:
    truth = {"instantiated": [1, 2], "fails": [1, 2, 5], "left": [3], "flagged": [1, 2, 3, 8]}
    found = {("m.py", line, "ABS101") for line in (1, 5, 8, 9)} | {("m.py", 3, "ABS102"), ("m.py", 10, "ABS103")}
    result = suite_score.compared("s/c", found, "any", {"m.py": truth})
    assert result.wanted == {"instantiated": 2, "fails": 3, "left": 1}
    assert result.met == {"instantiated": 1, "fails": 2, "left": 1}
    assert result.alarms == ["ABS101 s/c/m.py:9"]
    assert result.others == ["ABS103 s/c/m.py:10"]
    assert set(result.missed) == {"fails s/c/m.py:2", "instantiated s/c/m.py:2"}


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    for name, files in {
        "one": ["main.py"],
        "two": ["a.py", "b.py"],
        "dull": ["c.py", "d.py"],
        "other": ["x.pyi"],
    }.items():
        for file in files:
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_text("x: Protocol" * (name != "dull"), encoding="utf-8")
    return tmp_path


def test_findings_are_given_back_to_their_cases(cases: Path) -> None:
    rows = "[{'path': file, 'line': 1, 'code': code} for file in files for code in ('ABS101', 'STP101')]"
    found, failures = suite_score.gathered(cases, "any", checker(rows), 2)
    assert failures == []
    assert found == {
        "one": {("main.py", 1, "ABS101")},
        "two": {("a.py", 1, "ABS101"), ("b.py", 1, "ABS101")},
        "dull": set(),
        "other": set(),
    }
    assert 'evidence = "any"' in (cases / "two" / "worker-lint.toml").read_text(encoding="utf-8")


def test_broken_checker_is_not_taken_for_clean_cases(cases: Path) -> None:
    failures = suite_score.gathered(cases, "default", checker("[]", code=2), 2)[1]
    assert failures == ["exit code 2: "]


def test_low_recall_is_not_good_enough(capsys: pytest.CaptureFixture[str]) -> None:
    truth = {"m.py": {"left": [3, 4], "flagged": [3, 4]}}
    result = suite_score.compared("s/c", {("m.py", 3, "ABS102")}, "any", truth)
    assert not suite_score.report("s", "any", [result], 0.95, verbose=False)
    assert suite_score.report("s", "any", [result], 0.5, verbose=False)
    assert "left 1/2; false alarms 0" in capsys.readouterr().out
