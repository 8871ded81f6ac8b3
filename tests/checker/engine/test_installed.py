"""Packs are found as `importlib.metadata` finds them."""

import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from worker_lint.engine.installed import GROUP, Installed, installed_packs


def distribution(folder: Path, name: str, text: str) -> None:
    place = folder / f"{name}-1.5.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.5\n\nName: no\n"
    )
    (place / "entry_points.txt").write_text(text)


def expected() -> set[Installed]:
    found = metadata.entry_points(group=GROUP)
    return {Installed(entry.dist.name, entry.dist.version, entry.value) for entry in found if entry.dist is not None}


def test_the_same_as_the_library_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(
        tmp_path / "one", "our_rules", f"[console_scripts]\nx = y:z\n\n[{GROUP}]\n# ours\nours = our_rules.all\n"
    )
    distribution(tmp_path / "two", "our_rules", f"[{GROUP}]\nhidden = by_the_first\n")
    distribution(tmp_path / "two", "others", "[console_scripts]\nx = y:z\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "no"), *sys.path])
    with monkeypatch.context() as patch:
        patch.setattr(metadata, "entry_points", None)
        found = installed_packs()
    assert Installed("our-rules", "1.5", "our_rules.all") in found
    assert set(found) == expected()


def test_what_lies_in_an_archive_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "our_rules", f"[{GROUP}]\nours = our_rules\n")
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (tmp_path / "our_rules-1.5.dist-info").iterdir():
            file.write(path, f"our_rules-1.5.dist-info/{path.name}")
    monkeypatch.setattr(sys, "path", [str(archive), *sys.path])
    assert Installed("our-rules", "1.5", "our_rules") in installed_packs()
