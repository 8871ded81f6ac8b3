"""
Source text with everything that is not code hidden, character for character.

What looks for words or brackets in text that no parser has accepted looks at the mask: strings and
comments cannot mislead it, nor can an f-string that holds its own quotes (PEP 701).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

STRING: Final = '"'
"""Hides each character of a string, line ends included; braces and code inside an f-string stay."""

_OPENING = r"(?:(?<!\w)(?P<prefix>(?i:[rbuft]|br|rb|[ft]r|r[ft])))?(?P<quote>\"\"\"|'''|\"|')"
_TOP: Final = re.compile(rf"#[^\n]*|{_OPENING}")
_FIELD: Final = re.compile(rf"#[^\n]*|(?P<bracket>[()\[\]{{}}:])|{_OPENING}")
_FORMATTED: Final = frozenset({"f", "t", "fr", "rf", "tr", "rt"})
_PLAIN: Final = {
    '"': re.compile(r'[^\\"\n]*(?:\\.[^\\"\n]*)*"', re.DOTALL),
    "'": re.compile(r"[^\\'\n]*(?:\\.[^\\'\n]*)*'", re.DOTALL),
    '"""': re.compile(r'[^\\"]*(?:(?:\\.|"(?!""))[^\\"]*)*"""', re.DOTALL),
    "'''": re.compile(r"[^\\']*(?:(?:\\.|'(?!''))[^\\']*)*'''", re.DOTALL),
}
_LITERAL: Final = {
    (quote, raw): re.compile(rf"{name}\\[^{{}}]|(?P<stop>\{{\{{|\}}\}}|[{{}}\n]|{quote})", re.DOTALL)
    for quote in _PLAIN
    for raw, name in ((True, ""), (False, r"\\N\{[^}\n]*\}|"))
}


@dataclass(slots=True)
class _Formatted:
    """An f-string being read, with the number of brackets open in each of its open replacement fields."""

    quote: str
    raw: bool
    fields: list[int] = field(default_factory=list)


def mask_of(source: str) -> str | None:
    """
    The text with comments blank and strings turned into `STRING`; None when a string has no end.

    Line ends must be plain newlines. The result has the length of the source.
    """
    return _Masking(source).run()


class _Masking:
    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0
        self.pieces: list[str] = []
        self.strings: list[_Formatted] = []

    def run(self) -> str | None:
        in_code = True
        while self.place < len(self.source):
            following = self.code() if in_code else self.literal()
            if following is None:
                return None
            in_code = following
        return None if self.strings else "".join(self.pieces)

    def code(self) -> bool | None:
        """Masks up to the next thing that is no code; says whether code follows, None at a string without end."""
        pattern = _FIELD if self.strings else _TOP
        match = pattern.search(self.source, self.place)
        if match is None:
            return self.keep(len(self.source))
        self.keep(match.start())
        if match[0][0] == "#":
            return self.hide(match.end(), " ")
        if self.strings and match["bracket"]:
            return self.bracket(match["bracket"])
        quote, prefix = match["quote"], (match["prefix"] or "").lower()
        if prefix in _FORMATTED:
            self.strings.append(_Formatted(quote, "r" in prefix))
            self.hide(match.end(), STRING)
            return False
        end = _PLAIN[quote].match(self.source, match.end())
        return None if end is None else self.hide(end.end(), STRING)

    def bracket(self, bracket: str) -> bool:
        """A bracket, or a colon, in a replacement field; says whether code follows."""
        self.keep(self.place + 1)
        fields = self.strings[-1].fields
        if bracket in "([{":
            fields[-1] += 1
        elif fields[-1] and bracket != ":":
            fields[-1] -= 1
        elif not fields[-1]:
            if bracket != ":":
                fields.pop()
            return False
        return True

    def literal(self) -> bool | None:
        """Masks literal text of an f-string, or of a format specification; the answer as that of `code`."""
        string = self.strings[-1]
        match = _LITERAL[string.quote, string.raw].search(self.source, self.place)
        if match is None:
            return None
        stop = match["stop"]
        if stop is None or (stop in ("{{", "}}") and not string.fields) or (stop == "\n" and len(string.quote) > 1):
            self.hide(match.end(), STRING)
            return False
        self.hide(match.start(), STRING)
        if stop == string.quote and not string.fields:
            self.strings.pop()
            return self.hide(match.end(), STRING)
        if stop[0] == "{":
            string.fields.append(0)
            return self.keep(self.place + 1)
        if stop[0] == "}" and string.fields:
            string.fields.pop()
            self.keep(self.place + 1)
            return False
        return None

    def keep(self, end: int) -> bool:
        self.pieces.append(self.source[self.place : end])
        self.place = end
        return True

    def hide(self, end: int, character: str) -> bool:
        self.pieces.append(character * (end - self.place))
        self.place = end
        return True
