"""
Names that may be coroutine functions, by the looks of the text: the cheap question before a body is read.

A name counts for a file when the file itself, or a file that it imports from, defines an `async def`
of that name, or a modelled library does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import ModuleScope
    from worker_lint.analysis.project import Project

_DEFINED: Final = re.compile(r"\basync\s+def\s+(\w+)")
_STATEMENT: Final = re.compile(r"^[ \t]*(?:\w+\.)*(\w+)\(", re.MULTILINE)


class CoroutineNames:
    """Answers for one project; the texts are searched once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._defined: dict[str, frozenset[str]] = {}
        self._lines: dict[str, tuple[int, ...]] = {}

    def dropped_lines(self, module: ModuleScope) -> tuple[int, ...]:
        """The lines on which a statement begins that may be nothing but the call of a coroutine function."""
        found = self._lines.get(module.path)
        if found is None:
            self._lines[module.path] = found = tuple(self._search(module))
        return found

    def _search(self, module: ModuleScope) -> Iterator[int]:
        names = self._known_in(module)
        text = self.project.store.text(module.path)
        line, counted = text.first_line, 0
        for match in _STATEMENT.finditer(text.source) if names else ():
            if match[1] in names:
                line += text.source.count("\n", counted, match.start(1))
                counted = match.start(1)
                yield line

    def _known_in(self, module: ModuleScope) -> frozenset[str]:
        found = set(self._in_file(module.path))
        tops = set()
        for node in imports_of(module.record.body):
            for name in node.names:
                path = self._file_of(module.path, node, name)
                if path is not None:
                    found |= self._in_file(path)
                elif not node.level:
                    tops.add(name.module.partition(".")[0])
        return frozenset(found) | self.project.models.coroutine_names(frozenset(tops))

    def _file_of(self, importer: str, node: ir.Import, name: ir.ImportedName) -> str | None:
        store = self.project.store
        if node.level:
            return store.find_relative(node.level, name.module, importer)
        return store.find_module(name.module, importer)

    def _in_file(self, path: str) -> frozenset[str]:
        found = self._defined.get(path)
        if found is None:
            source = self.project.store.text(path).source
            self._defined[path] = found = frozenset(_DEFINED.findall(source)) if "async" in source else frozenset()
        return found


def imports_of(body: tuple[ir.Stmt, ...]) -> Iterator[ir.Import]:
    """All imports of a module, those inside functions too."""
    for node in body:
        match node:
            case ir.Import():
                yield node
            case ir.FunctionDef():
                yield from node.imports
            case ir.ClassDef() | ir.With():
                yield from imports_of(node.body)
            case ir.If():
                yield from imports_of((*node.body, *node.orelse))
            case ir.Try():
                handled = tuple(inner for handler in node.handlers for inner in handler.body)
                yield from imports_of((*node.body, *handled, *node.orelse, *node.final))
            case _:
                pass
