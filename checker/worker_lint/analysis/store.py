"""
Where the analysis gets its records from: a port, fulfilled by the engine.

Every question about the project goes through these few methods. The engine notes which of them
were asked while a file was analysed; that is how it knows later what a change can affect. An
answer that depends on anything else would make warm and cold runs differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from worker_lint.analysis.trail import Trail
from worker_lint.source import ir
from worker_lint.source.roles import Role
from worker_lint.source.text import Text


class Importer(NamedTuple):
    """
    A file with an import of another one. `names` pairs what is imported by name, `*` for a star
    import, with what it is bound to; `whole` tells that the module itself is imported.
    """

    path: str
    names: tuple[tuple[str, str], ...]
    whole: bool

    def bound(self, name: str) -> tuple[str, ...]:
        """The names under which the file knows `name` of the imported one."""
        found = [name if imported == "*" else bound for imported, bound in self.names if imported in {name, "*"}]
        return tuple(dict.fromkeys(found))


class Store(Protocol):
    """
    Records of the files of a run, by path relative to the project root.

    `own` is the file whose own findings are being worked out: when it changes they are worked out again,
    so what is read of its text meanwhile makes no other file's findings depend on it. Empty otherwise.
    `trail` takes the ways between files.
    """

    own: str
    trail: Trail

    def module(self, path: str) -> ir.Module | None:
        """The skeleton of a file; None when it cannot be parsed."""

    def text(self, path: str) -> Text:
        """The decoded text of a file."""

    def may_use(self, path: str, name: str) -> bool:
        """Whether an identifier may stand for a value in a file, not only be declared with."""

    def prepare(self, files: Mapping[str, Collection[str]]) -> None:
        """Says which files may be asked for next; with names, only those that may use one of them are."""

    def body(self, path: str, function: ir.FunctionDef) -> tuple[ir.Stmt, ...]:
        """The statements of a function of that file; empty when they cannot be parsed."""

    def rely_on(self, path: str) -> None:
        """Notes that an answer about other files was made from this one's text, and is kept."""

    def find_module(self, dotted: str, importer: str) -> str | None:
        """The file that an absolute import of `dotted` in `importer` gets, if it is in the project."""

    def find_relative(self, level: int, module: str, importer: str) -> str | None:
        """The file that a relative import gets."""

    def find_outside(self, dotted: str) -> str | None:
        """The file of a dependency's module, if an environment is configured and holds it."""

    def module_name(self, path: str) -> str:
        """The dotted name of a file's module."""

    def files_naming_base(self, name: str) -> Sequence[str]:
        """Files with a class header that names this base (last part, import aliases undone)."""

    def importers(self, path: str, name: str) -> Sequence[Importer]:
        """
        The files that import `name` or everything from this file's module, or the module itself,
        anywhere in them. What else they import from it may be missing from the answer.
        """

    def could_be(self, path: str, dotted: str, target: str, name: str) -> bool:
        """Whether a name used in a file may mean the class `name` of the file `target`; no parsing."""

    def base_names(self, path: str) -> Sequence[str]:
        """The dotted names that stand as bases in the class headers of a file."""

    def mentions(self, path: str, word: str) -> bool:
        """Whether the identifier occurs in the file's text."""

    def holds(self, path: str, node: ir.Node, word: str) -> bool:
        """Whether a word occurs in the lines of a definition of the file's record."""

    def role(self, path: str) -> Role:
        """The file's role (see `source.roles`)."""
