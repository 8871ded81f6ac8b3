"""
The files of a run as the analysis sees them: skims of all, records of those it asks for.

This is the real `Store`. It reads a file at most twice: once for the skim, and once more if the
file turns out to matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from worker_lint.analysis.layout import Layout
from worker_lint.analysis.statements import named_definitions
from worker_lint.analysis.store import Importer
from worker_lint.analysis.trail import Trail
from worker_lint.diagnostic import Problem
from worker_lint.engine.ahead import Ahead, Next
from worker_lint.engine.environment import Environment
from worker_lint.engine.links import Links
from worker_lint.engine.questions import Questions, asked_word, word_of_definition
from worker_lint.engine.screen import NOTHING
from worker_lint.source import ir
from worker_lint.source.parse import Unparsable, parse_body, parse_module, parse_outline
from worker_lint.source.records import decode_module, encode_module
from worker_lint.source.roles import Role
from worker_lint.source.skim import Skim
from worker_lint.source.text import Text


class Sources(Protocol):
    """Where file contents come from: the work tree, or a revision of it."""

    def text(self, path: str) -> str:
        """
        The decoded text.

        Raises:
            Unparsable: the file cannot be read or decoded.
        """


TEXTS_KEPT = 1500
"""Texts held at a time. Most are only searched; the lines of one that is parsed take ten times the room of the file."""


class Identified(Protocol):
    """Anything with a content id."""

    @property
    def content_id(self) -> str | None:
        """What git or the disk says the content is; None when that is unknown."""


class Tree:
    """
    Records by path, made when first asked for. Files with a word in the mask `whole` are parsed as
    they are, so that a defect anywhere in them is seen; others without most function bodies.
    """

    def __init__(self, sources: Sources, skims: Mapping[str, Skim], roles: Mapping[str, Role]) -> None:
        self._sources = sources
        self._roles = roles
        self.skims = skims
        self.layout = Layout(skims)
        self.links = Links(skims, self.layout)
        self.unparsable: dict[str, Unparsable] = {}
        self.problems: list[Problem] = []
        self.records: dict[str, ir.Module | None] = {}
        self.encoded: dict[str, bytes] = {}
        self.ids: Mapping[str, str] = {}
        self.fetch: Callable[[str], bytes | None] = lambda key: None
        self.screens = NOTHING
        self.own = ""
        self.stated_roles: dict[str, Role] = {}
        self.relied_on: set[str] = set()
        self.bases_asked: set[str] = set()
        self.importers_asked: dict[str, set[str]] = {}
        self.trail = Trail()
        self.questions: Questions | None = None
        self.culprits: Mapping[str, Collection[str]] = {}
        self.environment: Environment | None = None
        self.ahead: Ahead | None = None
        self._outlines: set[str] = set()
        self._used: dict[tuple[str, str], bool] = {}
        self._new: list[str] = []
        self._mentions: dict[tuple[str, str], bool] = {}
        self._places: dict[str, dict[str, ir.At]] = {}
        self._base_names: dict[str, list[str]] = {}
        self._texts: dict[str, Text] = {}
        self._bodies: dict[tuple[str, ir.At], tuple[ir.Stmt, ...]] = {}

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        return _index_of_bases(self.skims)

    def gather(self) -> None:
        """Works out what concerns all files alike."""
        if self.links.indexed is None and self.skims:
            self.links.gather()
            self._by_base  # noqa: B018 - kept for all who ask

    # --- the store ---

    def module(self, path: str) -> ir.Module | None:
        """The skeleton of a file."""
        if path not in self.records:
            if path in self.unparsable:
                self.records[path] = None
                return None
            encoded = self.encoded.get(path) or self._kept_record(path)
            if encoded is not None:
                self.records[path] = decode_module(encoded)
                return self.records[path]
            try:
                parse = parse_module if self._is_whole(path) else parse_outline
                self.records[path] = parse(self._text(path).source)
                self._new.append(path)
            except Unparsable as error:
                self.unparsable[path] = error
                self.records[path] = None
        return self.records[path]

    def _kept_record(self, path: str) -> bytes | None:
        content_id = self.ids.get(path)
        if not content_id:
            return None
        outline = None if self._is_whole(path) else self.fetch(f"outline:{content_id}")
        return outline or self.fetch(f"record:{content_id}")

    def _is_whole(self, path: str) -> bool:
        found = self.skims.get(path)  # a file of the environment has none
        return found is not None and self.screens.takes(found.words, self.role(path))

    def refuse(self, path: str, message: str, line: int, column: int) -> None:
        """Notes that a file is known to be unparsable."""
        self.unparsable[path] = Unparsable(message, line, column)

    def fresh_records(self, entries: Mapping[str, Identified]) -> Iterator[tuple[str, bytes]]:
        """The records that were made in this run, by keys with every content id of their files."""
        new = (path for path in self._new if path in self.skims)
        made = {path: record for path in new if (record := self.records[path]) is not None}
        for path in {*self.encoded, *made}:
            data = self.encoded.get(path) or encode_module(made[path])
            read = path in self.encoded and path not in self._outlines
            kind = "record" if read or self._is_whole(path) else "outline"
            for content_id in {self.ids.get(path), entries[path].content_id}:
                if content_id:
                    yield f"{kind}:{content_id}", data

    @property
    def made(self) -> int:
        """How many records were made here so far."""
        return len(self._new)

    def encoded_since(self, made: int) -> Iterator[tuple[str, bytes]]:
        """The records that were made here after so many, encoded."""
        for path in self._new[made:]:
            record = self.records[path]
            if record is not None and path in self.skims:
                yield path, encode_module(record)

    def take_encoded(self, records: Mapping[str, bytes]) -> None:
        """Takes over the records that another process has made."""
        self.encoded.update(records)
        self._outlines.update(records)

    def content_role(self, path: str) -> Role | None:
        """The role that the content states, if it states one."""
        return self.stated_roles.get(path)

    def rely_on(self, path: str) -> None:
        """Notes that an answer about other files was made from this one's text, and is kept."""
        self.relied_on.add(path)

    def text(self, path: str) -> Text:
        """The text of a file; empty when it cannot be read."""
        if path != self.own:
            self.relied_on.add(path)
        return self._text(path)

    def may_use(self, path: str, name: str) -> bool:
        """Whether an identifier may stand for a value in a file, not only be declared with."""
        if path != self.own:
            self.relied_on.add(path)
        known = self._used.get((path, name))
        return self._text(path).may_use(name) if known is None else known

    def prepare(self, files: Mapping[str, Collection[str]]) -> None:
        """Parses files that may be asked for next; with names, only those that may use one of them."""
        ahead = self.ahead
        if ahead is None or not ahead.processes.started:
            return
        new = (path for path in sorted(files) if path in self.skims and path not in self.records)
        coming = [
            Next(path, absolute, self._is_whole(path), tuple(sorted(files[path])))
            for path in new
            if path not in self.encoded and path not in self.unparsable and (absolute := ahead.absolute(path))
        ]
        for ready in ahead.parse(coming):
            self._used.update({(ready.path, name): used for name, used in ready.used.items()})
            if ready.record is not None:
                self.encoded[ready.path] = ready.record
                self._outlines.add(ready.path)

    def _text(self, path: str) -> Text:
        """The same, unnoted. The latest texts are kept."""
        found = self._texts.pop(path, None)
        if found is None:
            try:
                found = Text(self._source(path))
            except Unparsable as error:
                self.unparsable[path] = error
                found = Text("")
            if len(self._texts) >= TEXTS_KEPT:
                del self._texts[next(iter(self._texts))]
        self._texts[path] = found
        return found

    def _source(self, path: str) -> str:
        if self.environment is not None and self.environment.holds(path):
            return self.environment.text(path)
        return self._sources.text(path)

    def body(self, path: str, function: ir.FunctionDef) -> tuple[ir.Stmt, ...]:
        """The statements of a function."""
        if path != self.own:
            self.relied_on.add(path)
        key = (path, function.name_at)
        if key not in self._bodies:
            try:
                self._bodies[key] = parse_body(self._text(path), function)
            except Unparsable:
                self._bodies[key] = ()
        return self._bodies[key]

    def asked(self, records: Iterable[str] | None = None) -> Questions:
        """What has been asked so far; `records` are the files that were looked at for others, by default all."""
        return Questions(
            frozenset(self.records if records is None else records),
            frozenset(self.skims_asked),
            frozenset(self.relied_on),
            dict(self._mentions),
            frozenset(self.bases_asked),
            {path: frozenset(names) for path, names in self.importers_asked.items()},
        )

    @property
    def skims_asked(self) -> set[str]:
        """The files whose imports or class headers were looked at one by one."""
        return self.links.asked | self._base_names.keys()

    @property
    def words_asked(self) -> Mapping[tuple[str, str], bool]:
        """Whether words occur in files, where somebody asked."""
        return self._mentions

    def find_module(self, dotted: str, importer: str) -> str | None:
        """The file of an absolute import."""
        if self.environment is not None and self.environment.holds(importer):
            return self.environment.find(dotted)
        return self._crossed(importer, self.layout.find(dotted, importer))

    def find_outside(self, dotted: str) -> str | None:
        """The file of a dependency's module in the configured environment, which is read and never checked."""
        return self.environment.find(dotted) if self.environment is not None else None

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file of a relative import."""
        if self.environment is not None and self.environment.holds(importer):
            return self.environment.find_relative(level, module, importer)
        return self._crossed(importer, self.layout.find_relative(level, module, importer))

    def _crossed(self, path: str, other: str | None) -> str | None:
        """Notes that what is said of a file may rest on another one."""
        if other is not None:
            self.trail.leads(path, other)
        return other

    def module_name(self, path: str) -> str:
        """The dotted name of a file's module."""
        if self.environment is not None and self.environment.holds(path):
            return self.environment.name_of(path)
        return self.layout.name_of(path)

    def files_naming_base(self, name: str) -> Sequence[str]:
        """Files with a class header that names this base."""
        self.bases_asked.add(name)
        if self.links.indexed is not None:
            return self.links.indexed.naming_base(name)
        return self._by_base.get(name, ())

    def importers(self, path: str, name: str) -> Sequence[Importer]:
        """The files that import `name` or everything from this file's module, or the module, in path order."""
        self.importers_asked.setdefault(path, set()).add(name)
        return self.links.importers(path, name)

    def could_be(self, path: str, dotted: str, target: str, name: str) -> bool:
        """Whether a name used in a file may mean the class `name` of the file `target`."""
        return self.links.could_be(path, dotted, target, name)

    def base_names(self, path: str) -> Sequence[str]:
        """The dotted names that stand as bases in the class headers of a file."""
        if path not in self._base_names:
            names = (base for _, bases in self.skims[path].class_headers() for base in bases)
            self._base_names[path] = list(dict.fromkeys(names))
        return self._base_names[path]

    def mentions(self, path: str, word: str) -> bool:
        """Whether the identifier occurs in the text."""
        key = (path, word)
        found = self._mentions.get(key)
        if found is None:  # asked again for each class of a file, and for each of its subclasses
            found = self._mentions[key] = word in self._text(path).source
        return found

    def holds(self, path: str, node: ir.Node, word: str) -> bool:
        """Whether a word occurs in the lines of a definition of the file's record."""
        found = self._text(path).has_word(word, node.at[0], node.at[2])
        name = next((name for name, at in self._definitions_in(path).items() if at == node.at), None)
        if name is None:
            self.relied_on.add(path)
        else:
            self._mentions[path, word_of_definition(word, name)] = found
        return found

    def still_holds(self, path: str, asked: str) -> bool:
        """The answer to what was noted as a word that is asked for: anywhere in the file, or in a definition."""
        word, name = asked_word(asked)
        if not name:
            return self.mentions(path, word)
        at = self._definitions_in(path).get(name)
        return at is not None and self._text(path).has_word(word, at[0], at[2])

    def _definitions_in(self, path: str) -> dict[str, ir.At]:
        """Where the definitions of a file's record stand, by their names."""
        if path not in self._places:
            record = self.module(path)
            self._places[path] = dict(named_definitions(record.body)) if record is not None else {}
        return self._places[path]

    def imported_tops(self) -> frozenset[str]:
        """The first parts of all absolute imports of the tree."""
        return frozenset(top for skim in self.skims.values() for top in skim.tops)

    def is_root(self, path: str) -> bool:
        """Whether some rule finds its words in a file of the run."""
        return self.screens.takes(self.skims[path].words, self.role(path))

    def words_of(self, path: str) -> int:
        """The bits of the screen's words that occur in a file of the run."""
        return self.skims[path].words

    def role(self, path: str) -> Role:
        """The file's role."""
        if self.environment is not None and self.environment.holds(path):
            return "vendored"
        return self._roles.get(path, "product")


def _index_of_bases(skims: Mapping[str, Skim]) -> dict[str, list[str]]:
    """Base names to files, `import … as` undone."""
    index: dict[str, list[str]] = {}
    for path in sorted(skims):
        for name in skims[path].bases:
            index.setdefault(name, []).append(path)
    return index
