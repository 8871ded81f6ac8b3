"""Comments that state a reason, told from marks for tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.tiers.handling import clause_at
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope

_MARK: Final = re.compile(
    r"(?i)\b(?:noqa|nosec|pragma|pylint|type:\s*ignore|pyright|mypy|ruff|flake8|fmt|isort|todo|fixme|xxx)\b[^#]*"
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def states_reason(scope: Scope, handler: ir.Handler) -> bool:
    """Whether a comment in the clause, or on the line above its first statement, says why it does what it does."""
    text = scope.project.store.text(scope.path)
    first, last = clause_at(handler)[0], handler.body[-1].at[2]
    return any(is_reason(text.comment(line)) for line in range(min(first, handler.at[0]), last + 1))


def is_reason(comment: str) -> bool:
    """Whether a comment has words of its own beside marks such as `noqa`."""
    return len(_WORD.findall(_MARK.sub("", comment))) > 1
