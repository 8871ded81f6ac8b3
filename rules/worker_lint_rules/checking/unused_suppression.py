"""
A suppression comment silences nothing.

What it catches
    `# worker-lint: ignore[NAME]` where the rule reports nothing on the lines that the comment
    covers, and `ignore-file[NAME]` where it reports nothing in the file, or that stands below the
    first 20 lines and therefore does not count. Of several names only the idle ones are listed.

Why it hurts in production
    The defect was repaired and the excuse stayed. It hides the next real defect of the same kind
    on that line, and readers take a danger for granted that is no longer there.

What to do instead
    Delete the comment, or the name from its list. If it was meant for another line, put it at the
    end of that one: a comment covers its own line, and the whole statement when it stands on the
    first or the last line of it. For `class` and `def` that statement is the header.

When to ignore it
    Hardly ever. A comment that is needed under one configuration only can name `WKL002` as well.

Limits
    Only rules that ran are judged: a name of a rule that is switched off is let pass. Two comments
    that silence the same diagnostic both count as used. A name of WKL002, WKL003 or WKL004 in a
    comment is never called idle.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL002",
    severity="warning",
    stage="on",
    summary="A suppression comment silences nothing",
    words=("worker-lint:",),
)
