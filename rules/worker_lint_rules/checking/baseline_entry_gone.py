"""
A baseline entry matches no diagnostic any more.

What it catches
    An entry of the baseline file for a file of this run in which its diagnostic was not found. The
    note stands on the entry's line in the baseline itself.

Why it hurts in production
    The defect was repaired and the entry stayed: it would hide the same defect if it came back.

What to do instead
    Run `worker-lint baseline`, which writes the file without it.

When to ignore it
    While several branches repair the same codebase, the entries can wait until they are merged.

Limits
    It is a note and does not fail a run unless `fail-on = "note"`. Entries are recognised by
    fingerprint alone, so one for a line that was merely rewritten is gone as well. Entries of files
    that this run did not check are not judged.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL006", severity="note", stage="on", summary="A baseline entry matches no diagnostic any more", words=()
)
