"""
Newer syntax, parsed by an `ast` that is too old for it.

The newer parts are rewritten so that every other token keeps its line and column, and what the
rewriting hid is put back into the tree:

- type parameters of `class`, `def` and `type` (PEP 695, 696) become blanks;
- `type Name = …` (PEP 695) becomes an assignment to one name that spans both words;
- `except A, B:` (PEP 758) becomes `except A| B:`, an expression from the same place to the same place.

Each rewritten place must come back as the statement it was taken for. Else nothing is given, and a
parser that knows the syntax has to read the text; that is some twenty times slower.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from keyword import iskeyword
from typing import Any, Final, TypeAlias

from worker_lint.source import newer
from worker_lint.source.blocks import blocks_of
from worker_lint.source.mask import mask_of

Key: TypeAlias = tuple[int, int]
"""Line and column of a statement as `ast` counts them: columns from 0, in UTF-8 bytes."""

_DEFINITION: Final = re.compile(
    r"^[ \t\f]*(?P<word>(?:async[ \t\f]+)?(?:class|def)[ \t\f]+\w+[ \t\f]*(?P<open>\[))", re.MULTILINE
)
_ALIAS: Final = re.compile(
    r"(?:^|[;:])[ \t\f]*(?P<word>type)(?P<gap>[ \t\f]+)(?P<name>\w+)[ \t\f]*(?:(?P<open>\[)|=(?!=))", re.MULTILINE
)
_EXCEPT: Final = re.compile(r"^[ \t\f]*(?P<word>except)\b[ \t\f]*\*?", re.MULTILINE)
_BRACKET: Final = re.compile(r"[()\[\]{}]")
_MARK: Final = re.compile(r"[(\[{:,\n]")
_HIDING: Final = re.compile(r"[\"'#]")
_DEEPEST: Final = 200
"""Open brackets that Python's tokenizer allows."""

_NAMES_AND_COMMAS: Final = re.compile(r"[\w \t\f.,]*")
_PARAMETER: Final = re.compile(r"\s*(?P<star>\*{0,2})\s*(?P<name>\w+)\s*", re.DOTALL)


def parse_downgraded(source: str) -> ast.Module | None:
    """
    The tree that a Python which knows the syntax would give; None when this way cannot tell.

    Line ends must be plain newlines.

    Raises:
        SyntaxError: something else in the text is refused too; the place is right.
        RecursionError, MemoryError: the code is nested too deeply.
    """
    mask = mask_of(source)
    return None if mask is None else _parse_edited(source, mask)


def parse_at_sight(source: str) -> ast.Module | None:
    """
    The same at less cost, strings and comments not told from code; None when only `parse_downgraded`
    can tell. An edit inside a string does not come back as a statement.

    Raises:
        RecursionError, MemoryError: the code is nested too deeply.
    """
    try:
        return _parse_edited(source, source)
    except (SyntaxError, ValueError):
        return None


def _parse_edited(source: str, mask: str) -> ast.Module | None:
    plan = _Plan(source, mask)
    if not plan.edits:
        return None
    rewritten = plan.rewritten()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(rewritten)
    except SyntaxError as error:
        error.offset = _same_place(error, rewritten, source)
        raise
    return tree if plan.restore(tree) else None


