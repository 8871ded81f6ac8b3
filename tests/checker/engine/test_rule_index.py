"""The index of rules says what the rules say, and an entry for another source is not believed."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import worker_lint_rules
from worker_lint.engine.packs import index_of, load_packs
from worker_lint.engine.rule_index import FILE_NAME, IndexedRule, digest_of_source, read_index
from worker_lint.rule import Rule

FOLDER = Path(worker_lint_rules.__file__).parent


def test_the_index_is_fresh() -> None:
    assert (FOLDER / FILE_NAME).read_text(encoding="utf-8") == index_of("worker_lint_rules"), "run `make docs`"


def test_indexed_rules_are_the_imported_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    indexed = load_packs(foreign=False).rules
    monkeypatch.setattr("worker_lint.engine.packs.read_index", lambda folder: {})
    imported = load_packs(foreign=False).rules
    assert {type(rule) for rule in indexed} == {IndexedRule}
    assert {type(rule) for rule in imported} == {Rule}
    for one, other in zip(indexed, imported, strict=True):
        assert one.is_root == other.is_root
        assert [getattr(one, item.name) for item in fields(Rule)] == [
            getattr(other, item.name) for item in fields(Rule)
        ]


def test_another_source_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = dict(read_index(str(FOLDER)))
    entries.pop("contracts.abstract_super_call")
    monkeypatch.setattr("worker_lint.engine.packs.read_index", lambda folder: entries)
    assert {rule.code for rule in load_packs(foreign=False).rules if type(rule) is Rule} == {"ABS112"}


def test_line_ends_do_not_count_but_everything_else_does(tmp_path: Path) -> None:
    digests = set()
    for text in (b"a\nb\n", b"a\r\nb\r\n", b"a\nc\n"):
        (tmp_path / "rule.py").write_bytes(text)
        digests.add(digest_of_source(str(tmp_path / "rule.py")))
    assert len(digests) == 2


@pytest.mark.parametrize("text", ["", "[]", '{"contracts.x": {"digest": "1"}}'])
def test_a_damaged_index_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert read_index(str(tmp_path)) == read_index(str(tmp_path / "nowhere")) == {}


def test_a_start_imports_no_rule() -> None:
    code = (
        "import sys; from worker_lint.engine.packs import load_packs; "
        "assert len(load_packs(foreign=False).rules) > 20; "
        "print(*(name for name in sys.modules if name.startswith('worker_lint_rules.')))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
