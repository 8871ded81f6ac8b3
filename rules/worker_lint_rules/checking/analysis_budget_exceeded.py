"""A function or file is too large to be analysed."""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL005", severity="note", stage="on", summary="A function or file is too large to be analysed", words=()
)
