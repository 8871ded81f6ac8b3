"""
Writes the generated pages, or with --check tells which of them are stale.

The pages come from their sources of truth: rules, click commands, settings. A page whose source is gone is removed.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Folders that hold nothing but generated files: what is not produced any more is deleted there.
OWNED = ("docs/rules",)


def find_stale(root: Path, pages: Mapping[str, str]) -> list[str]:
    """Paths, relative to `root`, that are missing, differ from `pages`, or are no page any more."""
    differing = [path for path, text in pages.items() if read(root / path) != text]
    present = {found.relative_to(root).as_posix() for folder in OWNED for found in (root / folder).glob("*")}
    return sorted([*differing, *(present - set(pages))])


def read(path: Path) -> str | None:
    """The text of a file, or nothing where there is no file."""
    return path.read_bytes().decode("utf-8") if path.is_file() else None


def write_pages(root: Path, pages: Mapping[str, str]) -> list[str]:
    """Brings the files in line with `pages`; gives the paths that changed."""
    stale = find_stale(root, pages)
    for name in stale:
        path = root / name
        if name in pages:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pages[name].encode("utf-8"))
        else:
            path.unlink()
    return stale


def main(arguments: Sequence[str] | None = None) -> int:
    """Gives 1 when --check finds a stale page, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is stale")
    options = parser.parse_args(arguments)
    from pages import render_all  # loads the whole linter, which --help does not need

    pages = render_all()
    if not options.check:
        changed = write_pages(ROOT, pages)
        print("\n".join(changed) or "all generated pages were up to date")
        return 0
    stale = find_stale(ROOT, pages)
    for name in stale:
        print(f"stale: {name}", file=sys.stderr)
    if stale:
        print("run `make docs` and commit the result", file=sys.stderr)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
