"""A file cannot be read by any parser."""

from worker_lint.rule import Rule

rule = Rule(code="WKL001", severity="note", stage="on", summary="A file cannot be read by any parser", words=())
