"""
Carries out what rules ask for: edits of source text, diffs, and safe writing.

LibCST is the heaviest import of the tool, so it is loaded by the first call of `apply_fixes` and
never by importing this package.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker_lint.fixing.diff import unified_diff
from worker_lint.fixing.outcome import Applied, Reason, Refusal
from worker_lint.fixing.write import ChangedError, WriteError, write_atomically
from worker_lint.rule.edits import Fix

__all__ = [
    "Applied",
    "ChangedError",
    "Reason",
    "Refusal",
    "WriteError",
    "apply_fixes",
    "unified_diff",
    "write_atomically",
]


def apply_fixes(source: bytes, fixes: Sequence[Fix], path: str) -> Applied:
    """
    The bytes of a file after its fixes, each applied wholly or not at all.

    The spans of the edits belong to `source` as it is now. Fixes are taken in order: one that
    touches what an earlier one changes is refused, to be asked for again on the result. `path`
    is relative to the project root; it tells stub files and relative imports apart. Never
    raises for what stands in the file: every fix that cannot be carried out is refused with a
    reason.
    """
    from worker_lint.fixing.session import run

    return run(source, fixes, path)
