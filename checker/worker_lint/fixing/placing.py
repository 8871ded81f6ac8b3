"""Writes planned imports: as one more name of an import that is there, else on a line of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

import libcst as cst

from worker_lint.fixing.binding import is_same_module
from worker_lint.fixing.expression import dotted
from worker_lint.fixing.importing import Added, Imports, Place
from worker_lint.fixing.listing import insert_items
from worker_lint.fixing.section import CHECKERS, Entry, Key, Section, boundary_for, group_of, key_of
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.style import line_length
from worker_lint.fixing.tree import Tree, is_text
from worker_lint.rule.edits import ImportNeed


class _New(NamedTuple):
    """New lines for one place, without line ends."""

    group: int
    key: Key
    rows: tuple[str, ...]


def place_imports(imports: Imports) -> list[Splice]:
    """The changes that write all imports that were added."""
    if not imports.added:
        return []
    section = imports.section
    placing = _Placing(imports.copy(), section, line_length(imports.tree))
    checkers = [added for added in imports.added if added.typing_only]
    if checkers and section.checkers is not None:
        placing.into_block(section.checkers, checkers)
    elif checkers:
        placing.new_block(checkers)
    placing.at_top([added for added in placing.imports.added if not added.typing_only])
    return placing.splices()


@dataclass(slots=True)
class _Placing:
    imports: Imports
    section: Section
    limit: int
    _extensions: list[Splice] = field(default_factory=list)
    _boundaries: dict[int, list[_New]] = field(default_factory=dict)

    @property
    def tree(self) -> Tree:
        return self.imports.tree

    # --- what goes where ---

    def at_top(self, added: Iterable[Added]) -> None:
        for new in self._unplaced(self.section.entries, added, ""):
            self._put(new)

    def into_block(self, block: cst.If, added: Iterable[Added]) -> None:
        """Into the `if TYPE_CHECKING:` that the file has."""
        first = block.body.body[0]
        node = first.body[0] if isinstance(first, cst.SimpleStatementLine) else first
        indent = self.tree.lines.indent(self.tree.lines.line_at(self.tree.start(node)))
        for new in self._unplaced(self.section.checker_entries, added, indent):
            line = boundary_for(self.section.checker_entries, new.group, new.key)
            line = self.tree.last_line(block.body) if line is None else line
            stop = self.tree.lines.stop(line)
            text = "".join(f"{self.tree.lines.eol(line)}{row}" for row in new.rows)
            self._extensions.append(Splice(stop, stop, text, opens=True))

    def new_block(self, added: Iterable[Added]) -> None:
        """Below the imports, with the import of TYPE_CHECKING itself where that is missing."""
        unit = self.tree.module.default_indent
        rows = [row for new in self._statements(added) for row in new.rows]
        line = self._line_for(CHECKERS, Key(is_from=False, module=""))
        place = Place(self.tree.lines.stop(max(line, 1)), frozenset())
        test = self.imports.write("TYPE_CHECKING", ImportNeed("typing", "TYPE_CHECKING"), place)
        body = (f"if {test}:", *(f"{unit}{row}" for row in rows))
        self._boundaries.setdefault(line, []).append(_New(CHECKERS, Key(is_from=False, module=""), body))

    def _put(self, new: _New) -> None:
        self._boundaries.setdefault(self._line_for(new.group, new.key), []).append(new)

    def _line_for(self, group: int, key: Key) -> int:
        line = boundary_for(self.section.entries, group, key)
        return _line_behind_head(self.tree) if line is None else line

    def _unplaced(self, entries: Sequence[Entry], added: Iterable[Added], indent: str) -> list[_New]:
        """Adds names to the imports that are there; gives the statements for the rest."""
        rest: list[Added] = []
        extended: dict[Entry, list[Added]] = {}
        for item in added:
            entry = next((entry for entry in entries if self._may_hold(entry, item.need)), None)
            if entry is None:
                rest.append(item)
            else:
                extended.setdefault(entry, []).append(item)
        for entry, items in extended.items():
            splices = self._extend(entry, items)
            if splices is None:
                rest += items
            else:
                self._extensions += splices
        return [new._replace(rows=tuple(f"{indent}{row}" for row in new.rows)) for new in self._statements(rest)]

    def _may_hold(self, entry: Entry, need: ImportNeed) -> bool:
        statement = entry.statement
        if not need.name or not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
            return False
        module = (dotted(statement.module) or "") if statement.module else ""
        return is_same_module(module, len(statement.relative), need.module, self.imports.path)

    def _extend(self, entry: Entry, items: Sequence[Added]) -> list[Splice] | None:
        """One more name in an import; None if its line would become too long."""
        statement = entry.statement
        if isinstance(statement.names, cst.ImportStar):
            return None
        names = [alias.evaluated_name for alias in statement.names]
        spans = [(self.tree.start(alias), self.tree.end(alias)) for alias in statement.names]
        spans = [(start, start + len(self.tree.text[start:end].rstrip(", \t"))) for start, end in spans]
        by_index: dict[int, list[str]] = {}
        for item in sorted(items, key=lambda item: _name_key(item.need.name)):
            by_index.setdefault(_index_in(names, item.need.name), []).append(_alias(item))
        bracketed = isinstance(statement, cst.ImportFrom) and statement.lpar is not None
        found: list[Splice] = []
        for index, texts in by_index.items():
            found += insert_items(self.tree.lines, spans, index, texts, bracketed=bracketed)
        return found if self._fits(found) else None

    def _fits(self, splices: Sequence[Splice]) -> bool:
        grown: dict[int, int] = {}
        for splice in splices:
            if "\n" not in splice.text and "\r" not in splice.text:
                line = self.tree.lines.line_at(splice.start)
                grown[line] = grown.get(line, len(self.tree.lines.content(line))) + len(splice.text)
        return all(length <= self.limit for length in grown.values())

    # --- text ---

    def _statements(self, added: Iterable[Added]) -> list[_New]:
        """One statement for each module, in their order."""
        plain: list[_New] = []
        modules: dict[tuple[str, int], list[Added]] = {}
        for item in added:
            need = item.need
            if need.name:
                modules.setdefault(self._written_module(need.module), []).append(item)
            else:
                tail = f" as {item.bound}" if item.bound != need.module else ""
                group = group_of(need.module, 0, self.imports.path)
                plain.append(
                    _New(group, Key(is_from=False, module=need.module.lower()), (f"import {need.module}{tail}",))
                )
        for (module, level), items in modules.items():
            names = [_alias(item) for item in sorted(items, key=lambda item: _name_key(item.need.name))]
            rows = self._from_rows(f"{'.' * level}{module}", list(dict.fromkeys(names)))
            plain.append(_New(group_of(module, level, self.imports.path), key_of(module, level), rows))
        return sorted(plain)

    def _from_rows(self, module: str, names: Sequence[str]) -> tuple[str, ...]:
        row = f"from {module} import {', '.join(names)}"
        if len(row) <= self.limit:
            return (row,)
        unit = self.tree.module.default_indent
        return (f"from {module} import (", *(f"{unit}{name}," for name in names), ")")

    def _written_module(self, module: str) -> tuple[str, int]:
        """The module after `from` and its dots: relative where the file writes its own package so."""
        levels = [_level(entry) for entry in (*self.section.entries, *self.section.checker_entries)]
        folders, parts = PurePosixPath(self.imports.path).parent.parts, tuple(module.split("."))
        if not any(levels) or parts[0] not in folders:
            return module, 0
        package = folders[folders.index(parts[0]) :]
        shared = 0
        while shared < min(len(package), len(parts) - 1) and package[shared] == parts[shared]:
            shared += 1
        level = len(package) - shared + 1
        return (".".join(parts[shared:]), level) if level <= max(levels) else (module, 0)

    # --- changes ---

    def splices(self) -> list[Splice]:
        """All changes; what goes behind the same line is one."""
        merged: dict[tuple[int, bool], str] = {}
        for splice in self._extensions:
            key = (splice.start, splice.opens)
            merged[key] = merged.get(key, "") + splice.text
        found = [Splice(start, start, text, opens) for (start, opens), text in merged.items()]
        return found + [self._boundary(line, sorted(new)) for line, new in self._boundaries.items()]

    def _boundary(self, line: int, news: Sequence[_New]) -> Splice:
        """New statements behind a line (0: at the top), with blank lines between groups as the file has them."""
        lines = self.tree.lines
        above = self._group_at(line, ends=True)
        rows: list[str] = []
        if above is None and line and _is_code(self.tree, line):
            rows.append("")
        for new in news:
            if above is not None and self._parted(above, new.group):
                rows.append("")
            rows += new.rows
            above = new.group
        below = self._group_at(line + 1, ends=False)
        if below is not None and above is not None:
            rows += [""] * self._parted(above, below)
        elif line < lines.count and not lines.is_blank(line + 1):
            rows += [""] * _blank_lines_before(self.tree, line + 1)
        eol = lines.eol(max(line, 1))
        if line < lines.count:
            start = lines.start(line + 1)
            return Splice(start, start, "".join(f"{row}{eol}" for row in rows), opens=True)
        stop = lines.stop(line)
        return Splice(stop, stop, "".join(f"{eol}{row}" for row in rows), opens=True)

    def _group_at(self, line: int, *, ends: bool) -> int | None:
        for entry in self.section.entries:
            if line == (entry.last if ends else entry.first):
                return entry.group
        return None

    def _parted(self, above: int, below: int) -> bool:
        return above != below and frozenset((above, below)) not in self.section.joined


def _level(entry: Entry) -> int:
    return len(entry.statement.relative) if isinstance(entry.statement, cst.ImportFrom) else 0


def _alias(item: Added) -> str:
    return item.need.name if item.bound == item.need.name else f"{item.need.name} as {item.bound}"


def _name_key(name: str) -> tuple[int, str]:
    """Constants, classes, functions: how isort and ruff order names by default."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def _index_in(names: Sequence[str], new: str) -> int:
    """Where a name goes in a row: by the order that the row keeps, else to the end."""
    orders: tuple[Callable[[str], tuple[int, str]], ...] = (
        _name_key,
        lambda name: (0, name.lower()),
        lambda name: (0, name),
    )
    for order in orders:
        keys = [order(name) for name in names]
        if keys == sorted(keys):
            return sum(key <= order(new) for key in keys)
    return len(names)


def _line_behind_head(tree: Tree) -> int:
    """The last line of the docstring, or of the comments at the top of a file without one."""
    body = tree.module.body
    first = body[0]
    if is_text(first):
        return tree.last_line(first)
    node = first.body[0] if isinstance(first, cst.SimpleStatementLine) else first
    line = top = tree.first_line(node)
    while top > 1 and _is_comment(tree, top - 1):
        top -= 1
    # Comments right above the first statement are about it, unless they open the file.
    return line - 1 if top == 1 else top - 1


def _is_comment(tree: Tree, line: int) -> bool:
    return tree.lines.content(line).lstrip(" \t\f").startswith("#")


def _is_code(tree: Tree, line: int) -> bool:
    return not tree.lines.is_blank(line) and not _is_comment(tree, line)


def _blank_lines_before(tree: Tree, line: int) -> int:
    """Blank lines to leave above a statement: two for a definition."""
    for number in range(line, tree.lines.count + 1):
        if not _is_comment(tree, number):
            content = tree.lines.content(number).lstrip("\f")
            return 2 if content.startswith(("class ", "def ", "async ", "@")) else 1
    return 1
