"""
A function or file is too large to be analysed.

What it catches
    Code that would take more steps than the analysis may spend on it. The budget is counted in
    steps, never in seconds, so that the answer does not depend on how busy the machine is.

Why it hurts in production
    What was not analysed was not checked: silence about that code says nothing about it.

What to do instead
    Split the function. People read it with the same trouble.

When to ignore it
    In generated code that nobody edits: exclude the file.

Limits
    Rules that are over their budget stay silent. No rule of this version reports the fact itself,
    so the note does not appear yet.
"""

from worker_lint.rule import Rule

rule = Rule(
    code="WKL005", severity="note", stage="on", summary="A function or file is too large to be analysed", words=()
)
