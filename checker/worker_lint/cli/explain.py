"""`worker-lint explain`: the page of a rule, with its examples."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import click

from worker_lint.cli.speaking import ColourChoice, exiting, loaded_packs, refuse, say
from worker_lint.diagnostic.address import rule_url
from worker_lint.report.cells import Line
from worker_lint.rule import Example, Rule

STAGES = {
    "on": "on by default",
    "certain": "on by default for what is certain; what is likely only with --preview, or when asked for by name",
    "opt-in": "off until selected",
    "preview": "preview: only with --preview, or when asked for by name",
}


@click.command("explain")
@click.argument("rules", nargs=-1, required=True, metavar="CODE-OR-NAME...")
@click.option("--packs/--no-packs", default=True, help="Load rule packs of other distributions.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(rules: tuple[str, ...], packs: bool, color: ColourChoice) -> None:  # noqa: FBT001  # given by click
    """Show what a rule reports, why it hurts, what to write instead, and its examples."""
    with exiting():
        known = loaded_packs(foreign=packs).rules
        for number, key in enumerate(rules):
            rule = find_rule(known, key)
            say([*([((("", ""),))] if number else []), *page_of(rule)], color)


def find_rule(rules: Sequence[Rule], key: str) -> Rule:
    """
    The rule of a code or a name, in capitals or not.

    Raises:
        Refused: there is none; the nearest names are suggested.
    """
    wanted = key.casefold().replace("_", "-")
    rule = next((rule for rule in rules if wanted in {rule.code.casefold(), rule.name}), None)
    if rule is None:
        refuse(f"there is no rule {key!r}", _suggestion(rules, wanted))
    return rule


def _suggestion(rules: Sequence[Rule], wanted: str) -> str:
    from difflib import get_close_matches

    keys = {key.casefold(): key for rule in rules for key in (rule.name, rule.code)}
    near = get_close_matches(wanted, keys, n=3, cutoff=0.5)
    near += [key for key in keys if wanted in key and key not in near][: 3 - len(near)]
    named = " or ".join(keys[key] for key in near)
    return f"did you mean {named}?" if near else "`worker-lint rules` lists them"


def page_of(rule: Rule) -> Iterator[Line]:
    """The page as lines."""
    yield ((rule.code, "rule"), (" ", ""), (rule.name, "headline"))
    facts = [rule.severity, STAGES[rule.stage]]
    facts += ["product code only"] if rule.product_only else []
    facts += ["repaired by `worker-lint fix`"] if any(item.repaired is not None for item in rule.examples) else []
    yield (("; ".join(facts), "quiet"),)
    yield (("", ""),)
    yield from _docstring(rule.page)
    if rule.options:
        yield from _heading("Options")
        for key, default in rule.options.items():
            text = f"rules.{rule.name}.{key} = {default!r}  {rule.option_docs.get(key, '')}".rstrip()
            yield ((f"    {text}", ""),)
    yield from _examples("Reported, at each line marked `# bad`", [item for item in rule.examples if item.bad])
    yield from _examples("Not reported", [item for item in rule.examples if not item.bad])
    yield from _heading("More")
    yield ((f"    {rule_url(rule.name)}", ""),)


def _docstring(page: str) -> Iterator[Line]:
    for line in textwrap.dedent(page.strip("\n")).splitlines():
        is_heading = bool(line) and not line[0].isspace()
        yield ((line, "headline" if is_heading else ""),)


def _heading(text: str) -> Iterator[Line]:
    yield (("", ""),)
    yield ((text, "headline"),)


def _examples(title: str, examples: Sequence[Example]) -> Iterator[Line]:
    if not examples:
        return
    yield from _heading(title)
    for number, example in enumerate(examples):
        if number:
            yield (("", ""),)
        yield ((f"    {example.title}:", "label"),)
        for name, source in (*example.files.items(), (example.path if example.files else "", example.source)):
            if name:
                yield ((f"      {name}", "path"),)
            yield from _code(source)
        if example.repaired is not None:
            yield (("      repaired:", "label"),)
            yield from _code(example.repaired)


def _code(source: str) -> Iterator[Line]:
    for line in textwrap.dedent(source).strip("\n").splitlines():
        yield ((f"        {line}".rstrip(), "code"),)
