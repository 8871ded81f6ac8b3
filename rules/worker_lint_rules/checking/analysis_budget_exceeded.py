"""
A question about the code takes more steps than the analysis may spend on it.

What it catches
    Names that lead through thousands of modules, classes with more than a thousand classes above them,
    classes with tens of thousands of names. The budget is counted in steps, never in seconds, so that
    the answer does not depend on how busy the machine is. The note is shown under `--statistics`.

Why it hurts in production
    What was not analysed was not checked: silence about that code says nothing about it.

What to do instead
    Shorten the chain of imports or bases. People read it with the same trouble.

When to ignore it
    In generated code that nobody edits: exclude the file.

Limits
    One note per file and reason, at the top of the file in which the analysis was given up.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL005", severity="note", stage="on", summary="A question about the code takes too many steps", words=()
)
