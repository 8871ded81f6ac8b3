"""Generated pages: written, compared, and removed when their source is gone."""

from pathlib import Path

import generate


def test_missing_differing_and_orphaned_pages_are_stale(tmp_path: Path) -> None:
    rules = tmp_path / "docs" / "rules"
    rules.mkdir(parents=True)
    (rules / "gone.md").write_text("old", encoding="utf-8")
    (rules / "same.md").write_text("same\n", encoding="utf-8")
    (tmp_path / "docs" / "cli.md").write_text("old", encoding="utf-8")
    pages = {"docs/rules/same.md": "same\n", "docs/rules/new.md": "new\n", "docs/cli.md": "cli\n"}
    assert generate.find_stale(tmp_path, pages) == ["docs/cli.md", "docs/rules/gone.md", "docs/rules/new.md"]


def test_writing_leaves_nothing_stale_and_touches_no_other_page(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "rules").mkdir(parents=True)
    (docs / "rules" / "gone.md").write_text("old", encoding="utf-8")
    (docs / "by-hand.md").write_text("prose", encoding="utf-8")
    pages = {"docs/rules/new.md": "new\n", "docs/cli.md": "cli\n"}
    generate.write_pages(tmp_path, pages)
    assert generate.find_stale(tmp_path, pages) == []
    assert generate.write_pages(tmp_path, pages) == []
    assert not (docs / "rules" / "gone.md").exists()
    assert (docs / "by-hand.md").read_text(encoding="utf-8") == "prose"


def test_line_ends_count(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_bytes(b"a\r\n")
    assert generate.find_stale(tmp_path, {"page.md": "a\n"}) == ["page.md"]
