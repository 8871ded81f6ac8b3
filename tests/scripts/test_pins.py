"""Pinned wheels: only the pinned one is used, and only its text is written out."""

import zipfile
from pathlib import Path

import pytest

import pins
from pins import Pin, PinError


@pytest.fixture
def wheel(tmp_path: Path) -> Pin:
    path = tmp_path / "wheels" / "demo_package-1.2-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo/__init__.py", "X = 1\n")
        archive.writestr("demo/native.so", b"\x7fELF")
        archive.writestr("demo_package-1.2.dist-info/entry_points.txt", "[demo]\n")
        archive.writestr("../outside.py", "")
    return Pin("demo-package", "1.2", path.name, pins.digest(path))


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_text_is_unpacked_into_a_project_root_of_its_own(wheel: Pin, tmp_path: Path) -> None:
    root = pins.unpack(wheel, tmp_path / "wheels", tmp_path / "packages")
    assert root == tmp_path / "packages" / "demo_package-1.2"
    assert files(tmp_path / "packages") == [
        "demo_package-1.2/demo/__init__.py",
        "demo_package-1.2/demo_package-1.2.dist-info/entry_points.txt",
        "demo_package-1.2/outside.py",
        "demo_package-1.2/worker-lint.toml",
    ]


def test_sources_alone_can_be_asked_for(wheel: Pin, tmp_path: Path) -> None:
    root = pins.unpack(wheel, tmp_path / "wheels", tmp_path, pins.SOURCES)
    assert files(root) == ["demo/__init__.py", "outside.py", "worker-lint.toml"]


def test_present_wheel_is_not_fetched_again(wheel: Pin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "pip_download", lambda *_: pytest.fail("asked pip"))
    pins.download([wheel], tmp_path / "wheels")


def test_changed_wheel_is_refused(wheel: Pin, tmp_path: Path) -> None:
    (tmp_path / "wheels" / wheel.file).write_bytes(b"something else")
    with pytest.raises(PinError, match=r"is not the pinned wheel: delete it"):
        pins.download([wheel], tmp_path / "wheels")


def test_pip_is_asked_once_for_each_python_and_with_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def note(what: list[str], python: str, into: Path) -> None:
        assert what[0] == "--require-hashes"
        asked.append((python, Path(what[2]).read_text(encoding="utf-8")))
        assert into == tmp_path

    monkeypatch.setattr(pins, "pip_download", note)
    new, old = Pin("a", "1", "a-1.whl", "aa"), Pin("b", "2", "b-2.whl", "bb", "3.12")
    pins.download([new, old, Pin("c", "3", "c-3.whl", "cc")], tmp_path)
    assert asked == [("3.14", "a==1 --hash=sha256:aa\nc==3 --hash=sha256:cc\n"), ("3.12", "b==2 --hash=sha256:bb\n")]


def test_a_pin_survives_being_written_and_read(tmp_path: Path) -> None:
    pin = Pin("b", "2", "b-2.whl", "bb", "3.12")
    path = tmp_path / "list.toml"
    path.write_text(pin.toml("package"), encoding="utf-8")
    assert pins.load(path, "package") == [pin]


@pytest.mark.parametrize(
    ("text", "complaint"), [("", "no \\[\\[package\\]\\]"), ('[[package]]\nname = "a"', "has no 'version'")]
)
def test_unusable_list_says_what_is_missing(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PinError, match=complaint):
        pins.load(path, "package")
