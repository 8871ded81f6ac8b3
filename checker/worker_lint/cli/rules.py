"""`worker-lint rules`: all rules in a table, or as records."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from worker_lint.cli.speaking import ColourChoice, exiting, loaded_packs, refuse, say
from worker_lint.diagnostic.address import rule_url
from worker_lint.engine.packs import Packs
from worker_lint.report.cells import Line
from worker_lint.rule import Rule

STYLES = ("rule", "", "", "quiet", "quiet", "")
HEADINGS = ("code", "name", "severity", "stage", "fix", "reports")


@click.command("rules")
@click.argument("selectors", nargs=-1, metavar="[RULES]...")
@click.option("--format", "-f", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--packs/--no-packs", default=True, help="Load rule packs of other distributions.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(selectors: tuple[str, ...], form: str, packs: bool, color: ColourChoice) -> None:  # noqa: FBT001
    """
    List the rules, or those that RULES select: codes, names, or starts of codes such as ABS.

    Stage: on by default; certain, on for what is certain while what is likely comes with --preview; opt-in, off
    until selected; preview, off until named in full or --preview. Fix: whether `worker-lint fix` has a repair.
    """
    with exiting():
        loaded = loaded_packs(foreign=packs)
        chosen = _chosen(loaded.rules, selectors)
    if form == "json":
        from worker_lint.report.serial import dump_json

        sys.stdout.write(dump_json({"version": 1, "rules": [_record(rule, loaded) for rule in chosen]}) + "\n")
    else:
        say(_table(chosen), color)
    raise SystemExit(2 if loaded.problems else 0)


def _chosen(rules: Sequence[Rule], selectors: Sequence[str]) -> list[Rule]:
    from worker_lint.config import KnownRules, nearest

    known = KnownRules(rules)
    for selector in selectors:
        if not known.is_selector(selector):
            refuse(f"no rule is selected by {selector!r}", nearest(selector, known.selectors) or "leave it out")
    if not selectors or "ALL" in selectors:
        return list(rules)
    return [rule for rule in rules if any(item == rule.name or rule.code.startswith(item) for item in selectors)]


def has_fix(rule: Rule) -> bool:
    """Whether an example of the rule shows a repair; each repair has one."""
    return any(example.repaired is not None for example in rule.examples)


def _table(rules: Sequence[Rule]) -> Iterator[Line]:
    rows = [HEADINGS, *map(_row, rules)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
    for number, row in enumerate(rows):
        cells = [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]
        styles = STYLES if number else ("label",) * len(HEADINGS)
        yield tuple((cell if column == 0 else f"  {cell}", styles[column]) for column, cell in enumerate(cells))


def _row(rule: Rule) -> tuple[str, ...]:
    return (rule.code, rule.name, rule.severity, rule.stage, "yes" if has_fix(rule) else "no", rule.summary)


def _record(rule: Rule, packs: Packs) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "stage": rule.stage,
        "since": rule.since,
        "fix": has_fix(rule),
        "summary": rule.summary,
        "product_only": rule.product_only,
        "yields_to": list(rule.yields_to),
        "options": {
            key: {"default": list(value) if isinstance(value, tuple) else value, "doc": rule.option_docs.get(key, "")}
            for key, value in rule.options.items()
        },
        "url": rule_url(rule.name),
        "pack": next(pack.name for pack in packs.packs if rule in pack.rules),
    }
