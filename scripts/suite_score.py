"""
Score worker-lint on the peers' suites, with its defaults and with `evidence = "any"`.

    python scripts/suite_score.py [--suite mypy] [--verbose]

For each suite and mode: how many of the lines of each kind (see suites.py) carry a diagnostic of the ABS family, and
the false alarms: diagnostics on lines that all peers call clean, that do not fail, and that hold no class of which a
call fails. ABS101, ABS102, ABS109, ABS110
and ABS116 say what the peers judge too; what other ABS rules say is counted apart, for nobody else looks for it.
Exit code 1 when a recall is under --least or a false alarm is left.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from suite_peers import laid_side_by_side
from suites import STORED, suites

CONFIGURATIONS: Mapping[str, str] = {
    "default": "# Marks the root of a case.\n",
    "any": '[rules.abstract-method-unimplemented]\nevidence = "any"\n',
}
RECALL: Mapping[str, Sequence[str]] = {
    "default": ("instantiated", "fails"),
    "any": ("instantiated", "fails", "left", "implicit", "soft"),
}
JUDGED = frozenset({"ABS101", "ABS102", "ABS109", "ABS110", "ABS116"})
REQUIRED = {("default", "instantiated"), ("any", "instantiated"), ("any", "left")}

OWN = [sys.executable, "-P", "-m", "worker_lint"]
DIRTY = ("flagged", "fails", "created")

# A case of several files without any of these is not worth a process of its own.
WORTH = re.compile(r"abstract|protocol|implemented|final|override|\bABC", re.IGNORECASE)

Truth = Mapping[str, Mapping[str, Sequence[int]]]
Found = set[tuple[str, int, str]]  # path, line and code


class Outcome(NamedTuple):
    """One case in one mode: lines wanted and met by kind, false alarms, what other rules said on clean lines."""

    wanted: Counter[str]
    met: Counter[str]
    alarms: list[str]
    others: list[str]
    missed: list[str]


def diagnostics(folder: Path, mode: str, command: Sequence[str]) -> tuple[Found, str]:
    """The ABS diagnostics of a folder, and the checker's complaint if it broke."""
    (folder / "worker-lint.toml").write_text(CONFIGURATIONS[mode], encoding="utf-8")
    done = subprocess.run(
        [*command, "check", "--format", "json", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    broken = f"exit code {done.returncode}: {done.stderr.strip()[-200:]}"
    try:
        rows = json.loads(done.stdout)["diagnostics"]
    except (json.JSONDecodeError, KeyError):
        return set(), broken
    complaint = "" if done.returncode in {0, 1} else broken
    return {(row["path"], row["line"], row["code"]) for row in rows if row["code"].startswith("ABS")}, complaint


def gathered(cases: Path, mode: str, command: Sequence[str], jobs: int) -> tuple[dict[str, Found], list[str]]:
    """
    What is found in each case of a suite, by name, and the failures.

    Cases of one file are checked side by side in one run, the others each in a run of its own.
    """
    found: dict[str, Found] = {case.name: set() for case in sorted(cases.iterdir())}
    with tempfile.TemporaryDirectory() as flat:
        names = laid_side_by_side(cases, Path(flat))
        rows, failure = diagnostics(Path(flat), mode, command)
        if failure:
            return found, [failure]
        for path, line, code in rows:
            case, _, own = names[Path(path).stem].partition("/")
            found[case].add((own, line, code))
    alone = [cases / name for name in sorted(found.keys() - {name.partition("/")[0] for name in names.values()})]
    worth = [case for case in alone if any(WORTH.search(path.read_text()) for path in case.rglob("*.py*"))]
    failures: list[str] = []
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda case: diagnostics(case, mode, command), worth)
        for case_folder, (rows, failure) in zip(worth, results, strict=True):
            found[case_folder.name] = rows
            failures += [f"{case_folder.name}: {failure}"] * bool(failure)
    return found, failures


def compared(name: str, found: Found, mode: str, truth: Truth) -> Outcome:
    """One case against the truth."""
    places = {(path, line) for path, line, _ in found}
    wanted, met, missed = Counter[str](), Counter[str](), list[str]()
    for path, kinds in truth.items():
        for kind in RECALL[mode]:
            for line in kinds.get(kind, ()):
                wanted[kind] += 1
                met[kind] += (path, line) in places
                if (path, line) not in places:
                    missed.append(f"{kind} {name}/{path}:{line}")
    dirty = {(path, line) for path, kinds in truth.items() for kind in DIRTY for line in kinds.get(kind, ())}
    clean = sorted((path, line, code) for path, line, code in found if (path, line) not in dirty)
    alarms = [f"{code} {name}/{path}:{line}" for path, line, code in clean if code in JUDGED]
    others = [f"{code} {name}/{path}:{line}" for path, line, code in clean if code not in JUDGED]
    return Outcome(wanted, met, alarms, others, missed)


def report(title: str, mode: str, outcomes: Sequence[Outcome], least: float, *, verbose: bool) -> bool:
    """Print one suite in one mode; true when it is good enough."""
    wanted = sum((result.wanted for result in outcomes), Counter[str]())
    met = sum((result.met for result in outcomes), Counter[str]())
    alarms = [alarm for result in outcomes for alarm in result.alarms]
    others = Counter(other.split()[0] for result in outcomes for other in result.others)
    recall = ", ".join(f"{kind} {met[kind]}/{wanted[kind]}" for kind in RECALL[mode] if wanted[kind])
    extra = ", ".join(f"{code} {count}" for code, count in sorted(others.items()))
    print(f"{title:22}{recall or 'nothing wanted'}; false alarms {len(alarms)}; other rules: {extra or 0}")
    lists = {"false alarm": alarms}
    if verbose:
        lists["missed"] = [line for result in outcomes for line in result.missed]
        lists["other"] = [line for result in outcomes for line in result.others]
    for label, lines in lists.items():
        for line in lines:
            print(f"    {label}: {line}")
    low = [kind for kind, count in wanted.items() if (mode, kind) in REQUIRED and met[kind] < least * count]
    return not (alarms or low)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check every case twice and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(".suites"), help="as for suites.py (default %(default)s)")
    parser.add_argument("--suite", action="append", choices=sorted(suites()), help="only this one; may be repeated")
    parser.add_argument("--mode", action="append", choices=sorted(CONFIGURATIONS), help="only this mode")
    parser.add_argument("--command", help="the checker (default: the one of this Python)")
    parser.add_argument("--least", type=float, default=0.95, help="recall that is enough (default %(default)s)")
    parser.add_argument("--verbose", action="store_true", help="list what was missed, too")
    parser.add_argument("-j", type=int, default=2, help="cases checked at once (default %(default)s)")
    options = parser.parse_args(arguments)
    truth = json.loads(STORED.read_text(encoding="utf-8"))
    good = True
    command = options.command.split() if options.command else OWN
    for suite in options.suite or suites():
        folder = options.work / "cases" / suite
        if not folder.is_dir():
            print(f"suite_score: {folder} is missing: run `suites.py fetch` and `suites.py cut` first", file=sys.stderr)
            return 2
        for mode in options.mode or CONFIGURATIONS:
            found, failures = gathered(folder, mode, command, options.j)
            names = {name: f"{suite}/{name}" for name in found}
            outcomes = [compared(names[name], found[name], mode, truth.get(names[name], {})) for name in found]
            good &= report(f"{suite}, {mode}", mode, outcomes, options.least, verbose=options.verbose)
            for failure in failures:
                print(f"suite_score: {failure}", file=sys.stderr)
            good &= not failures
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
