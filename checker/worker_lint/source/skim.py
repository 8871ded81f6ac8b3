"""
The skim: what one pass over the bytes of a file tells, without parsing it.

It lists imports and class headers by regular expression and tells which of the declared words
occur. It may list too much (a class inside a string) but not too little on the layouts that
formatters produce; whoever acts on a skim reads the parsed file before saying anything.
Measured: some 40 MB/s, where parsing reaches 8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from unicodedata import normalize

import msgspec

from worker_lint.source.sieve import sieve_of

SKIM_VERSION = 7

_STATEMENT = re.compile(
    rb"\n[ \t\f]*(?:"
    rb"from[ \t]+([.\w\x80-\xff]+)(?:[ \t]|\\\r?\n)+import[ \t]*"
    rb"(\((?>[^()#]+|#[^\n]*+)*+\)|[^\n]*(?:(?<=\\)\r?\n[^\n]*|(?<=\\\r)\n[^\n]*)*)"
    rb"|import[ \t]+([^\n;#]+)"
    rb"|class[ \t]+([\w\x80-\xff]+)[ \t]*(?:\[[^\n]*?\])?[ \t]*"
    rb"(?:\(((?>[^()#]+|#[^\n]*+|\((?>[^()]+|\([^()]*+\))*+\))*+)\))?[ \t]*:"
    rb")"
)
_COMMENT = re.compile(rb"#[^\n]*")
_BASE = re.compile(rb"([A-Za-z_\x80-\xff][\w.\x80-\xff]*)\s*(?=[\[(,]|$)")


class SkimImport(NamedTuple):
    """
    One imported name: `module` with its leading dots, the `name` taken from it ("" for a whole
    module, "*" for a star import), and the name it is `bound` to.
    """

    module: str
    name: str
    bound: str


class Skim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """
    What is known of every file. The texts stay raw until somebody asks: most are never asked.
    `present` has one bit for each word: as bytes, because encoded integers end at 64 bits.

    What finds a file among all others is worked out at once, where files are read side by side:
    `modules` has for each import statement the modules that it names, joined by commas, absolute ones by
    their last two parts; `bases` the last parts of the names that stand as bases, and what they are
    called where they come from; `tops` the first parts of absolute imports.
    """

    imports: tuple[tuple[bytes, bytes, bytes], ...]
    classes: tuple[tuple[bytes, bytes], ...]
    present: bytes
    modules: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        """The words that occur, as bits."""
        return int.from_bytes(self.present, "little")

    def imported(self) -> Iterator[SkimImport]:
        """The imported names, at any depth of the file."""
        for statement in self.imports:
            yield from imported_by(statement)

    def class_headers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each class with the dotted names that stand between its parentheses."""
        for name, bases in self.classes:
            yield identifier(name), _base_names(bases)


def imported_by(statement: tuple[bytes, bytes, bytes]) -> Iterator[SkimImport]:
    """The names that one import statement of a skim binds."""
    module, names, modules = statement
    if module:
        for name, bound in _pairs(names):
            yield SkimImport(identifier(module), name, bound)
    else:
        for name, bound in _pairs(modules):
            yield SkimImport(name, "", bound)


def skim(data: bytes, words: Sequence[bytes]) -> Skim:
    """The skim of a file; bit i of `words` tells whether the i-th word occurs, or the shape that it stands for."""
    imports: list[tuple[bytes, bytes, bytes]] = []
    classes: list[tuple[bytes, bytes]] = []
    for module, names, modules, name, bases in _STATEMENT.findall(b"\n" + data):
        if name:
            classes.append((name, bases))
        else:
            imports.append((module, names, modules))
    present = sieve_of(tuple(words)).present(data)
    found = Skim(tuple(imports), tuple(classes), present.to_bytes(len(words) // 8 + 1, "little"))
    return msgspec.structs.replace(
        found, modules=tuple(map(_modules_of, imports)), bases=_bases_of(found), tops=_tops_of(imports)
    )


def _modules_of(statement: tuple[bytes, bytes, bytes]) -> str:
    """The modules that an import statement names; no part of a name holds a comma."""
    if statement[0]:
        return _shortened(identifier(statement[0]))
    return ",".join(_shortened(item.module) for item in imported_by(statement))


def _shortened(module: str) -> str:
    """The last two parts of an absolute module name; a relative one as it is."""
    return module if module.startswith(".") or module.count(".") < 2 else ".".join(module.rsplit(".", 2)[1:])


def _bases_of(found: Skim) -> tuple[str, ...]:
    named: set[str] = set()
    for _, bases in found.class_headers():
        named.update(base.rpartition(".")[2] for base in bases)
    if named and any(b" as " in names or b" as " in modules for _, names, modules in found.imports):
        named.update(item.name for item in found.imported() if item.bound in named and item.name)
    return tuple(sorted(named))


def _tops_of(imports: Iterable[tuple[bytes, bytes, bytes]]) -> tuple[str, ...]:
    tops: set[bytes] = set()
    for module, _, modules in imports:
        names = (module,) if module else modules.split(b",")
        tops.update(name.strip().partition(b" ")[0].partition(b".")[0] for name in names)
    return tuple(sorted(top.decode("utf-8", "replace") for top in tops))


def _pairs(names: bytes) -> Iterator[tuple[str, str]]:
    if b"#" in names:
        names = _COMMENT.sub(b"", names)
    for part in names.strip(b"() \t\r").replace(b"\\", b" ").replace(b";", b" ; ").split(b","):
        words = part.split()
        if words:
            yield identifier(words[0]), identifier(words[2] if len(words) > 2 and words[1] == b"as" else words[0])


def _base_names(bases: bytes) -> tuple[str, ...]:
    if not bases:
        return ()
    if b"#" in bases:
        bases = _COMMENT.sub(b"", bases)
    if b"(" not in bases and b"[" not in bases:
        parts = [part.strip() for part in bases.split(b",")]
        return tuple([identifier(part.rpartition(b"=")[2].strip()) for part in parts if part])
    return tuple([identifier(name) for name in _BASE.findall(bases.strip())])


def identifier(name: bytes) -> str:
    """A name as the language compares it."""
    text = name.decode("utf-8", "replace")
    return text if text.isascii() else normalize("NFKC", text)
