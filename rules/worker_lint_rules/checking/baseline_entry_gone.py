"""A baseline entry matches no diagnostic any more."""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL006", severity="note", stage="on", summary="A baseline entry matches no diagnostic any more", words=()
)