class _Plan:
    """The edits of one text, and what each of them hides."""

    def __init__(self, source: str, mask: str) -> None:
        self.source = source
        self.mask = mask
        self.starts = [0, *(match.end() for match in re.finditer("\n", source))]
        self.edits: list[tuple[int, int, str]] = []
        self.parameters: dict[Key, list[str]] = {}
        self.aliases: dict[Key, tuple[str, Key]] = {}
        self.commas: dict[Key, int] = {}
        self.pairs = _bracket_pairs(mask)
        if self.pairs is None:
            return
        for found in _DEFINITION.finditer(mask):
            self.definition(found)
        if "type" in mask:
            for found in _ALIAS.finditer(mask):
                self.alias(found)
        for found in _EXCEPT.finditer(mask):
            self.handler(found)

    # --- the edits ---

    def definition(self, found: re.Match[str]) -> None:
        names = self.blanked(found.start("open"))
        if names is not None:
            self.parameters[self.key(found.start("word"))] = names

    def alias(self, found: re.Match[str]) -> None:
        name = found["name"]
        if not _is_name(name) or (found["open"] and self.blanked(found.start("open")) is None):
            return
        self.edits.append((found.start("gap"), found.end("gap"), "_" * len(found["gap"])))
        self.aliases[self.key(found.start("word"))] = (_normal(name), self.key(found.start("name")))

    def handler(self, found: re.Match[str]) -> None:
        commas, pieces, end = [], [], found.end()
        for place, mark in self.marks(end, len(self.mask)):
            pieces.append(self.mask[end:place])
            end = (self.closing(place) or place) + 1
            if mark == ",":
                commas.append(place)
            elif mark in ":\n":
                break
        if not commas or not self.mask[commas[-1] + 1 : end - 1].strip() or not all(map(_is_row_of_names, pieces)):
            return
        self.edits.extend((comma, comma + 1, "|") for comma in commas)
        self.commas[self.key(found.start("word"))] = len(commas)

    def blanked(self, opening: int) -> list[str] | None:
        """Blanks the bracket of type parameters that opens here, and gives their names; None if they look wrong."""
        end = self.closing(opening)
        names = None if end is None else list(self.names(opening + 1, end))
        if end is None or not names or None in names:
            return None
        if self.mask is self.source and _HIDING.search(self.source, opening, end) is not None:
            return None
        lines = self.source[opening : end + 1].split("\n")
        self.edits.append((opening, end + 1, "\\\n".join(" " * len(line.encode()) for line in lines)))
        return [name for name in names if name]

    def closing(self, opening: int) -> int | None:
        return None if self.pairs is None else self.pairs.get(opening)

    def marks(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """Colons, commas and line ends in a range, and the brackets that open there but nothing inside them."""
        while (found := _MARK.search(self.mask, start, end)) is not None:
            yield found.start(), found[0]
            start = (self.closing(found.start()) or found.start()) + 1

    def names(self, start: int, end: int) -> Iterator[str | None]:
        """The names of type parameters in a range; None for one whose syntax is not surely right."""
        cuts = [start - 1, *(place for place, mark in self.marks(start, end) if mark == ",")]
        if self.mask[cuts[-1] + 1 : end].strip():
            cuts.append(end)
        for before, after in pairwise(cuts):
            found = _PARAMETER.match(self.mask, before + 1, after)
            if found is None or not _is_name(found["name"]):
                yield None
            elif found.end() == after or (not found["star"] and _is_annotation(self.source[found.end() : after])):
                yield _normal(found["name"])
            else:
                yield None

    def key(self, offset: int) -> Key:
        line = bisect_right(self.starts, offset)
        return (line, len(self.source[self.starts[line - 1] : offset].encode()))

    def rewritten(self) -> str:
        """The text with all edits made."""
        pieces, place = [], 0
        for start, end, replacement in sorted(self.edits):
            pieces += [self.source[place:start], replacement]
            place = end
        return "".join([*pieces, self.source[place:]])

    # --- the way back ---

    def restore(self, tree: ast.Module) -> bool:
        """Puts back what the edits hid; says whether each was found where it belongs."""
        restored = 0
        pending: list[list[ast.stmt]] = [tree.body]
        while pending:
            block = pending.pop()
            for index, node in enumerate(block):
                key = (node.lineno, node.col_offset)
                if key in self.parameters and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    parameters: Any = [newer.type_parameter(name) for name in self.parameters[key]]
                    node.__dict__["type_params"] = parameters
                    restored += 1
                elif key in self.aliases and (alias := self.restored_alias(node, *self.aliases[key])) is not None:
                    block[index] = alias
                    restored += 1
                for handler in getattr(node, "handlers", ()):
                    restored += self.restore_handler(handler)
                pending.extend(blocks_of(node))
        return restored == len(self.parameters) + len(self.aliases) + len(self.commas)

    def restored_alias(self, node: ast.stmt, name: str, key: Key) -> ast.stmt | None:
        # These values need parentheses in a type alias and none in an assignment.
        if not isinstance(node, ast.Assign) or isinstance(node.value, (ast.Tuple, ast.Yield, ast.YieldFrom)):
            return None
        if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
            return None
        end = node.targets[0].end_col_offset
        place: Any = {"lineno": key[0], "col_offset": key[1], "end_lineno": key[0], "end_col_offset": end}
        return ast.copy_location(newer.type_alias(ast.Name(name, ast.Store(), **place), node.value), node)

    def restore_handler(self, handler: ast.ExceptHandler) -> int:
        left = self.commas.get((handler.lineno, handler.col_offset), 0)
        if not left or handler.type is None:
            return 0
        elements, rest = [], handler.type
        while left and isinstance(rest, ast.BinOp):
            elements.append(rest.right)
            rest = rest.left
            left -= 1
        if left or handler.name is not None:
            return 0
        classes = ast.Tuple([rest, *reversed(elements)], ast.Load())
        handler.type = ast.copy_location(classes, handler.type)
        return 1


def _bracket_pairs(mask: str) -> dict[int, int] | None:
    """Where each bracket closes, by where it opens; None when they are nested too deeply for any parser."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACKET.finditer(mask):
        if found[0] in "([{":
            opened.append(found.start())
            if len(opened) > _DEEPEST:
                return None
        elif opened:
            pairs[opened.pop()] = found.start()
    return pairs


def _same_place(error: SyntaxError, rewritten: str, source: str) -> int | None:
    """The column of an error in the source: blanks stand for bytes, so the byte is the same."""
    if error.lineno is None or error.offset is None or error.offset < 1 or source.isascii():
        return error.offset
    before = rewritten.split("\n")[error.lineno - 1][: error.offset - 1].encode()
    return len(source.split("\n")[error.lineno - 1].encode()[: len(before)].decode(errors="ignore")) + 1


def _is_name(word: str) -> bool:
    return word.isidentifier() and not iskeyword(word)


def _normal(name: str) -> str:
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _is_row_of_names(piece: str) -> bool:
    """Whether a piece of an `except` header, brackets left out, binds tighter than `|`."""
    return _NAMES_AND_COMMAS.fullmatch(piece) is not None and not any(map(iskeyword, re.findall(r"\w+", piece)))


def _is_annotation(text: str) -> bool:
    """Whether `: bound = default` is right; a parameter of a function has the same grammar."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"def _(_{text}\n): 0")
    except (SyntaxError, ValueError):
        return False
    return True
