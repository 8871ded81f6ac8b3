"""Whether the author has said, at a place, why it is as it is."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Scope
from worker_lint.source import ir

_OPEN: Final = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|[Ss]hould (?:store|keep|await|be)")
"""A remark of this kind says that the author is not content with it."""


def is_explained(scope: Scope, at: ir.At) -> bool:
    """Whether a comment stands right above, or ends the first or last line, and is no note of what is to be done."""
    text = scope.project.store.text(scope.path)
    said = [text.comment(at[0]), text.comment(at[2])]
    above = at[0] - 1
    while text.line(above).lstrip().startswith("#"):
        said.append(text.line(above))
        above -= 1
    remark = "\n".join(filter(None, said))
    return bool(remark) and not _OPEN.search(remark)
