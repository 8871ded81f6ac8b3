"""
A suppression comment gives no reason.

What it catches
    `# worker-lint: ignore[NAME]`, or `ignore-file[NAME]`, with no text behind the bracket.

Why it hurts in production
    Nobody can tell later whether the suppression is still right, so nobody dares to remove it.

What to do instead
    Say behind the bracket why the diagnostic does not apply here:
    `# worker-lint: ignore[abstract-class-instantiated] the plugin loader completes the class`.

When to ignore it
    Leave the rule off, as it is by default, where reasons are kept elsewhere.

Limits
    Any text counts as a reason. A comment that names no rule is reported as
    unknown-name-in-suppression instead.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL004",
    severity="warning",
    stage="opt-in",
    summary="A suppression comment gives no reason",
    words=("worker-lint:",),
)
