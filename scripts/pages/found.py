"""The page of real defects: what the rules found in released packages and a person judged to be true."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import ecosystem
from labels import LABELS, Label, load
from pages.notice import with_notice
from worker_lint.rule import Rule

WORTH_TELLING = ("error", "warning")


def render_found(rules: Sequence[Rule]) -> str:
    """
    The page.

    Raises:
        PinError: labels or lists cannot be read.
    """
    sets = ("frozen", *ecosystem.APART)
    versions = {pin.name: pin.version for name in sets for pin in ecosystem.chosen(name)}
    told = {rule.code: rule.name for rule in rules if rule.severity in WORTH_TELLING}
    return render([label for label in load(LABELS) if label.label == "true"], versions, told)


def render(labels: Iterable[Label], versions: Mapping[str, str], names: Mapping[str, str]) -> str:
    """The page for these true findings: `versions` by package, `names` of the rules worth telling by code."""
    kept = [label for label in labels if label.code in names]
    packages = [list(group) for _, group in groupby(sorted(kept), key=lambda label: label.package)]
    parts = [
        f"""\
# Real defects in released software

{len(kept)} findings in {len(packages)} packages. Each was read by somebody who had not written the rule, and who found
that a maintainer who is shown it would change the code, or must admit that the consequence can happen. Not each was
told to its project yet. The lines are those of the wheel of that version.
"""
    ]
    for group in packages:
        package = group[0].package
        lines = [
            f"- `{one.path}:{one.line}` [{one.code}](rules/{names[one.code]}.md): {sentence(one.why)}" for one in group
        ]
        parts.append("\n".join([f"## {package} {versions.get(package, '')}".rstrip(), "", *lines, ""]))
    return with_notice("tests/corpus/labels.jsonl", "\n".join(parts))


def sentence(text: str) -> str:
    """The judge's reason as a sentence, safe inside a line of Markdown."""
    text = " ".join(text.split()).rstrip(".") + "."
    for sign in "\\*_<[|":
        text = text.replace(sign, f"\\{sign}")
    return text[0].upper() + text[1:] if text.partition(" ")[0].isalpha() else text  # a name stays as it is
