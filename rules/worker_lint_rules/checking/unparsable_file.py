"""
A file cannot be read by any parser.

What it catches
    A file that is looked at and cannot be read: syntax that is neither that of the running Python
    nor a newer one (the message names print statements and other Python 2 syntax), an encoding
    that is unknown or does not fit the bytes, a NUL byte, code that is nested too deeply, a file
    over the size limit, a file that the disk does not give.

Why it hurts in production
    Nothing in the file was checked, and a class elsewhere that derives from one in it has an
    unknown base, so rules stay silent about it too. Where the file is meant to be Python, the
    worker that imports it does not start.

What to do instead
    Mend the syntax or the encoding. Exclude what is not meant to be Python: `extend-exclude` in the
    configuration. A large generated file can be let in with `limits.file-bytes`.

When to ignore it
    When the file is broken on purpose, such as data for the tests of a parser.

Limits
    It is a note and does not fail a run; `--strict-parse` makes it. Only files that a rule wants to
    see are parsed: one in which no word of a selected rule occurs, and that nothing else leads to,
    is not noticed. `--no-screen` parses them all. A comment in the file can silence it.
"""

from worker_lint.rule import Rule

rule = Rule(code="WKL001", severity="note", stage="on", summary="A file cannot be read by any parser", words=())
