"""
What the bytes of a file tell of the bodies of its except clauses, before it is parsed: too much rather than too little.

What a clause surely does is read off its text without comments and strings; where a text or an inner function makes
that unsure, the clause counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.source.clauses import end_of, lines_with

QUIET_CLAUSE: Final = "except … log without the error"
"""A word of the screen that stands for files in which a clause logs something and does not look at what it caught."""
IDLE_CLAUSE: Final = "except … pass"
"""
A word of the screen that stands for files with loops or threads in which a clause does nothing, and for those in which
one does something on a condition about the platform only.
"""

_EXPECTED: Final = frozenset(
    b"ArithmeticError AssertionError AttributeError BlockingIOError BufferError ChildProcessError EOFError "
    b"FileExistsError FileNotFoundError FloatingPointError GeneratorExit ImportError IndexError IsADirectoryError "
    b"KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError "
    b"NotImplementedError OverflowError PermissionError ProcessLookupError RecursionError ReferenceError "
    b"StopAsyncIteration StopIteration SyntaxError SystemExit TimeoutError TypeError UnboundLocalError "
    b"UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError CancelledError".split()
)
"""Classes that say by themselves what has happened: a clause for nothing else is no concern of these words."""

_LOUD: Final = re.compile(
    rb"(?:\.(?:critical|error|exception|fatal|log|warn|warning)|\b(?:critical|error|warn|warning))[ \t\r\n]*\("
)
_LITERAL: Final = re.compile(
    rb"#[^\n]*|([A-Za-z]{0,2})(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    rb"|'(?:[^'\\\n]|\\(?s:.))*'|\"(?:[^\"\\\n]|\\(?s:.))*\")",
    re.DOTALL,
)
_PLACED: Final = re.compile(rb"\{([^{}]*)\}")
_TELLING: Final = re.compile(
    rb"\bexc_info\b(?![ \t]*=[ \t]*(?:False|None|0)\b)|\.exception[ \t]*\(|\.(?:exit|abort|fail|error_exit|die)[ \t]*\("
    rb"|\b(?:format_exc|print_exc|format_exception|print_exception|last_traceback)\b(?![ \t]*=)"
)
_LEAVING: Final = re.compile(
    rb"(?:^|[:;])[ \t]*raise\b"
    rb"|\b(?!(?:critical|debug|error|exception|fatal|info|log|warn|warning)\b)\w+[ \t]*\([ \t\r\n]*\)",
    re.MULTILINE,
)
"""It raises, or a call gets nothing and may look at the exception by itself."""
_INNER: Final = re.compile(rb"\b(?:def|class|lambda)\b")
_IDLE: Final = re.compile(
    rb"(?:[ \t\r\n;]*(?:pass|continue|break|\.\.\.|\"\"|return(?:[ \t]+[-\w.\"]+)?)(?![^\s;]))*[\s;]*"
)
_MAY_BE_IDLE: Final = re.compile(rb"[\s;]*(?:pass|continue|break|return|if|\.|#|[A-Za-z]{0,2}['\"]|$)")
"""How what does nothing begins, or what asks for the platform, before comments and strings are taken out."""
_CONDITION: Final = re.compile(rb"\s*if\b")
_PLATFORM: Final = re.compile(rb"platform|version_info|hexversion|os\.name|PY[23]|PYPY|WIN|LINUX|POSIX|MAC|DARWIN")
_GOING_ON: Final = re.compile(
    rb"\bwhile\b|\basync[ \t]+for\b|\b(?:count|cycle|repeat|iter)[ \t]*\("
    rb"|\b(?:Thread|Process|Timer|create_task|ensure_future|start_soon)\b"
)
"""What begins a loop that may go on, or a thread, process or task."""
_NAMED: Final = re.compile(rb"[\w.\x80-\xff]+")
_QUOTES: Final = (b"'''", b'"""')
_BEFORE_CLASSES: Final = frozenset({b" ", b"\t", b":", b"(", b"*", b"\\"})


class _Clause(NamedTuple):
    """The classes that a clause names, as text, what it binds them to, and its body."""

    named: bytes
    name: bytes
    body: bytes


def has_quiet_clause(data: bytes) -> bool:
    """Whether a clause for more than expected classes logs, and surely neither raises nor tells what it caught."""
    return any(
        _is_wide(one.named) and (_ends_in_text(one.body) or (_LOUD.search(one.body) is not None and not _is_told(one)))
        for one in _clauses(data)
    )


def has_idle_clause(data: bytes) -> bool:
    """
    Whether a clause for more than expected classes does nothing, in a file with loops or threads, or nothing but what
    stands under a condition about the platform.
    """
    return has_dropping_clause(data, is_going_on=_GOING_ON.search(data) is not None)


def has_dropping_clause(data: bytes, *, is_going_on: bool = True) -> bool:
    """The same of a part of a file, which is told whether there are loops or threads."""
    for one in _clauses(data):
        ends_in_text = _ends_in_text(one.body)
        if (ends_in_text or _MAY_BE_IDLE.match(one.body)) and _is_wide(one.named):
            code = _code_of(one.body)
            if ends_in_text or (_CONDITION.match(code) and _PLATFORM.search(code)):
                return True
            if is_going_on and _IDLE.fullmatch(code) is not None:
                return True
    return False


def _is_wide(named: bytes) -> bool:
    if b"#" in named:
        return True
    names = _NAMED.findall(named)
    return not names or any(name.rpartition(b".")[2] not in _EXPECTED for name in names)


def _is_told(clause: _Clause) -> bool:
    """Whether the code of a clause surely says what was caught, or hands it on."""
    code = _code_of(clause.body)
    if _LOUD.search(code) is None or _TELLING.search(code):
        return True
    if clause.name and re.search(rb"(?<![\w.])" + clause.name + rb"\b(?![ \t]*=(?!=))", code):
        return True
    return _INNER.search(code) is None and _LEAVING.search(code) is not None


def _ends_in_text(body: bytes) -> bool:
    """Whether a text of several lines seems to go on behind the end, which a line further left would then pretend."""
    return any(body.count(quotes) % 2 for quotes in _QUOTES)


def _code_of(body: bytes) -> bytes:
    """The text without comments, and with empty strings; of an f-string stays what it shows."""
    return _LITERAL.sub(_shown, body)


def _shown(literal: re.Match[bytes]) -> bytes:
    text = literal[0]
    if text.startswith(b"#"):
        return b""
    if b"f" not in literal[1].lower():
        return b'""'
    return b'"" ' + b" ".join(_PLACED.findall(text.replace(b"{{", b"")))


def _clauses(data: bytes) -> Iterator[_Clause]:
    """The clauses of a file, one inside another as well; a body ends where a line starts at no greater depth."""
    for place, depth in lines_with(data, b"except"):
        colon = data.find(b":", place)
        if colon >= 0 and data[place + 6 : place + 7] in _BEFORE_CLASSES:
            named, _, name = data[place + 6 : colon].rpartition(b" as ")
            body = data[colon + 1 : end_of(data, colon, len(depth))]
            yield _Clause(named or name, name.strip() if named else b"", body)
