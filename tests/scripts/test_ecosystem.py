"""Snapshots of findings: what is stored, and what counts as a change."""

import json
import sys
from pathlib import Path

import pytest

import ecosystem
from ecosystem import Fact
from pins import Pin, PinError

PIN = Pin("demo", "1", "demo-1-py3-none-any.whl", "00")
A = Fact("demo", "demo/a.py", 3, "ABS101", "f1")
B = Fact("demo", "demo/b.py", 7, "ABS103", "f2")


def checker(stdout: str, code: int) -> list[str]:
    return [
        sys.executable,
        "-c",
        f"import sys; sys.stdout.write({stdout!r}); sys.stderr.write('why'); sys.exit({code})",
    ]


def test_snapshot_holds_facts_only(tmp_path: Path) -> None:
    row = {"path": "demo/a.py", "line": 3, "code": "ABS101", "fingerprint": "f1", "message": "`Secret` is abstract"}
    report = json.dumps({"diagnostics": [row]})
    facts, notes = ecosystem.findings(PIN, tmp_path, checker(report, 1))
    assert (facts, notes) == ([A], [])
    ecosystem.write([B, *facts], tmp_path / "out.jsonl")
    assert "Secret" not in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert ecosystem.read(tmp_path / "out.jsonl") == [A, B]


def test_failing_checker_is_named_and_its_findings_are_kept(tmp_path: Path) -> None:
    report = json.dumps({"diagnostics": [A._asdict()]})
    assert ecosystem.findings(PIN, tmp_path, checker(report, 2)) == ([A], ["demo: exit code 2: why"])
    assert ecosystem.findings(PIN, tmp_path, checker("", 0)) == ([], ["demo: no JSON on standard output"])


def test_moved_line_is_no_difference() -> None:
    assert list(ecosystem.differences([A, B], [A._replace(line=30), B])) == []


def test_differences_are_told_by_rule() -> None:
    twin = A._replace(line=40)
    assert list(ecosystem.differences([A, B], [A, twin])) == [
        "ABS101: 1 before, 1 new, 0 gone",
        "  + demo demo/a.py:40",
        "ABS103: 1 before, 0 new, 1 gone",
        "  - demo demo/b.py:7",
    ]


def test_broken_snapshot_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text('{"line": 1}\n', encoding="utf-8")
    with pytest.raises(PinError, match=r"s\.jsonl is not a snapshot"):
        ecosystem.read(tmp_path / "s.jsonl")


def test_unknown_package_ends_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert ecosystem.main(["fetch", "--set", "ci", "--package", "nonesuch"]) == 2
    assert capsys.readouterr().err == "ecosystem: not in the set ci: nonesuch\n"


def test_package_that_is_not_unpacked_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ecosystem.main(["run", "--set", "ci", "--corpus", str(tmp_path), "--out", str(tmp_path / "o")]) == 2
    assert "run `ecosystem.py fetch --set ci`" in capsys.readouterr().err
