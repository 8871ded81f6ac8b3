"""Labels: what may be stored, what is counted, and the arithmetic of the figures."""

import json
from pathlib import Path

import pytest

import labels
from ecosystem import Fact
from labels import Label, Score
from pins import PinError

FACT = Fact("demo", "demo/a.py", 3, "ABS101", "f1")
TRUE = Label("demo", "demo/a.py", 3, "ABS101", "f1", "00ff", "true", ["demo/a.py:3"], "nothing implements it")


def store(path: Path, rows: list[Label]) -> Path:
    path.write_text("".join(f"{json.dumps(row._asdict())}\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("true", "judged", "low", "high"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_interval_is_the_published_one(true: int, judged: int, low: float, high: float) -> None:
    assert labels.wilson(true, judged) == pytest.approx((low, high), abs=5e-5)


def test_interval_mirrors_and_without_labels_says_nothing() -> None:
    low, high = labels.wilson(28, 29)
    assert (1 - high, 1 - low) == pytest.approx(labels.wilson(1, 29))
    assert labels.wilson(20, 20)[1] == 1.0
    assert labels.wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "true", "wrong", "weak"),
    [
        (19, 19, 0, False),
        (19, 18, 1, True),  # few hits: every one must be true
        (20, 19, 1, False),  # 95 %
        (40, 28, 2, True),  # 93 % of the sample
        (3, 0, 0, False),  # nothing is known
    ],
)
def test_weak_rules(hits: int, true: int, wrong: int, weak: bool) -> None:  # noqa: FBT001 - a table of cases
    assert Score("ABS101", hits, true, 0, wrong).too_weak is weak
    assert Score("ABS101", hits, true, wrong, 0).too_weak is weak


def test_only_present_findings_of_measured_rules_are_counted() -> None:
    unjudged = FACT._replace(fingerprint="f2")
    moved = FACT._replace(line=99)
    note = Fact("demo", "demo/a.py", 1, "WKL001", "f3")
    gone = TRUE._replace(fingerprint="f4", label="false")
    assert labels.score([moved, unjudged, note], [TRUE, gone]) == [Score("ABS101", 2, 1, 0, 0)]


def test_equal_fingerprints_in_two_packages_are_two_findings() -> None:
    other = FACT._replace(package="other")
    meant = TRUE._replace(package="other", label="meant")
    assert labels.score([FACT, other], [TRUE, meant]) == [Score("ABS101", 2, 1, 0, 1)]


def test_sample_is_the_same_in_any_order_and_whole_when_small() -> None:
    facts = [FACT._replace(line=line, fingerprint=f"f{line}") for line in range(100)]
    drawn = labels.draw(facts, "ABS101")
    assert len(set(drawn)) == labels.SAMPLE
    assert drawn == sorted(drawn) == labels.draw(facts[::-1], "ABS101")
    assert labels.draw(facts[:30], "ABS101") == facts[:30]
    assert labels.draw(facts, "ABS102") == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([TRUE._replace(label="maybe")], "'maybe' is no label"),
        ([TRUE._replace(path="z.py"), TRUE], "not sorted"),
        ([TRUE, TRUE._replace(why="twice")], "judged twice: demo demo/a.py ABS101 f1"),
    ],
)
def test_bad_labels_are_refused(tmp_path: Path, rows: list[Label], message: str) -> None:
    with pytest.raises(PinError, match=message):
        labels.load(store(tmp_path / "labels.jsonl", rows))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PinError, match=r"none\.jsonl is not a list of labels"):
        labels.load(tmp_path / "none.jsonl")


def test_stored_labels_can_be_read_and_say_why() -> None:
    rows = labels.load(labels.LABELS)
    assert rows
    assert all(row.why and row.lines and row.source for row in rows)


def test_two_people_agree_on_what_both_judged() -> None:
    other = [TRUE._replace(label="meant"), TRUE._replace(fingerprint="f2")]
    assert labels.agreement([TRUE, TRUE._replace(fingerprint="f2"), TRUE._replace(fingerprint="f3")], other) == (1, 2)
