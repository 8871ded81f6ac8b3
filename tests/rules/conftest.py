"""Whole workers with a mistake, and their twins without it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import pytest

from worker_lint.testing import built_in_packs, check_files

Twins: TypeAlias = tuple[str, str, str, str]
"""The code of the rule that must see the mistake, the text with `@@` in it, and what stands there, wrong or right."""


class Judged(NamedTuple):
    """What the mistake should give, and what the rules on stopping say of both: codes with lines."""

    expected: tuple[str, int]
    wrong: list[tuple[str, int]]
    right: list[tuple[str, int]]


@pytest.fixture(scope="session")
def judge() -> Callable[[Twins], Judged]:
    """All diagnostics on stopping for a worker and its twin; the line that must be reported ends with `# here`."""
    rules = [rule for rule in built_in_packs().rules if rule.code.startswith("STP")]

    def found(source: str) -> list[tuple[str, int]]:
        return [(one.code, one.span.line) for one in check_files({"worker.py": source}, rules).diagnostics]

    def judged(twins: Twins) -> Judged:
        code, text, wrong, right = twins
        source = _filled(text, wrong)
        line = next(number for number, one in enumerate(source.splitlines(), 1) if one.endswith("# here"))
        return Judged((code, line), found(source), found(_filled(text, right)))

    return judged


def _filled(text: str, part: str) -> str:
    """The text with the part in place of the mark, as far to the right as the mark stands."""
    text, part = textwrap.dedent(text), textwrap.dedent(part).strip("\n")
    line = next(line for line in text.splitlines() if line.strip() == "@@")
    return text.replace(line, textwrap.indent(part, line[: line.index("@@")]))
