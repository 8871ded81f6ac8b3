"""
How often the rules are right: judged findings, and the page of figures made from them.

    python scripts/labels.py                          # write docs/precision.md from the stored findings and labels
    python scripts/labels.py check                    # which findings lack a label, which labels lost their finding
    python scripts/labels.py draw --code ABS103       # the findings of a rule that are to be judged

A finding is judged by someone who did not write the rule and sees only the message and the code: *true* (a maintainer
who is shown it would change the code, or must admit that the stated consequence can happen on a reachable path),
*false* (a fact in the message is wrong, or the path cannot happen) or *meant* (right, but on purpose or without
consequence). Only *true* counts as true. A label stays when its finding disappears, but is not counted any more.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt
from pathlib import Path
from typing import NamedTuple

import ecosystem
from ecosystem import Fact
from pins import PinError

ROOT = Path(__file__).resolve().parent.parent
LABELS = ecosystem.LISTS / "labels.jsonl"
OTHER_JUDGE = ecosystem.LISTS / "labels_of_another.jsonl"
HOLDOUTS = tuple(path for name in ecosystem.APART if (path := ecosystem.LISTS / f"{name}.jsonl").exists())
PAGE = ROOT / "docs" / "precision.md"
MEASURED = (ecosystem.STORED, *HOLDOUTS)
WORDS = ("true", "false", "meant")
SAMPLE = 30
SEED = 48
# A rule that is right less often is preview; one with fewer hits than FEW must be right every time.
ENOUGH = 0.95
FEW = 20
Z = 1.959964  # the 97.5 % point of the normal distribution: two-sided 95 %


class Label(NamedTuple):
    """
    One judged finding, without a word of the code that it is about.

    `source` is the beginning of the SHA-256 of the file, `lines` are the places (`path:line`) that decide.
    """

    package: str
    path: str
    line: int
    code: str
    fingerprint: str
    source: str
    label: str
    lines: list[str]
    why: str


class Score(NamedTuple):
    """What is known about one rule on one set of packages: all its hits, and how the judged ones turned out."""

    code: str
    hits: int
    true: int
    false: int
    meant: int

    @property
    def judged(self) -> int:
        """How many of the hits have a label."""
        return self.true + self.false + self.meant

    @property
    def too_weak(self) -> bool:
        """Whether the rule must be preview."""
        if self.hits < FEW:
            return self.true < self.judged
        return self.true < ENOUGH * self.judged


def wilson(true: int, judged: int) -> tuple[float, float]:
    """
    The 95 % interval of a share, from 0 to 1 (E. B. Wilson, Probable Inference, JASA 22, 1927).

    Unlike the normal approximation it stays inside 0 to 1 and says something for few or unanimous labels.
    """
    if not judged:
        return 0.0, 1.0
    share = true / judged
    centre = share + Z * Z / (2 * judged)
    spread = Z * sqrt(share * (1 - share) / judged + Z * Z / (4 * judged * judged))
    scale = 1 + Z * Z / judged
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def load(path: Path) -> list[Label]:
    """
    The stored labels.

    Raises:
        PinError: the file is missing, not sorted, names one finding twice, or has a label that does not exist.
    """
    try:
        labels = [Label(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, TypeError, json.JSONDecodeError) as error:
        raise PinError(f"{path} is not a list of labels: {error}") from error
    if wrong := [label for label in labels if label.label not in WORDS]:
        raise PinError(f"{path}: {wrong[0].label!r} is no label; write one of {', '.join(WORDS)}")
    if labels != sorted(labels):
        raise PinError(f"{path}: the lines are not sorted")
    if twice := [key for key, count in Counter(map(identity, labels)).items() if count > 1]:
        raise PinError(f"{path}: judged twice: {' '.join(twice[0])}")
    return labels


def identity(row: Label | Fact) -> tuple[str, str, str, str]:
    """What a label and its finding have in common; a line may move."""
    return row.package, row.path, row.code, row.fingerprint


def score(findings: Iterable[Fact], labels: Iterable[Label]) -> list[Score]:
    """One score per rule that has a hit, by code; the tool's own notes (WKL) are not measured."""
    judged = {identity(label): label.label for label in labels}
    hits: Counter[str] = Counter()
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in findings:
        if not fact.code.startswith("WKL"):
            hits[fact.code] += 1
            words[fact.code][judged.get(identity(fact), "")] += 1
    return [Score(code, hits[code], *(words[code][word] for word in WORDS)) for code in sorted(hits)]


def agreement(labels: Iterable[Label], others: Iterable[Label]) -> tuple[int, int]:
    """On how many of the findings that both judged two people said the same, and how many those are."""
    words = {identity(label): label.label for label in others}
    both = [label for label in labels if identity(label) in words]
    return sum(label.label == words[identity(label)] for label in both), len(both)


def draw(findings: Sequence[Fact], code: str, size: int = SAMPLE) -> list[Fact]:
    """The findings of a rule that are judged: all of them, or a sample that is the same for everybody."""
    rows = sorted(fact for fact in findings if fact.code == code)
    if len(rows) <= size:
        return rows
    return sorted(random.Random(SEED).sample(rows, size))  # noqa: S311 - repeatable, no secret


def page_command(options: argparse.Namespace) -> int:
    """Write the page."""
    from pages import load_rules  # loads the rules, which the other commands do not need
    from pages.precision import render_precision

    options.out.write_text(render_precision(load_rules()), encoding="utf-8")
    return 0


def check_command(_: argparse.Namespace) -> int:
    """Tell which findings have no label yet, and which labels have lost their finding; exit code 1 for the former."""
    labels = {identity(label): label for label in load(LABELS)}
    facts = [fact for path in MEASURED for fact in ecosystem.read(path)]
    for label in sorted(labels.keys() - set(map(identity, facts))):
        print(f"gone, was {labels[label].label}: {' '.join(label)}")
    codes = sorted({fact.code for fact in facts})
    wanted = [row for path in MEASURED for code in codes for row in draw(ecosystem.read(path), code)]
    missing = [fact for fact in wanted if identity(fact) not in labels and not fact.code.startswith("WKL")]
    for fact in missing:
        print(f"not judged: {fact.code} {fact.package} {fact.path}:{fact.line}")
    return int(bool(missing))


def draw_command(options: argparse.Namespace) -> int:
    """Print the findings of a rule that are to be judged."""
    for fact in draw(ecosystem.read(options.findings), options.code):
        print(f"{fact.package} {fact.path}:{fact.line} {fact.fingerprint}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(required=True)
    for function in (page_command, check_command, draw_command):
        sub = commands.add_parser(function.__name__.removesuffix("_command"), help=function.__doc__)
        sub.set_defaults(function=function)
        if function is page_command:
            sub.add_argument("--out", type=Path, default=PAGE, help="the page to write (default %(default)s)")
        if function is draw_command:
            sub.add_argument("--code", required=True, help="the rule")
            sub.add_argument("--findings", type=Path, default=ecosystem.STORED, help="snapshot to draw from")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; labels or findings that cannot be read end with exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given or ["page"])
    try:
        return int(options.function(options))
    except PinError as error:
        print(f"labels: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
