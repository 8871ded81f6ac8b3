"""
A suppression comment names no known rule.

What it catches
    A name or code in `# worker-lint: ignore[...]` that no rule has, with the nearest known one as a
    guess; `ignore` or `ignore-file` without any name; and words that other tools use in this place,
    such as `# worker-lint: disable` or `noqa`.

Why it hurts in production
    Such a comment silences nothing. The diagnostic that it was meant for still fails the run, or
    somebody believes that a rule watches over a line under another name.

What to do instead
    Write `# worker-lint: ignore[NAME] reason`, or `ignore-file[NAME]` in the first 20 lines.
    `worker-lint rules` lists codes and names; both are understood.

When to ignore it
    When the name belongs to a rule pack that is not installed everywhere the code is checked.

Limits
    A comment without brackets whose first word is not one of a few well-known mistakes is taken for
    prose. In a file that cannot be split into tokens a comment inside a string is taken for real.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL003",
    severity="warning",
    stage="on",
    summary="A suppression comment names no known rule",
    words=("worker-lint:",),
)
