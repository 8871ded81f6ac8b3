"""
What the rules say about real packages: fetch the frozen list, run over it, compare two runs.

    python scripts/ecosystem.py                   # all three on the frozen list: fetch, run, diff with what is stored
    python scripts/ecosystem.py fetch --set ci
    python scripts/ecosystem.py run --set ci --out new.jsonl -- --select ABS101
    python scripts/ecosystem.py diff tests/corpus/findings.jsonl new.jsonl

A snapshot holds facts only (package, path, line, code, fingerprint), one JSON object a line, sorted. The hold-out set
is measured once, at the end: whoever writes rules does not look into it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pins import Pin, PinError, download, load, unpack

LISTS = Path(__file__).resolve().parent.parent / "tests" / "corpus"
PACKAGES = LISTS / "packages.toml"
STORED = LISTS / "findings.jsonl"
POOL = LISTS / "pool.txt"
OWN = (sys.executable, "-P", "-m", "worker_lint")
SEED = 48
HOLDOUT = 15
APART = ("holdout", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
REPAIRED = "workers"  # read to repair the rules of STP, ERR and MSG, of which random packages hold too little
SETS = ("frozen", *APART, REPAIRED, "ci")


class Fact(NamedTuple):
    """One diagnostic, without a word of the code that it is about."""

    package: str
    path: str
    line: int
    code: str
    fingerprint: str


def chosen(name: str, only: Sequence[str] = ()) -> list[Pin]:
    """
    The pins of a set, narrowed to the packages named, if any.

    Raises:
        PinError: a name is not in that set.
    """
    pins = load(PACKAGES, "package" if name in ("frozen", "ci") else name)
    if name == "ci":
        small = tomllib.loads(PACKAGES.read_text(encoding="utf-8"))["ci"]
        pins = [pin for pin in pins if pin.name in small]
    if unknown := set(only) - {pin.name for pin in pins}:
        raise PinError(f"not in the set {name}: {', '.join(sorted(unknown))}")
    return [pin for pin in pins if not only or pin.name in only]


def draw() -> list[str]:
    """The names of the pool in the order drawn; the hold-out is the first `HOLDOUT` that have a wheel."""
    lines = POOL.read_text(encoding="utf-8").splitlines()
    names = sorted(name for line in lines if not line.startswith("#") for name in line.split())
    return random.Random(SEED).sample(names, len(names))  # noqa: S311 - repeatable, no secret


def findings(pin: Pin, root: Path, command: Sequence[str]) -> tuple[list[Fact], list[str]]:
    """
    The diagnostics of one package, and what went wrong inside the checker there.

    Raises:
        PinError: the checker cannot be started.
    """
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PinError(f"cannot run {command[0]}: {error}") from error
    if done.returncode not in (0, 1):
        notes = [f"{pin.name}: exit code {done.returncode}: {done.stderr.strip()[-300:]}"]
    else:
        notes = []
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        return [], notes or [f"{pin.name}: no JSON on standard output"]
    rows = report["diagnostics"]
    return [Fact(pin.name, d["path"], d["line"], d["code"], d["fingerprint"]) for d in rows], notes


def write(facts: Iterable[Fact], path: Path) -> None:
    """Store a snapshot."""
    lines = (json.dumps(fact._asdict(), ensure_ascii=False) for fact in sorted(facts))
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read(path: Path) -> list[Fact]:
    """
    Load a snapshot.

    Raises:
        PinError: the file is missing or is not a snapshot.
    """
    try:
        return [Fact(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError as error:
        raise PinError(f"{path} is missing: make it with `{Path(__file__).name} run --out {path}`") from error
    except (OSError, TypeError, json.JSONDecodeError) as error:
        raise PinError(f"{path} is not a snapshot: {error}") from error


def differences(old: Iterable[Fact], new: Iterable[Fact]) -> Iterator[str]:
    """The change from one snapshot to another, rule by rule; a finding that only moved to another line is no change."""

    def keyed(facts: Iterable[Fact]) -> dict[tuple[str, str, str, str, int], Fact]:
        seen: Counter[tuple[str, str, str, str]] = Counter()
        rows: dict[tuple[str, str, str, str, int], Fact] = {}
        for fact in sorted(facts):
            key = (fact.code, fact.package, fact.path, fact.fingerprint)
            rows[*key, seen[key]] = fact
            seen[key] += 1
        return rows

    before, after = keyed(old), keyed(new)
    for code in sorted({key[0] for key in before.keys() ^ after.keys()}):
        gone = [before[key] for key in sorted(before.keys() - after.keys()) if key[0] == code]
        come = [after[key] for key in sorted(after.keys() - before.keys()) if key[0] == code]
        total = sum(key[0] == code for key in before)
        yield f"{code}: {total} before, {len(come)} new, {len(gone)} gone"
        yield from (f"  - {fact.package} {fact.path}:{fact.line}" for fact in gone)
        yield from (f"  + {fact.package} {fact.path}:{fact.line}" for fact in come)


def fetch_command(options: argparse.Namespace) -> int:
    """Download and unpack a set."""
    pins = chosen(options.set, options.package)
    download(pins, options.corpus / "wheels")
    for pin in pins:
        print(unpack(pin, options.corpus / "wheels", options.corpus / folder(options.set)))
    return 0


def folder(name: str) -> str:
    """Where in the corpus a set is unpacked; the hold-outs stay apart from what rule authors read."""
    return "packages" if name in ("frozen", "ci") else name


def run_command(options: argparse.Namespace) -> int:
    """Check every package of a set and store the snapshot; exit code 2 when the checker failed somewhere."""
    facts: list[Fact] = []
    notes: list[str] = []
    for pin in chosen(options.set, options.package):
        root = options.corpus / folder(options.set) / pin.folder
        if not root.is_dir():
            raise PinError(f"{pin.folder} is not unpacked: run `{Path(__file__).name} fetch --set {options.set}`")
        command = [*OWN, "check", "--format", "json", *options.options, "."]
        found, wrong = findings(pin, root, command)
        print(f"{pin.folder}: {len(found)} diagnostics", file=sys.stderr)
        facts += found
        notes += wrong
    write(facts, options.out)
    for code, count in sorted(Counter(fact.code for fact in facts).items()):
        print(f"{code} {count}")
    for note in notes:
        print(f"ecosystem: {note}", file=sys.stderr)
    return 2 if notes else 0


def diff_command(options: argparse.Namespace) -> int:
    """Print what changed between two snapshots, by rule; exit code 1 when anything did."""
    names = {pin.name for pin in chosen(options.set, options.package)}
    old, new = ([fact for fact in read(path) if fact.package in names] for path in (options.old, options.new))
    lines = list(differences(old, new))
    print("\n".join(lines) or "no difference")
    return 1 if lines else 0


def compare_command(options: argparse.Namespace) -> int:
    """Fetch, run and compare with the stored snapshot; exit code as of `diff`, 2 when the checker failed somewhere."""
    fetch_command(options)
    options.old, options.new = STORED, options.out
    return run_command(options) or diff_command(options)


def draw_command(options: argparse.Namespace) -> int:
    """Print the pool in the order drawn."""
    del options
    print("\n".join(draw()))
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(required=True)
    for function in (compare_command, fetch_command, run_command, diff_command, draw_command):
        sub = commands.add_parser(function.__name__.removesuffix("_command"), help=function.__doc__)
        sub.set_defaults(function=function)
        sub.add_argument("--set", choices=SETS, default="frozen", help="which packages (default %(default)s)")
        sub.add_argument("--package", action="append", default=[], help="only this one; may be repeated")
        sub.add_argument(
            "--corpus", type=Path, default=Path(".corpus"), help="wheels and sources (default %(default)s)"
        )
        if function in {run_command, compare_command}:
            new = Path(".corpus/findings.jsonl")
            sub.add_argument("--out", type=Path, default=new, help="the snapshot to write (default %(default)s)")
            sub.add_argument("options", nargs="*", help="after `--`: options for the checker")
        if function is diff_command:
            sub.add_argument("old", type=Path)
            sub.add_argument("new", type=Path)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; a list, download or snapshot that cannot be used ends with exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given or ["compare"])
    try:
        return int(options.function(options))
    except PinError as error:
        print(f"ecosystem: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
