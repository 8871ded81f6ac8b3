"""Fragments become a changelog, and a wrong fragment is named with its remedy."""

from pathlib import Path

import pytest

import changelog


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_fragments_of_this_repository_are_valid() -> None:
    changelog.find_fragments(changelog.FRAGMENTS)


def test_readme_lists_exactly_the_known_kinds() -> None:
    lines = (changelog.FRAGMENTS / "README.md").read_text(encoding="utf-8").splitlines()
    listed = {line.split("`")[1] for line in lines if line.startswith("| `")}
    assert listed == set(changelog.TITLES)


def test_release_is_grouped_by_kind_in_a_fixed_order(tmp_path: Path) -> None:
    write(tmp_path, "b.fix.md", "Repairs keep\ncomments.\n")
    write(tmp_path, "a.breaking.md", "A key is gone.")
    write(tmp_path, "README.md", "not a fragment")
    section = changelog.render_release(changelog.find_fragments(tmp_path), "1.0.0")
    assert section == (
        "## 1.0.0\n\n### Breaking changes\n\n- A key is gone.\n\n"
        "### Fixes that the tool makes\n\n- Repairs keep\n  comments.\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("a.feature.md", "text", "with KIND one of breaking"),
        ("no-kind.md", "text", "must be WHAT.KIND.md"),
        ("a.fix.md", " \n", "is empty"),
    ],
)
def test_wrong_fragment_is_refused(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    write(tmp_path, name, text)
    with pytest.raises(changelog.FragmentError, match=complaint):
        changelog.find_fragments(tmp_path)


def test_newest_release_stands_on_top() -> None:
    old = f"# Changelog\n\n{changelog.ANCHOR}\n## 0.1.0\n\ntext\n"
    new = changelog.insert_release(old, "## 0.2.0\n\nmore\n")
    assert new.index("## 0.2.0") < new.index("## 0.1.0")
    assert new.endswith("## 0.1.0\n\ntext\n")


def test_release_writes_the_section_and_deletes_the_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fragments = tmp_path / "changes"
    fragments.mkdir()
    write(fragments, "a.rule.md", "A rule.")
    write(tmp_path, "CHANGELOG.md", f"# Changelog\n\n{changelog.ANCHOR}")
    monkeypatch.setattr(changelog, "FRAGMENTS", fragments)
    monkeypatch.setattr(changelog, "CHANGELOG", tmp_path / "CHANGELOG.md")
    assert changelog.main(["--release", "0.2.0", "--date", "2027-01-31"]) == 0
    assert "## 0.2.0 (2027-01-31)\n\n### New and changed rules\n\n- A rule." in (tmp_path / "CHANGELOG.md").read_text()
    assert list(fragments.iterdir()) == []


def test_changelog_without_its_anchor_is_named() -> None:
    with pytest.raises(changelog.FragmentError, match="put it above the newest release"):
        changelog.insert_release("# Changelog\n", "## 0.2.0\n")
