"""
What the bytes of a file tell of how its functions handle errors, before it is parsed: too much rather than too little.

A block ends where a line starts further left, but for the lines of a text that goes over several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from worker_lint.source.clauses import end_of, lines_with

JUMP_IN_FINALLY: Final = "finally … return"
"""Files in which a `finally` block holds a jump."""
CALLS_ITSELF: Final = "def name … except … name"
"""Files in which the name of a function stands in one of its clauses, or behind it."""
CALL_BEFORE_RAISE: Final = "except … self.name() … raise"
"""Files in which a clause calls a method of an object before it raises something, or settles a message."""
RETRIES: Final = "while … except"
"""Files in which a clause stands in a `while` loop."""
FALLS_THROUGH: Final = "try … name = … except … log … name"
"""Files in which a clause logs, and a name that its block binds stands in it or behind it."""

_JUMP: Final = re.compile(rb"\b(?:return|break|continue)\b")
_RAISED: Final = re.compile(rb"\braise[ \t]+[\w\x80-\xff(]")
_CALLED: Final = re.compile(rb"(?<![\w.\x80-\xff])(?!\w*(?i:log))[\w\x80-\xff]+\.[\w\x80-\xff]+\(")
_SETTLED: Final = re.compile(
    rb"\.(?:n?ack|reject|requeue|task_done|set_exception|set_result|commit|rollback|release|basic_\w+)\("
)
_LOGGED: Final = re.compile(rb"\.(?:debug|info|warning|warn|error|exception|critical|fatal|log)\b")
_STATEMENT: Final = re.compile(rb"\n([ \t]+)(?=[^\s#)\]}])")
_FORMATTED: Final = re.compile(rb"(?<![\w\x80-\xff])(?:[fF][rR]?|[rR][fF])(?:\"[^\"\n]*\"|'[^'\n]*')")
_FIELD: Final = re.compile(rb"\{([^{}]*)\}")
_KEPT: Final = re.compile(rb"(?m)^[ \t]+[\w\x80-\xff][\w\x80-\xff.\[\]]*[ \t]+=[ \t]")
_CALLEE: Final = re.compile(rb"([\w\x80-\xff]+)\(")
_MILD: Final = frozenset(
    b"debug info warning warn error exception critical fatal log str repr len type format".split()
    + b"except if elif while for in not and or is return raise assert await yield print".split()
)
_LOOP: Final = re.compile(rb"\n([ \t]+)(?:async[ \t]+)?(?:while|for)\b")
_LEFT: Final = re.compile(rb"(?:return|raise|continue|break)\b")
_NAME: Final = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_BINDING: Final = re.compile(
    rb"(?m)^[ \t]*([\w\x80-\xff,*. \t()\[\]]+?)(?::[^=\n]*)?(?:[ \t]+=(?!=)|=(?!=)(?![^\n]*,[ \t]*$))"
    rb"|^[ \t]*\(([^()=]*\n[^()=]*)\)[ \t]*=(?!=)"
    rb"|\b(?:as[ \t]|import[ \t(]|def[ \t]|class[ \t]|case[ \t(\[{])([^\n:=]*)"
    rb"|\bfor\b(.*?)\bin\b"
)
"""What a line begins with before a sign of equality, but for the keywords of calls; and the words that bind."""
_INNER: Final = re.compile(rb"(?:=|[;:][ \t])[ \t]*(" + _NAME + rb")[ \t]*=(?!=)|(" + _NAME + rb")[ \t]*:=")
_QUOTED: Final = re.compile(rb"(?<![\w\x80-\xff])[bBrRuU]?(?:\"[^\"\\\n]*\"|'[^'\\\n]*')|#[^\n]*")
_BOUND_BEFORE: Final = re.compile(rb"(?m)^[ \t]*(" + _NAME + rb")[ \t]+=(?!=)")
_BRANCH: Final = re.compile(rb"\b(?:if|for|while|try|with|match)\b")
_BRACKET: Final = re.compile(rb"[][(){}]")
_WORD: Final = re.compile(rb"(?<![\w.\x80-\xff])" + _NAME)
_PLAIN: Final = re.compile(_WORD.pattern + rb"(?![\w.\[(\x80-\xff])")


class _Clause(NamedTuple):
    """Where a clause and its function stand: `text` is what belongs to the clause; no function has no name."""

    data: bytes
    place: int
    depth: int
    end: int
    function: bytes
    begin: int
    function_depth: int

    @property
    def text(self) -> bytes:
        return self.data[self.place : self.end]


def has_jump_in_finally(data: bytes) -> bool:
    """Whether one of the words that jump stands in a `finally` block."""
    return any(
        _JUMP.search(data, place, _block_end(data, place, len(depth))) for place, depth in lines_with(data, b"finally")
    )


def may_call_itself(data: bytes) -> bool:
    """Whether a function's name stands in a clause of it, or in what comes behind that in the same block."""
    for place, depth in lines_with(data, b"except"):
        function, _, _ = _function_around(data, place, len(depth))
        named = data.find(function, place) if function else -1
        if named >= 0 and named + len(function) <= _block_end(data, place, len(depth) - 1):
            return True
    return False


