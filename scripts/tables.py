"""
Brings docs/tables.md up to date: what `worker-lint workers` prints for one worker each of three packages.

    python scripts/tables.py            # fetch the packages of the frozen list, write the page
    python scripts/tables.py --check    # write nothing, exit 1 where the page is stale

The prose of the page is written by hand. Each block of output stands under a line that names package and worker, and
the version is the one that the frozen list pins.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pins import Pin, PinError, download, load, unpack

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / ".corpus"
PACKAGES = ROOT / "tests" / "corpus" / "packages.toml"
PAGE = ROOT / "docs" / "tables.md"
BLOCK = re.compile(
    r"<!-- (?P<package>[\w.-]+) (?P<version>[\w.]+) (?P<worker>[\w.]+) -->\n\n```text\n.*?```\n", re.DOTALL
)
COUNT = re.compile(r"\n*\d+ workers?\n*\Z")


def rendered(page: str, printed: Callable[[str, str], tuple[str, str]]) -> str:
    """The page with every block replaced by what `printed(package, worker)` gives: version and output."""

    def block(found: re.Match[str]) -> str:
        version, output = printed(found["package"], found["worker"])
        return f"<!-- {found['package']} {version} {found['worker']} -->\n\n```text\n{output}\n```\n"

    return BLOCK.sub(block, page)


def print_worker(package: str, worker: str) -> tuple[str, str]:
    """
    The pinned version of a package, and what the command prints for one of its workers.

    Raises:
        PinError: the package is not in the list, cannot be fetched, or has no such worker.
    """
    pin = next((pin for pin in load(PACKAGES, "package") if pin.name == package), None)
    if pin is None:
        raise PinError(f"{PACKAGES}: no package {package}")
    return pin.version, output_for(fetched(pin), worker)


def fetched(pin: Pin) -> Path:
    """The unpacked wheel."""
    if not (CORPUS / "packages" / pin.folder).is_dir():
        download([pin], CORPUS / "wheels")
    return unpack(pin, CORPUS / "wheels", CORPUS / "packages")


def output_for(folder: Path, worker: str) -> str:
    """What `worker-lint workers` prints for the worker, without the count below it."""
    command = [sys.executable, "-P", "-m", "worker_lint", "workers", "--color", "never", ".", worker]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    text = COUNT.sub("", done.stdout)
    if done.returncode or not text:
        raise PinError(f"{folder.name}: no worker {worker}: {done.stderr.strip()}")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives 1 where the page is stale and --check is given, 2 where a package cannot be had, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the page is stale")
    options = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf-8")
    try:
        fresh = rendered(page, print_worker)
    except PinError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if fresh == page:
        print("docs/tables.md is up to date")
        return 0
    if options.check:
        print("docs/tables.md is stale: run `make tables` and commit it", file=sys.stderr)
        return 1
    PAGE.write_text(fresh, encoding="utf-8")
    print("docs/tables.md was rewritten: read its prose again")
    return 0


if __name__ == "__main__":
    sys.exit(main())
