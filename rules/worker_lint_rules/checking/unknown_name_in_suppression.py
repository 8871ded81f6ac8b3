"""A suppression comment names no known rule."""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL003",
    severity="warning",
    stage="on",
    summary="A suppression comment names no known rule",
    words=("worker-lint:",),
)
