"""What the agreement tests compare: the tracked files of the repository."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Paths of all tracked files that exist, and of new ones that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    return sorted(ROOT / name for name in listed if name and (ROOT / name).is_file())


@pytest.fixture(scope="session")
def search(tracked: list[Path]) -> Callable[[bytes], list[str]]:
    """Finds the tracked files that hold some bytes, as paths relative to the root."""

    def find(needle: bytes) -> list[str]:
        return [path.relative_to(ROOT).as_posix() for path in tracked if needle in path.read_bytes()]

    return find
