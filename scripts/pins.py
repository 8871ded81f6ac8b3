"""
Pinned wheels: the lists that name them, the download, the unpacking.

A list is a TOML file with tables of `{name, version, file, sha256}` and optionally `python`, the interpreter version
that the wheel is chosen for (default `PYTHON`; a package that wants a newer or an older one says so). Wheels are
downloaded by pip with their hashes required and unpacked as archives: nothing is installed, built or imported. Source
distributions are never fetched, because finding out their metadata would run their code.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = "3.14"
# Named one by one, so that the same wheel is chosen on every machine, whatever it runs.
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
# Sources, and the data in which a project registers classes or names its dependencies.
SOURCES = frozenset({".py", ".pyi"})
TEXTS = SOURCES | {".toml", ".cfg", ".ini", ".txt", ".yaml", ".yml"}


class PinError(Exception):
    """A list or a download that cannot be used; the text says which and what to do."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One wheel, identified by its SHA-256 in hexadecimal."""

    name: str
    version: str
    file: str
    sha256: str
    python: str = PYTHON

    @property
    def folder(self) -> str:
        """The name of the folder that the wheel is unpacked to."""
        return "-".join(self.file.split("-")[:2])

    def toml(self, table: str) -> str:
        """The pin as a table of the list, ready to be pasted there."""
        lines = [f"[[{table}]]", f'name = "{self.name}"', f'version = "{self.version}"', f'file = "{self.file}"']
        lines += [f'python = "{self.python}"'] * (self.python != PYTHON)
        return "\n".join([*lines, f'sha256 = "{self.sha256}"'])


def load(path: Path, table: str) -> list[Pin]:
    """
    The pins of one table of a list.

    Raises:
        PinError: the list has no such table, or an entry lacks a field.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get(table)
    if not entries:
        raise PinError(f"{path}: no [[{table}]] in this list")
    try:
        return [Pin(e["name"], e["version"], e["file"], e["sha256"], e.get("python", PYTHON)) for e in entries]
    except KeyError as error:
        raise PinError(f"{path}: an entry of [[{table}]] has no {error}") from error


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(pins: Iterable[Pin], wheels: Path) -> None:
    """
    Bring the wheels that are not in the folder yet; pip refuses any whose hash differs.

    Raises:
        PinError: pip failed, or a wheel in the folder is not the pinned one.
    """
    wheels.mkdir(parents=True, exist_ok=True)
    missing: defaultdict[str, list[Pin]] = defaultdict(list)
    for pin in pins:
        present = wheels / pin.file
        if not present.exists():
            missing[pin.python].append(pin)
        elif digest(present) != pin.sha256:
            raise PinError(f"{present} is not the pinned wheel: delete it and fetch again")
    for python, group in missing.items():
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
            wanted.writelines(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in group)
            wanted.flush()
            pip_download(["--require-hashes", "-r", wanted.name], python, wheels)


def pip_download(what: Sequence[str], python: str, into: Path) -> None:
    """
    Let pip choose wheels for that Python version and place them in the folder.

    Raises:
        PinError: with pip's last words.
    """
    chosen = ["--no-deps", "--only-binary=:all:", "--python-version", python, "--implementation", "cp"]
    platforms = [part for name in PLATFORMS for part in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *chosen, *platforms, "--dest", str(into), *what], stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise PinError(f"pip could not download for Python {python}:\n{done.stderr.strip()[-600:]}")


def unpack(pin: Pin, wheels: Path, into: Path, suffixes: frozenset[str] = TEXTS) -> Path:
    """
    Write a wheel's text files to a folder of its own and return that folder.

    The folder gets an empty configuration file, which makes it a project root: findings are then named by their path
    in the package, wherever the folder stands. A folder that is there already is left as it is.
    """
    root = into / pin.folder
    if (root / "worker-lint.toml").exists():
        return root
    with zipfile.ZipFile(wheels / pin.file) as wheel:
        for member in wheel.infolist():
            if Path(member.filename).suffix in suffixes:
                wheel.extract(member, root)
    (root / "worker-lint.toml").write_text("# Marks the root of an unpacked package.\n", encoding="utf-8")
    return root


def resolve(name: str, python: str, wheels: Path) -> Pin:
    """
    Pin the newest wheel of a package that is made for that Python version.

    Raises:
        PinError: there is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip_download([name], python, Path(folder))
        (wheel,) = Path(folder).iterdir()
        wheels.mkdir(parents=True, exist_ok=True)
        kept = wheels / wheel.name
        kept.write_bytes(wheel.read_bytes())
    return Pin(name, wheel.name.split("-")[1], wheel.name, digest(kept), python)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a pin for each package named, to be pasted into a list."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--python", default=PYTHON, help="choose wheels for this version (default %(default)s)")
    parser.add_argument("--table", default="package", help="name of the table (default %(default)s)")
    parser.add_argument("--wheels", type=Path, default=Path(".corpus/wheels"), help="keep the wheels here")
    options = parser.parse_args(arguments)
    try:
        for name in options.names:
            print(resolve(name, options.python, options.wheels).toml(options.table), end="\n\n")
    except PinError as error:
        print(f"pins: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
