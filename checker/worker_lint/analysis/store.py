"""
Where the analysis gets its records from: a port, fulfilled by the engine.

Every question about the project goes through these few methods. The engine notes which of them
were asked while a file was analysed; that is how it knows later what a change can affect. An
answer that depends on anything else would make warm and cold runs differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from worker_lint.source import ir
from worker_lint.source.roles import Role
from worker_lint.source.text import Text


class Store(Protocol):
    """Records of the files of a run, by path relative to the project root."""

    def module(self, path: str) -> ir.Module | None:
        """The skeleton of a file; None when it cannot be parsed."""

    def text(self, path: str) -> Text:
        """The decoded text of a file."""

    def body(self, path: str, function: ir.FunctionDef) -> tuple[ir.Stmt, ...]:
        """The statements of a function of that file; empty when they cannot be parsed."""

    def find_module(self, dotted: str, importer: str) -> str | None:
        """The file that an absolute import of `dotted` in `importer` gets, if it is in the project."""

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file that a relative import gets."""

    def module_name(self, path: str) -> str:
        """The dotted name of a file's module."""

    def files_naming_base(self, name: str) -> Sequence[str]:
        """Files with a class header that names this base (last part, import aliases undone)."""

    def files_importing(self, path: str) -> Sequence[str]:
        """Files that import this file's module, or something from it, anywhere in them."""

    def imports_name(self, path: str, name: str) -> bool:
        """Whether the identifier stands in an import of the file, or something is imported with `*`."""

    def bound_names(self, path: str, source: str, name: str) -> tuple[str, ...]:
        """The names that the file's imports of `name` from the file `source` bind."""

    def imports_module(self, path: str, source: str) -> bool:
        """Whether the file imports the module of `source` as a whole."""

    def could_be(self, path: str, dotted: str, target: str, name: str) -> bool:
        """Whether a name used in a file may mean the class `name` of the file `target`; no parsing."""

    def base_names(self, path: str) -> Sequence[str]:
        """The dotted names that stand as bases in the class headers of a file."""

    def mentions(self, path: str, word: str) -> bool:
        """Whether the identifier occurs in the file's text."""

    def role(self, path: str) -> Role:
        """The file's role (see `source.roles`)."""
