"""A suppression comment silences nothing."""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL002",
    severity="warning",
    stage="on",
    summary="A suppression comment silences nothing",
    words=("worker-lint:",),
)
