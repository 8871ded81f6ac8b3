"""Comments that state a reason, told from marks for tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.flow.visit import walk
from worker_lint.analysis.statements import docstring
from worker_lint.analysis.tiers.handling import clause_at
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.tiers.sites import TrySite

_MARK: Final = re.compile(
    r"(?i)\b(?:noqa|nosec|pragma|pylint|type:\s*ignore|pyright|mypy|ruff|flake8|fmt|isort|todo|fixme|xxx)\b[^#]*"
)
_EXCUSE: Final = re.compile(
    r"(?i)\b(?:prevent|avoid|ignor|recurs|swallow|optional|best[ -]effort|at least|not (?:critical|fatal)|"
    r"(?:does not|doesn't) matter)"
)
"""Words of a comment above a block that says why no error of it counts."""
_DECLARED: Final = re.compile(r"(?i)\bbest[ -]effort\b|\bswallow")
"""The same of a docstring."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def states_reason(scope: Scope, handler: ir.Handler) -> bool:
    """Whether a comment in the clause, or on the line above its first statement, says why it does what it does."""
    text = scope.project.store.text(scope.path)
    first, last = clause_at(handler)[0], handler.body[-1].at[2]
    quoted = {line for node in walk(*handler.body) for line in _quoted_lines(node)}
    lines = (line for line in range(min(first, handler.at[0]), last + 1) if line not in quoted)
    return any(is_reason(text.comment(line)) for line in lines)


def is_excused(site: TrySite) -> bool:
    """Whether a comment above the statement, or the docstring of the function, says that no error of it counts."""
    text = site.scope.project.store.text(site.scope.path)
    if _EXCUSE.search(text.comment(site.node.at[0] - 1)):
        return True
    return site.function is not None and _DECLARED.search(docstring(site.function.body)) is not None


def _quoted_lines(node: ir.Node) -> range:
    """The lines of a text that goes over several: a `#` in it begins no comment."""
    is_text = isinstance(node, (ir.Constant, ir.Formatted)) and node.at[2] > node.at[0]
    return range(node.at[0], node.at[2] + 1) if is_text else range(0)


def is_reason(comment: str) -> bool:
    """Whether a comment has words of its own beside marks such as `noqa`."""
    return len(_WORD.findall(_MARK.sub("", comment))) > 1
