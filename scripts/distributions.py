"""
Builds both distributions into dist/, as a release does: source archive first, wheel from that archive.

The build backend must be installed (`make` sees to it): nothing is fetched.
"""

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {"worker-lint": ROOT, "worker-lint-runtime": ROOT / "runtime"}


class BuildError(Exception):
    """A distribution could not be built; the text is the backend's output."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A built distribution: its two archives."""

    sdist: Path
    wheel: Path

    def sdist_files(self) -> set[str]:
        """Paths inside the source archive, without its top folder."""
        with tarfile.open(self.sdist) as archive:
            return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}

    def wheel_files(self) -> set[str]:
        """Paths inside the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def read_metadata(self, name: str) -> str:
        """The text of a file in the wheel's metadata folder, such as `entry_points.txt`."""
        with zipfile.ZipFile(self.wheel) as archive:
            path = next(path for path in archive.namelist() if path.endswith(f".dist-info/{name}"))
            return archive.read(path).decode("utf-8")

    def metadata(self) -> Message:
        """The core metadata of the wheel."""
        return Parser().parsestr(self.read_metadata("METADATA"))


def build(name: str, target: Path) -> Distribution:
    """Builds one of SOURCES into the folder `target`; raises BuildError."""
    folder = target / name
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(SOURCES[name])]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(done.stdout + done.stderr)
    return Distribution(next(folder.glob("*.tar.gz")), next(folder.glob("*.whl")))


def main() -> int:
    """Builds both and prints what was built."""
    try:
        for name in SOURCES:
            built = build(name, ROOT / "dist")
            print(built.sdist.relative_to(ROOT), built.wheel.relative_to(ROOT), sep="\n")
    except FileExistsError as error:
        print(f"error: {error.filename} is there already; remove it first", file=sys.stderr)
        return 2
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