def has_call_before_raise(data: bytes) -> bool:
    """Whether a clause calls something on an object, and then raises or settles."""
    return any(one.function for one in _clauses(data, _calls_before))


def _calls_before(clause: bytes) -> bool:
    called = _CALLED.search(clause)
    return called is not None and bool(_RAISED.search(clause, called.end()) or _SETTLED.search(clause))


def retries(data: bytes) -> bool:
    """Whether a clause of a function, or of a module, stands in a `while` loop."""
    loops = [(place, len(depth)) for place, depth in lines_with(data, b"while")] if b"while" in data else []
    return bool(loops) and any(
        any(loop < place < _block_end(data, loop, depth) for loop, depth in loops if depth < len(before))
        for place, before in lines_with(data, b"except")
    )


def falls_through(data: bytes) -> bool:
    """Whether a clause logs, and a name that its block binds stands in it, or behind it where it may come out."""
    return any(one.function and _leaves_a_name(one) for one in _clauses(data, _may_only_log))


def _may_only_log(clause: bytes) -> bool:
    """Whether a clause logs, names a log, keeps nothing in mind, and calls nothing but logs and what makes texts."""
    if _LOGGED.search(clause) is None or b"log" not in clause.lower():
        return False
    if b'"""' in clause or b"'''" in clause:
        return True
    code = _QUOTED.sub(b"", _FORMATTED.sub(_fields_of, clause))
    return _KEPT.search(code) is None and all(name in _MILD for name in _CALLEE.findall(code))


def _fields_of(text: re.Match[bytes]) -> bytes:
    return b" ".join(_FIELD.findall(text[0]))


def _leaves_a_name(one: _Clause) -> bool:
    data = one.data
    start = data.rfind(b"\n" + data[one.place - one.depth : one.place] + b"try", 0, one.place)
    if start < 0:
        return True
    first = data.find(b"\n" + data[one.place - one.depth : one.place] + b"except", start, one.place)
    names = set(_bound_in(data[start : first if first >= 0 else one.place]))
    header = _header_end(data, one.begin)
    names -= set(_WORD.findall(data, one.begin, header)) - {one.function}
    names -= set(_BOUND_BEFORE.findall(data, header, start))
    end = _block_end(data, header, one.function_depth)
    if _is_left(one.text) and data.find(b"finally", one.end, end) < 0:
        end = one.end
    if any(len(loop[1]) < one.depth for loop in _LOOP.finditer(data, header, start)):  # the next turn reads it, too
        words = _WORD.findall(data, header, _block_end(data, header, one.function_depth))
        return any(words.count(name) > 1 for name in names)
    return not names.isdisjoint(_WORD.findall(_QUOTED.sub(b"", data[one.place : end])))


def _is_left(clause: bytes) -> bool:
    """Whether a clause has no branches, and its last statement leaves it."""
    first = _STATEMENT.search(clause)
    if first is None or _BRANCH.search(clause):
        return False
    starts = [found for found in _STATEMENT.finditer(clause) if found[1] == first[1]]
    return _LEFT.match(clause, starts[-1].end()) is not None


def _bound_in(block: bytes) -> Iterator[bytes]:
    for left, tuple_, bound, target in _BINDING.findall(block):
        yield from (name for part in (left, tuple_, target) for name in _PLAIN.findall(part))
        yield from _WORD.findall(bound)
    for found in _INNER.findall(block):
        yield from filter(None, found)


def _clauses(data: bytes, telling: Callable[[bytes], bool]) -> Iterator[_Clause]:
    """The clauses whose text tells something: what is around is looked for last."""
    for place, depth in lines_with(data, b"except"):
        end = _block_end(data, max(data.find(b":", place), place), len(depth))
        if telling(data[place:end]):
            name, begin, outer = _function_around(data, place, len(depth))
            yield _Clause(data, place, len(depth), end, name, begin, outer)


def _function_around(data: bytes, place: int, depth: int) -> tuple[bytes, int, int]:
    """The name, place and depth of the function that a line of this depth stands in."""
    found = data.rfind(b"def ", 0, place)
    while found >= 0:
        line = data[data.rfind(b"\n", 0, found) + 1 : found]
        before = len(line) - len(line.lstrip())
        if before < depth and line.strip() in (b"", b"async"):
            name = _WORD.match(data, found + 4)
            return (name[0] if name is not None else b"def", found, before)
        found = data.rfind(b"def ", 0, found)
    return b"", 0, 0


def _header_end(data: bytes, begin: int) -> int:
    """Where the parameters of a function end, by its brackets."""
    opened = 0
    for bracket in _BRACKET.finditer(data, begin):
        opened += 1 if bracket[0] in b"([{" else -1
        if not opened:
            return bracket.end()
    return begin


def _block_end(data: bytes, start: int, depth: int) -> int:
    """Where the block of a line ends that stands at a depth; not within a text of several lines."""
    if depth < 0:
        return len(data)
    end = end_of(data, start, depth)
    while end < len(data) and any(data.count(quotes, start, end) % 2 for quotes in (b'"""', b"'''")):
        end = end_of(data, end + 1, depth)
    return end
