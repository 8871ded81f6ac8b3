"""A suppression comment gives no reason."""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL004",
    severity="warning",
    stage="opt-in",
    summary="A suppression comment gives no reason",
    words=("worker-lint:",),
)
