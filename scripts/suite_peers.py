"""
Run the other checkers over the cases of the suites, to know which lines all of them call clean.

    python scripts/suite_peers.py --bin .suites/venv/bin

The folder has to hold pylint, mypy, basedpyright, pyrefly and ty (all from PyPI). Cases of one file are laid out
side by side, so that each checker runs once for a suite; cases of several files are judged by their own suite alone.
Only what is said about abstract classes, protocols, final or override counts. The result, `peers.json`, is read by
`suites.py expect`.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ABOUT = re.compile(r"abstract|protocol|instantiat|final|overrid|not.?implemented|\babc\b", re.IGNORECASE)
PYLINT = (
    "abstract-class-instantiated",
    "abstract-method",
    "overridden-final-method",
    "subclassed-final-class",
    "notimplemented-raised",
    "invalid-overridden-method",
)
PYRIGHT = json.dumps({"typeCheckingMode": "standard", "reportImplicitAbstractClass": "warning"})
# Arguments that make each print one line for a finding, `path:line:...`, with the findings at classes switched on.
COMMANDS: Mapping[str, Sequence[str]] = {
    "pylint": ("--rcfile=/dev/null", "--output-format=parseable", "--disable=all", f"--enable={','.join(PYLINT)}"),
    "mypy": ("--config-file=", "--no-color-output", "--check-untyped-defs", "--cache-dir=/dev/null"),
    "basedpyright": ("--level", "warning"),
    "pyrefly": ("check", "--output-format=min-text", "--error=implicit-abstract-class"),
    "ty": ("check", "--output-format=concise", "--error=all"),
}  # fmt: skip


def laid_side_by_side(cases: Path, into: Path) -> dict[str, str]:
    """Copy the cases of one file; gives `case/file` by the name of the copy, without suffix."""
    names: dict[str, str] = {}
    for case in sorted(cases.iterdir()):
        files = [path for path in case.rglob("*.py*") if path.is_file()]
        if len(files) != 1:
            continue
        name = f"case_{len(names)}"
        shutil.copyfile(files[0], into / f"{name}{files[0].suffix}")
        names[name] = f"{case.name}/{files[0].relative_to(case).as_posix()}"
    return names


def said(tool: str, binaries: Path, folder: Path) -> Iterator[tuple[str, int]]:
    """Copy and line of each finding of one checker."""
    command = [str(binaries / tool), *COMMANDS[tool]]
    command += sorted(path.name for path in folder.glob("*.py*")) if tool in {"pylint", "mypy"} else []
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        match = re.search(r"\b(case_\d+)\.pyi?:(\d+)[:-](.*)", line)
        if match and ABOUT.search(match[3]):
            yield match[1], int(match[2])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `peers.json`: for each case, the places that some peer says something about."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(".suites"), help="as for suites.py (default %(default)s)")
    parser.add_argument("--bin", type=Path, required=True, help="folder that holds the checkers")
    options = parser.parse_args(arguments)
    cases = options.work / "cases"
    if not cases.is_dir():
        print(f"suite_peers: {cases} is missing: run `suites.py cut` first", file=sys.stderr)
        return 2
    places: defaultdict[str, set[str]] = defaultdict(set)
    for suite in sorted(path.name for path in cases.iterdir()):
        flat = options.work / "flat" / suite
        shutil.rmtree(flat, ignore_errors=True)
        flat.mkdir(parents=True)
        (flat / "pyrightconfig.json").write_text(PYRIGHT, encoding="utf-8")
        names = laid_side_by_side(cases / suite, flat)
        for tool in COMMANDS:
            findings = {finding for finding in said(tool, options.bin, flat) if finding[0] in names}
            print(f"{suite} {tool}: {len(findings)}", file=sys.stderr)
            for name, line in findings:
                case, _, path = names[name].partition("/")
                places[f"{suite}/{case}"].add(f"{path}:{line}")
    rows = {case: sorted(lines) for case, lines in sorted(places.items())}
    (options.work / "peers.json").write_text(json.dumps(rows, indent=0), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
