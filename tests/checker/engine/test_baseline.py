"""The baseline hides what it knows, says what is gone, and merges like source."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker_lint.diagnostic import Diagnostic, Span, with_fingerprints
from worker_lint.engine.baseline import (
    Baseline,
    BaselineError,
    Entry,
    apply_baseline,
    baseline_text,
    entry_of,
    gone_entries,
    load_baseline,
    write_entries,
)

FILE = ".worker-lint-baseline.json"


def found(path: str, line: int, code: str = "ABS101", text: str = "x()") -> Diagnostic:
    return Diagnostic(
        code, code.lower(), "error", "certain", path, Span(line, 1, line, 4), "m", "c", "h", "pkg.f", line_text=text
    )


def read(path: Path) -> list[dict[str, str]]:
    entries: list[dict[str, str]] = json.loads(path.read_text(encoding="ascii"))["entries"]
    return entries


def test_missing_file_is_an_empty_baseline(tmp_path: Path) -> None:
    assert load_baseline(tmp_path / FILE) == Baseline()


def test_what_was_written_hides_itself_and_nothing_else(tmp_path: Path) -> None:
    old = with_fingerprints([found("b.py", 3), found("a.py", 9, "STP102")])
    assert write_entries(tmp_path / FILE, map(entry_of, old)) == 2
    new = with_fingerprints([*old, found("a.py", 1, text="new()")])
    applied = apply_baseline(new, load_baseline(tmp_path / FILE))
    assert [(item.path, item.span.line) for item in applied.diagnostics] == [("a.py", 1)]
    assert applied.baselined == 2


def test_diagnostic_that_moved_stays_hidden(tmp_path: Path) -> None:
    write_entries(tmp_path / FILE, map(entry_of, with_fingerprints([found("a.py", 3)])))
    moved = with_fingerprints([found("a.py", 300, text="   x()")])
    assert apply_baseline(moved, load_baseline(tmp_path / FILE)).diagnostics == ()


def test_second_of_two_equal_defects_is_new(tmp_path: Path) -> None:
    write_entries(tmp_path / FILE, map(entry_of, with_fingerprints([found("a.py", 3)])))
    both = with_fingerprints([found("a.py", 3), found("a.py", 8)])
    applied = apply_baseline(both, load_baseline(tmp_path / FILE))
    assert [item.span.line for item in applied.diagnostics] == [8]


def test_file_is_sorted_with_one_entry_a_line(tmp_path: Path) -> None:
    mixed = with_fingerprints([found("b.py", 3), found("a.py", 9, "STP102"), found("a.py", 20)])
    write_entries(tmp_path / FILE, map(entry_of, reversed(mixed)))
    lines = (tmp_path / FILE).read_text(encoding="ascii").splitlines()
    assert lines[0] == '{"version": 1, "entries": ['
    assert [(item["path"], item["code"]) for item in map(json.loads, (line.rstrip(",") for line in lines[1:-1]))] == [
        ("a.py", "ABS101"),
        ("a.py", "STP102"),
        ("b.py", "ABS101"),
    ]
    assert lines[-1] == "]}"


def test_unchanged_baseline_is_not_touched(tmp_path: Path) -> None:
    items = with_fingerprints([found("a.py", 3)])
    write_entries(tmp_path / FILE, map(entry_of, items))
    before = (tmp_path / FILE).stat()
    write_entries(tmp_path / FILE, map(entry_of, items))
    after = (tmp_path / FILE).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [item.name for item in tmp_path.iterdir()] == [FILE]


def test_gone_entry_is_a_diagnostic_on_its_line(tmp_path: Path) -> None:
    kept, gone = with_fingerprints([found("a.py", 3), found("b.py", 5)])
    write_entries(tmp_path / FILE, map(entry_of, [kept, gone]))
    (diagnostic,) = gone_entries([kept], load_baseline(tmp_path / FILE), FILE)
    assert (diagnostic.code, diagnostic.name, diagnostic.severity) == ("WKL006", "baseline-entry-gone", "note")
    assert (diagnostic.path, diagnostic.span.line) == (FILE, 3)
    assert diagnostic.message == "ABS101 in pkg.f of b.py is no longer found"
    line = (tmp_path / FILE).read_text(encoding="ascii").splitlines()[diagnostic.span.line - 1]
    assert diagnostic.line_text == line


def test_run_over_some_files_says_nothing_of_the_others(tmp_path: Path) -> None:
    write_entries(tmp_path / FILE, map(entry_of, with_fingerprints([found("a.py", 3), found("b.py", 5)])))
    gone = gone_entries([], load_baseline(tmp_path / FILE), FILE, checked={"a.py"})
    assert [item.message for item in gone] == ["ABS101 in pkg.f of a.py is no longer found"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"version": 1, "entries": [\n<<<<<<< ours\n]}', 2),
        (b"\xff\xfe", 1),
        (b'{"version": 1}', 0),
        (b'{"version": 1, "entries": [{"path": "a.py"}]}', 0),
        (b"[" * 100_000, 0),
        (b'{"version": 2, "entries": []}', 0),
    ],
)
def test_damaged_or_later_file_is_a_message(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BaselineError) as caught:
        load_baseline(tmp_path / FILE)
    assert caught.value.line == line
    assert "`worker-lint baseline`" in caught.value.remedy


def test_folder_in_its_place_is_a_message(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(BaselineError, match="cannot be read"):
        load_baseline(tmp_path / FILE)
    with pytest.raises(BaselineError, match="cannot be written"):
        write_entries(tmp_path / FILE, map(entry_of, ()))


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_entries(tmp_path / FILE, map(entry_of, with_fingerprints([found("a.py", 3)])))
    before = (tmp_path / FILE).read_bytes()

    def full_disk(_: Path, __: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(BaselineError, match="No space left"):
        write_entries(tmp_path / FILE, map(entry_of, ()))
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [(FILE, before)]


def test_empty_baseline_can_be_read_back(tmp_path: Path) -> None:
    write_entries(tmp_path / FILE, map(entry_of, ()))
    assert load_baseline(tmp_path / FILE) == Baseline()


def test_text_that_is_not_utf8_survives(tmp_path: Path) -> None:
    odd = with_fingerprints([replace(found("b\udcff.py", 1), message="\ud800 名")])
    write_entries(tmp_path / FILE, map(entry_of, odd))
    assert apply_baseline(odd, load_baseline(tmp_path / FILE)).baselined == 1
    assert read(tmp_path / FILE)[0]["path"] == "b?.py"


entries = st.lists(st.builds(Entry, *[st.text(max_size=4)] * 5))


@given(entries)
def test_content_does_not_depend_on_order(items: list[Entry]) -> None:
    assert baseline_text(items) == baseline_text(list(reversed(items)))


@given(st.lists(st.builds(found, st.sampled_from("ab"), st.integers(1, 9), st.sampled_from(["X1", "X2"]))), st.data())
def test_every_diagnostic_is_either_reported_or_hidden(items: list[Diagnostic], data: st.DataObject) -> None:
    marked = with_fingerprints(items)
    accepted = data.draw(st.sets(st.sampled_from(marked))) if marked else set()
    known = Baseline(tuple(Entry(i.path, i.code, i.symbol, i.fingerprint, "") for i in accepted), (1,) * len(accepted))
    applied = apply_baseline(marked, known)
    assert set(applied.diagnostics) == set(marked) - accepted
    assert applied.baselined == len(accepted)
    assert len(gone_entries(applied.diagnostics, known, FILE)) == len(accepted)
    assert gone_entries(marked, known, FILE) == ()
