"""
Where a name of a text can stand for a value, told without parsing.

Most files that import a class only annotate with it or derive from it. To find who creates its
objects, or hands the class on, those files need not be read: on a tree of 10,900 files they are
nine of ten. The answer may be a needless yes, for a name in a docstring say, but never a wrong no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from worker_lint.source.pattern import pattern

# The groups are atomic: what they took is never tried again, so that an unclosed bracket costs one pass.
_BRACKETS = r"\((?>[^()#]+|#[^\n]*+|\((?>[^()]+|\((?>[^()]+|\([^()]*+\))*+\))*+\))*+\)"
_TYPE_PARAMETERS = r"[ \t]*(?:\[[^\n]*?\])?[ \t]*"
_DECLARATION = pattern(
    r"\n[ \t\f]*+(?:"
    r"from[ \t]+[.\w]+[ \t\\\r\n]+import[ \t]*(?:\((?>[^()#]+|#[^\n]*+)*+\)|[^\n;]*)"
    r"|import[ \t][^\n;]*"
    rf"|class[ \t]+\w+{_TYPE_PARAMETERS}(?:{_BRACKETS})?[ \t]*:"
    rf"|(?:async[ \t]+)?def[ \t]+\w+{_TYPE_PARAMETERS}{_BRACKETS}[^:\n]*:"
    r")"
)
_INDEX = r"\[(?>[^\[\]\n]+|\[(?>[^\[\]\n]+|\[[^\[\]\n]*+\])*+\])*+\]"
_CALL = pattern(rf"[ \t]*+(?:{_INDEX}[ \t]*+)?+\(")
_CALLED = pattern(rf"\b(\w++)(?={_CALL.pattern})")
_NAME = pattern(r"\w+")

_TYPE = rf"(?>[\w. \t|\"']++|{_INDEX}|(?<=[|\]\w])\s*\n\s*(?=[|\w]))++"
_PARAMETER = pattern(rf"([(,]\s*\*{{0,2}}\w+)[ \t]*:\s*{_TYPE}(?=\s*[,=)])")
_RESULT = pattern(r"\)[^()]*->[^()]*:\Z")
_UNCLEAR = pattern(r"[{#]|\blambda\b|=[^,]*\[")
"""What may hold a colon, or a comma and a colon, that begins no annotation."""
_ANNOTATED = pattern(rf"^([ \t\f]*[\w.]+)[ \t]*:[ \t]*{_TYPE}(?==(?!=))", re.MULTILINE)
"""A variable that is annotated and gets a value."""

SEARCHES = 8
"""Names that are searched for one by one; finding all of them costs about as much as ten searches."""


def without_declarations(source: str) -> str:
    """
    The text without imports, class headers and signatures. A header with `=` stays, since a
    default value or a keyword of a class is an expression like any other.
    """
    # A pattern that begins with a line end is found three times as fast as one that begins where a line does.
    return _DECLARATION.sub(lambda found: found[0] if "=" in found[0] else "\n", f"\n{source}")[1:]


def without_types(plain: str) -> str:
    """What is left of such a text without the annotations next to values."""
    headers = _DECLARATION.sub(lambda found: _unannotated(found[0]), f"\n{plain}")[1:]
    return _ANNOTATED.sub(r"\1 ", headers)


def _unannotated(header: str) -> str:
    """A signature without its annotations; another header, or one that is not plain to read, as it stands."""
    if _UNCLEAR.search(header) or header.lstrip().startswith(("class", "from", "import")):
        return header
    return _RESULT.sub("):", _PARAMETER.sub(r"\1", header))


class Occurrences:
    """
    The names of one text that may stand for values. A few questions are searched for; from then on
    all names are known, so that a file with thousands of classes is not searched for each of them.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._asked = 0
        self._names: frozenset[str] | None = None

    def may_be_value(self, name: str) -> bool:
        """Whether an identifier may be called or handed on, not only declared with."""
        if self._names is not None:
            return name in self._names
        self._asked += 1
        if self._asked > SEARCHES:
            self._names = frozenset((*_NAME.findall(self._bare), *_CALLED.findall(self._source)))
            return name in self._names
        places = list(places_of(name, self._source))
        if any(_CALL.match(self._source, place + len(name)) for place in places):
            return True
        return bool(places) and _names(name, self._plain) and _names(name, self._bare)

    @cached_property
    def _plain(self) -> str:
        return without_declarations(self._source)

    @cached_property
    def _bare(self) -> str:
        return without_types(self._plain)


def _names(name: str, source: str) -> bool:
    return next(places_of(name, source), None) is not None


def places_of(name: str, source: str) -> Iterator[int]:
    """Where an identifier stands by itself, not as a part of a longer one."""
    # A pattern for each of a thousand names would take longer to make than to use.
    place = source.find(name)
    while place >= 0:
        end = place + len(name)
        around = source[place - 1 : place] + source[end : end + 1]
        if not any(character == "_" or character.isalnum() for character in around):
            yield place
        place = source.find(name, place + 1)
