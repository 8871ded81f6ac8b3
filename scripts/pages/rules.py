"""The pages about rules, from the rules themselves: metadata, docstring, examples."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from pages.notice import with_notice
from worker_lint.rule import Example, Rule

FAMILIES = {
    "WKL": "The tool's own",
    "ABS": "Contracts of abstract classes",
    "STP": "Stop and release",
    "ERR": "Errors and recovery",
    "MSG": "Messages and deliveries",
}
STAGES = {
    "on": "on by default",
    "certain": "on by default for what is certain; what is likely only with `--preview`, or when asked for by name",
    "opt-in": "off until selected",
    "preview": "preview: only with `--preview`, or when asked for by name",
}
LITERAL_MARK = re.compile(r"::$", re.MULTILINE)
DOUBLE_BACKTICKS = re.compile(r"``([^`]+)``")


def render_docstring(page: str) -> str:
    """
    A rule's docstring as Markdown.

    A line that starts at the margin with indented text below it is a heading; a double colon before an indented
    block marks it as code, which Markdown sees by itself; everything else keeps its shape.
    """
    lines = LITERAL_MARK.sub(":", textwrap.dedent(page.strip("\n"))).splitlines()
    parts: list[str] = []
    body: list[str] = []

    def flush() -> None:
        parts.extend(textwrap.dedent("\n".join(body)).strip("\n").splitlines())
        body.clear()

    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line and not line[0].isspace() and following.startswith("    "):
            flush()
            parts += ["", f"## {line.rstrip(':')}", ""]
        else:
            body.append(line)
    flush()
    return DOUBLE_BACKTICKS.sub(r"`\1`", re.sub(r"\n{3,}", "\n\n", "\n".join(parts))).strip()


def render_example(example: Example) -> str:
    """One example: its title, its files, and what the repair makes of it."""
    blocks = [f"### {example.title}"]
    for name, source in example.files.items():
        blocks += [f"`{name}`:", fence(source)]
    if example.files:
        blocks.append(f"`{example.path}`:")
    blocks.append(fence(example.source))
    if example.repaired is not None:
        blocks += ["After the repair:", fence(example.repaired)]
    return "\n\n".join(blocks)


def fence(source: str) -> str:
    """Python source as a Markdown code block."""
    return f"```python\n{textwrap.dedent(source).strip()}\n```"


def render_facts(rule: Rule, known: Mapping[str, str]) -> str:
    """The table under the title: what a reader wants to know before the text."""
    fixes = "yes" if any(example.repaired is not None for example in rule.examples) else "no"
    rows = [
        ("Code", f"`{rule.code}`"),
        ("Severity", f"{rule.severity}, {rule.confidence}"),
        ("Stage", STAGES[rule.stage]),
        ("Since", rule.since),
        ("Repair", fixes),
    ]
    if rule.product_only:
        rows.append(("Looks at", "product code; not tests, examples, vendored or generated files"))
    if rule.yields_to:
        names = ", ".join(f"[{known[code]}]({known[code]}.md)" if code in known else code for code in rule.yields_to)
        rows.append(("Gives way to", f"{names}, where both see the same defect"))
    return "| | |\n| --- | --- |\n" + "\n".join(f"| {key} | {value} |" for key, value in rows)


def render_options(rule: Rule) -> str:
    """The rule's settings, or nothing."""
    if not rule.options:
        return ""
    rows = [
        f"| `rules.{rule.name}.{key}` | `{default!r}` | {rule.option_docs.get(key, '')} |"
        for key, default in rule.options.items()
    ]
    return "## Options\n\n| key | default | meaning |\n| --- | --- | --- |\n" + "\n".join(rows)


def render_rule(rule: Rule, source: str, known: Mapping[str, str]) -> str:
    """The page of one rule; `source` is its file, for the notice, `known` the rules that have a page, code to name."""
    reported = [render_example(example) for example in rule.examples if example.bad]
    silent = [render_example(example) for example in rule.examples if not example.bad]
    parts = [f"# {rule.name}", render_facts(rule, known), render_docstring(rule.page), render_options(rule)]
    if reported:
        parts += ["## Reported", "A diagnostic stands at each line marked `# bad`.", *reported]
    if silent:
        parts += ["## Not reported", *silent]
    return with_notice(source, "\n\n".join(part for part in parts if part))


def render_index(rules: Iterable[Rule]) -> str:
    """The table of all rules, by family and code."""
    parts = ["# Rules", "A rule is named after what is wrong. Name and code mean the same everywhere."]
    ordered = sorted(rules, key=lambda rule: (list(FAMILIES).index(family(rule)), rule.code))
    for prefix, members in groupby(ordered, key=family):
        parts += [f"## {FAMILIES[prefix]} ({prefix})", render_table(list(members))]
    return with_notice("the rules' files", "\n\n".join(parts))


def family(rule: Rule) -> str:
    """The letters of a rule's code."""
    return rule.code.rstrip("0123456789")


def render_table(rules: Sequence[Rule]) -> str:
    """One family as a table."""
    rows = [
        f"| {rule.code} | [{rule.name}]({rule.name}.md) | {rule.severity} | {rule.stage} | {rule.summary} |"
        for rule in rules
    ]
    return "| code | name | severity | stage | reports |\n| --- | --- | --- | --- | --- |\n" + "\n".join(rows)
