"""Parts come back as they were written, and nothing else does."""

import os
from pathlib import Path

from worker_lint.engine.parts import KEPT, read_parts, write_parts

PARTS = (b"first", b"", b"\x00" * 9_000, b"last")


def test_parts_come_back(tmp_path: Path) -> None:
    write_parts(str(tmp_path), "state-1", PARTS)
    write_parts(str(tmp_path), "state-1", (*PARTS, b"more"))
    found = read_parts(str(tmp_path), "state-1")
    assert found is not None
    assert tuple(map(bytes, found)) == (*PARTS, b"more")
    assert os.listdir(tmp_path) == ["state-1"]  # noqa: PTH208 - names


def test_damage_is_seen(tmp_path: Path) -> None:
    write_parts(str(tmp_path), "state-1", PARTS)
    file = tmp_path / "state-1"
    whole = file.read_bytes()
    for damage in (b"", b"x", whole[:-1], whole[:25], whole + b"x", b"W" + whole[1:]):
        file.write_bytes(damage)
        assert read_parts(str(tmp_path), "state-1") is None
    assert read_parts(str(tmp_path), "state-2") is None


def test_the_latest_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        write_parts(str(tmp_path), f"state-{number}", PARTS)
        os.utime(tmp_path / f"state-{number}", (number, number))
    write_parts(str(tmp_path), "state-new", PARTS)
    (tmp_path / "cache.db").touch()
    names = sorted(path.name for path in tmp_path.glob("state-*"))
    assert len(names) == KEPT
    assert "state-new" in names


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    write_parts(str(tmp_path / "absent"), "state-1", PARTS)
    assert read_parts(str(tmp_path / "absent"), "state-1") is None
