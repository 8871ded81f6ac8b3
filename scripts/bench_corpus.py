"""
Lay out the tree that speed is measured on: about 20,000 files and 5 million lines of pinned packages.

python scripts/bench_corpus.py --into .corpus/bench
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pins import SOURCES, PinError, download, load, unpack

LIST = Path(__file__).resolve().parent.parent / "tests" / "corpus" / "bench.toml"


def count(tree: Path) -> tuple[int, int, int]:
    """Python files of a tree, their lines and their bytes."""
    files = lines = size = 0
    for path in tree.rglob("*.py"):
        data = path.read_bytes()
        files, lines, size = files + 1, lines + data.count(b"\n"), size + len(data)
    return files, lines, size


def main(arguments: Sequence[str] | None = None) -> int:
    """Download and unpack the packages of bench.toml, then say how large the tree is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=Path(".corpus/bench"), help="the tree (default %(default)s)")
    parser.add_argument("--wheels", type=Path, default=Path(".corpus/wheels"), help="wheels (default %(default)s)")
    options = parser.parse_args(arguments)
    try:
        pins = load(LIST, "package")
        download(pins, options.wheels)
    except PinError as error:
        print(f"bench_corpus: {error}", file=sys.stderr)
        return 2
    for pin in pins:
        # The tree as a whole is one project: a package in it must not be a root of its own.
        (unpack(pin, options.wheels, options.into, SOURCES) / "worker-lint.toml").unlink()
    (options.into / "worker-lint.toml").write_text("# Marks the root of the measured tree.\n", encoding="utf-8")
    print("{:,} files, {:,} lines, {:,} bytes".format(*count(options.into)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
