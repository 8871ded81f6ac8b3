"""
Score worker-lint on the peers' suites, with its defaults and with `evidence = "any"`.

    python scripts/suite_score.py [--suite mypy] [--verbose]

For each suite and mode: how many of the lines of each kind (see suites.py) carry a diagnostic of the ABS family, and
the false alarms: diagnostics on lines that all peers call clean and that do not fail. ABS101, ABS102, ABS109, ABS110
and ABS116 say what the peers judge too; what other ABS rules say is counted apart, for nobody else looks for it.
Exit code 1 when a recall is under --least or a false alarm is left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

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
DIRTY = ("flagged", "fails")

Truth = Mapping[str, Mapping[str, Sequence[int]]]


class Outcome(NamedTuple):
    """One case in one mode: lines wanted and met by kind, false alarms, what other rules said on clean lines."""

    wanted: Counter[str]
    met: Counter[str]
    alarms: list[str]
    others: list[str]
    missed: list[str]
    failure: str


def diagnostics(case: Path, mode: str, command: Sequence[str]) -> tuple[set[tuple[str, int, str]], str]:
    """Path, line and code of the ABS diagnostics of a case, and the checker's complaint if it broke."""
    (case / "worker-lint.toml").write_text(CONFIGURATIONS[mode], encoding="utf-8")
    done = subprocess.run(
        [*command, "check", "--format", "json", "."], cwd=case, capture_output=True, text=True, check=False
    )
    broken = f"exit code {done.returncode}: {done.stderr.strip()[-200:]}"
    try:
        rows = json.loads(done.stdout)["diagnostics"]
    except (json.JSONDecodeError, KeyError):
        return set(), broken
    complaint = "" if done.returncode in {0, 1} else broken
    return {(row["path"], row["line"], row["code"]) for row in rows if row["code"].startswith("ABS")}, complaint


def outcome(name: str, case: Path, mode: str, truth: Truth, command: Sequence[str]) -> Outcome:
    """Check one case and compare."""
    found, failure = diagnostics(case, mode, command)
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
    return Outcome(wanted, met, alarms, others, missed, f"{name}: {failure}" if failure else "")


def report(suite: str, mode: str, outcomes: Sequence[Outcome], least: float, *, verbose: bool) -> bool:
    """Print one suite in one mode; true when it is good enough."""
    wanted = sum((result.wanted for result in outcomes), Counter[str]())
    met = sum((result.met for result in outcomes), Counter[str]())
    alarms = [alarm for result in outcomes for alarm in result.alarms]
    others = Counter(other.split()[0] for result in outcomes for other in result.others)
    recall = ", ".join(f"{kind} {met[kind]}/{wanted[kind]}" for kind in RECALL[mode] if wanted[kind])
    extra = ", ".join(f"{code} {count}" for code, count in sorted(others.items()))
    print(f"{suite:13}{mode:8} {recall or 'nothing wanted'}; false alarms {len(alarms)}; other rules: {extra or 0}")
    failures = [result.failure for result in outcomes if result.failure]
    lists = {"broke": failures, "false alarm": alarms}
    if verbose:
        lists["missed"] = [line for result in outcomes for line in result.missed]
        lists["other"] = [line for result in outcomes for line in result.others]
    for label, lines in lists.items():
        for line in lines:
            print(f"    {label}: {line}")
    low = [kind for kind, count in wanted.items() if (mode, kind) in REQUIRED and met[kind] < least * count]
    return not (alarms or low or failures)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check every case twice and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path(".suites"), help="as for suites.py (default %(default)s)")
    parser.add_argument("--suite", action="append", choices=sorted(suites()), help="only this one; may be repeated")
    parser.add_argument("--match", default="", help="only cases with this in their name")
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
        cases = [case for case in sorted(folder.iterdir()) if options.match in case.name]
        for mode in options.mode or CONFIGURATIONS:

            def check(case: Path, mode: str = mode, suite: str = suite) -> Outcome:
                name = f"{suite}/{case.name}"
                return outcome(name, case, mode, truth.get(name, {}), command)

            with ThreadPoolExecutor(options.j) as pool:
                good &= report(suite, mode, list(pool.map(check, cases)), options.least, verbose=options.verbose)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
