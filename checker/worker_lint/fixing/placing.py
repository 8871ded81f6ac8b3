"""Writes planned imports: as one more name of an import that is there, else on a line of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from worker_lint.fixing.binding import is_same_module
from worker_lint.fixing.expression import dotted
from worker_lint.fixing.import_text import NewLines, alias_text, index_in, name_order, statements
from worker_lint.fixing.importing import Added, Imports, Place
from worker_lint.fixing.listing import insert_items
from worker_lint.fixing.section import (
    CHECKERS,
    Entry,
    Key,
    Section,
    blank_lines_before,
    boundary_for,
    is_code,
    line_behind_head,
)
from worker_lint.fixing.splice import Splice
from worker_lint.fixing.style import line_length
from worker_lint.fixing.tree import Tree
from worker_lint.rule.edits import ImportNeed


def place_imports(imports: Imports) -> list[Splice]:
    """The changes that write all imports that were added."""
    if not imports.added:
        return []
    placing = _Placing(imports.copy(), imports.section, line_length(imports.tree))
    checkers = [added for added in imports.added if added.typing_only]
    if checkers and imports.section.checkers is not None:
        placing.into_block(imports.section.checkers, checkers)
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
    _boundaries: dict[int, list[NewLines]] = field(default_factory=dict)

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
        rows = [row for new in statements(self.imports, added) for row in new.rows]
        line = self._line_for(CHECKERS, Key(is_from=False, module=""))
        place = Place(self.tree.lines.stop(max(line, 1)), frozenset())
        test = self.imports.write("TYPE_CHECKING", ImportNeed("typing", "TYPE_CHECKING"), place)
        body = (f"if {test}:", *(f"{unit}{row}" for row in rows))
        self._boundaries.setdefault(line, []).append(NewLines(CHECKERS, Key(is_from=False, module=""), body))

    def _put(self, new: NewLines) -> None:
        self._boundaries.setdefault(self._line_for(new.group, new.key), []).append(new)

    def _line_for(self, group: int, key: Key) -> int:
        line = boundary_for(self.section.entries, group, key)
        return line_behind_head(self.tree) if line is None else line

    def _unplaced(self, entries: Sequence[Entry], added: Iterable[Added], indent: str) -> list[NewLines]:
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
        return [
            new._replace(rows=tuple(f"{indent}{row}" for row in new.rows)) for new in statements(self.imports, rest)
        ]

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
        for item in sorted(items, key=lambda item: name_order(item.need.name)):
            by_index.setdefault(index_in(names, item.need.name), []).append(alias_text(item))
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

    # --- changes ---

    def splices(self) -> list[Splice]:
        """All changes; what goes behind the same line is one."""
        merged: dict[tuple[int, bool], str] = {}
        for splice in self._extensions:
            key = (splice.start, splice.opens)
            merged[key] = merged.get(key, "") + splice.text
        found = [Splice(start, start, text, opens) for (start, opens), text in merged.items()]
        return found + [self._boundary(line, sorted(new)) for line, new in self._boundaries.items()]

    def _boundary(self, line: int, news: Sequence[NewLines]) -> Splice:
        """New statements behind a line (0: at the top), with blank lines between groups as the file has them."""
        lines = self.tree.lines
        above = self._group_at(line, ends=True)
        rows: list[str] = []
        if above is None and line and is_code(self.tree, line):
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
            rows += [""] * blank_lines_before(self.tree, line + 1)
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
