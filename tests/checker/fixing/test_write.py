"""Writing in one step, only over what was read, only inside the project."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from worker_lint.fixing import ChangedError, WriteError, write_atomically
from worker_lint.source.content import content_id_of

OLD = content_id_of(b"old")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mail.py"
    path.write_bytes(b"old")
    return path


def test_new_content_with_the_old_mode_and_nothing_left_behind(file: Path) -> None:
    file.chmod(0o755)
    write_atomically(file, b"new", OLD)
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_changed_is_left_alone(file: Path) -> None:
    file.write_bytes(b"mine")
    with pytest.raises(ChangedError, match=r"mail\.py: the file changed since it was read.*; run the command again"):
        write_atomically(file, b"new", OLD)
    assert file.read_bytes() == b"mine"


def test_a_file_that_changes_while_it_is_written_is_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(_: int) -> None:
        file.write_bytes(b"mine")

    monkeypatch.setattr(os, "fsync", change)
    with pytest.raises(ChangedError):
        write_atomically(file, b"new", OLD)
    assert file.read_bytes() == b"mine"
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_gone_is_not_made_again(file: Path) -> None:
    file.unlink()
    with pytest.raises(ChangedError, match="gone"):
        write_atomically(file, b"new", OLD)
    assert not file.exists()


def test_a_link_inside_the_tree_is_written_through(file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to(file)
    write_atomically(link, b"new", OLD, root=file.parent)
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("with_root", [True, False])
def test_a_link_out_of_the_tree_is_refused(file: Path, tmp_path: Path, with_root: bool) -> None:  # noqa: FBT001
    root = tmp_path / "project"
    root.mkdir()
    (root / "link.py").symlink_to(file)
    with pytest.raises(WriteError, match="link to a file outside"):
        write_atomically(root / "link.py", b"new", OLD, root=root if with_root else None)
    assert file.read_bytes() == b"old"


def test_a_folder_that_links_out_of_the_tree_is_refused(file: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "outside").symlink_to(file.parent)
    with pytest.raises(WriteError, match="outside the project"):
        write_atomically(root / "outside" / "mail.py", b"new", OLD, root=root)


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "one.py").symlink_to(tmp_path / "two.py")
    (tmp_path / "two.py").symlink_to(tmp_path / "one.py")
    with pytest.raises(WriteError):
        write_atomically(tmp_path / "one.py", b"new", OLD, root=tmp_path)


def test_a_read_only_file_is_refused_even_for_the_superuser(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(WriteError, match="is read-only; make it writable"):
        write_atomically(file, b"new", OLD)
    assert file.read_bytes() == b"old"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="not a regular file"):
        write_atomically(tmp_path, b"new", OLD)


def test_a_full_disk_leaves_the_old_content(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"cannot be written \(No space left on device\); check"):
        write_atomically(file, b"new", OLD)
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]
