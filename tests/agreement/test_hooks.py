"""The published hooks: what pre-commit reads, and what the prose says about them."""

from pathlib import Path

from pre_commit.clientlib import load_manifest


def test_manifest_offers_both_hooks(root: Path) -> None:
    hooks = {hook["id"]: hook for hook in load_manifest(root / ".pre-commit-hooks.yaml")}
    assert set(hooks) == {"worker-lint", "worker-lint-fix"}
    check, fix = hooks["worker-lint"], hooks["worker-lint-fix"]
    assert check["entry"] == "worker-lint check --changed"
    assert fix["entry"] == "worker-lint fix --changed"
    # A commit that only deletes files passes no names and must still be looked at.
    assert check["always_run"] is True
    assert fix["always_run"] is False
    for hook in hooks.values():
        assert hook["language"] == "python"
        assert hook["types_or"] == ["python", "pyi"]
        assert hook["require_serial"] is True
        assert hook["pass_filenames"] is True


def test_prose_names_hooks_that_exist(root: Path) -> None:
    known = {hook["id"] for hook in load_manifest(root / ".pre-commit-hooks.yaml")}
    for page in ("README.md", "docs/index.md"):
        lines = (root / page).read_text(encoding="utf-8").splitlines()
        named = {line.partition("- id:")[2].strip() for line in lines if "- id:" in line}
        assert named
        assert named <= known
