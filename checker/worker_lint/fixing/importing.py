"""Finds or plans the import that a piece of new code needs, and the name to write for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import libcst as cst

from worker_lint.fixing.binding import Binding, bindings, bound_names, is_own_module, names_module, parameter_names
from worker_lint.fixing.expression import renamed_source
from worker_lint.fixing.section import Section, read_section
from worker_lint.fixing.tree import Scope, Tree
from worker_lint.rule.edits import ImportNeed


class Reference(NamedTuple):
    """How new code names an imported object; `typing_only` if the name does not exist at run time."""

    text: str
    typing_only: bool = False


class Place(NamedTuple):
    """Where a name is to be used: an offset, and the names that hide those of the module there."""

    offset: int
    hidden: frozenset[str]


class Added(NamedTuple):
    """An import that the file does not have yet."""

    need: ImportNeed
    bound: str
    typing_only: bool


def asked_name(need: ImportNeed) -> str:
    """The name under which the code of a rule refers to what it needs."""
    return need.bound or need.name or need.module


@dataclass(slots=True)
class Imports:
    """The imports of a file, and those that fixes add to it."""

    tree: Tree
    path: str
    present: tuple[Binding, ...]
    bound: frozenset[str]
    postponed: bool
    section: Section
    added: list[Added] = field(default_factory=list)

    @classmethod
    def of(cls, tree: Tree, path: str) -> Imports:
        """Reads the imports of a file. `postponed`: annotations are not evaluated when it runs."""
        present = tuple(bindings(tree))
        future = any(found.module == "__future__" and found.attribute == "annotations" for found in present)
        bound = frozenset(bound_names(tree.module.body))
        return cls(tree, path, present, bound, future or path.endswith(".pyi"), read_section(tree, path))

    def copy(self) -> Imports:
        """An independent copy, to be kept only if a fix goes through."""
        return replace(self, added=list(self.added))

    def place(self, node: cst.CSTNode, enclosing: Iterable[Scope], own: cst.ClassDef | None = None) -> Place:
        """The place of a definition; with `own`, inside the body of that class."""
        hidden: set[str] = bound_names(own.body.body) if own is not None else set()
        scopes = tuple(enclosing)
        for index, scope in enumerate(scopes):
            if isinstance(scope, cst.FunctionDef):
                hidden |= parameter_names(scope) | bound_names(scope.body.body)
            elif index == len(scopes) - 1 and own is None:
                hidden |= bound_names(scope.body.body)
        return Place(self.tree.start(node), frozenset(hidden))

    def write(self, code: str, need: ImportNeed | None, place: Place) -> str:
        """An expression with the file's run-time name for what it needs; the import is added if it lacks."""
        if need is None:
            return code
        reference = self.existing(need, place) or self.add(need, place)
        return renamed_source(code, {asked_name(need): reference.text})

    def forms(self, code: str, need: ImportNeed | None, place: Place) -> set[str]:
        """All the ways in which the file as it is can write an expression."""
        if need is None:
            return {code}
        return {renamed_source(code, {asked_name(need): found.text}) for found in self._present(need, place)}

    def existing(self, need: ImportNeed, place: Place, *, typing_only: bool = False) -> Reference | None:
        """
        The name that the file has for what is needed, or None.

        A run-time import comes before one for type checkers (taken only with `typing_only`), the
        object itself before its module. The file's own names need no import.
        """
        found = [reference for reference in self._present(need, place) if typing_only or not reference.typing_only]
        if found:
            return min(found, key=lambda reference: (reference.typing_only, "." in reference.text))
        for added in self.added:
            if added.need == need and added.bound not in place.hidden and (typing_only or not added.typing_only):
                return Reference(added.bound, added.typing_only)
        return None

    def _present(self, need: ImportNeed, place: Place) -> Iterator[Reference]:
        if is_own_module(need, self.path) and asked_name(need) in self.bound:
            yield Reference(asked_name(need))
        for binding in self.present:
            text = self._text(binding, need) if binding.offset < place.offset else None
            if text is not None and text.partition(".")[0] not in place.hidden:
                yield Reference(text, binding.typing_only)

    def _text(self, binding: Binding, need: ImportNeed) -> str | None:
        if binding.attribute:
            same = names_module(binding, need.module, self.path)
            if need.name and same and binding.attribute == need.name:
                return binding.bound
            # `from collections import abc` binds a module.
            package, _, last = need.module.rpartition(".")
            is_module = binding.attribute == last and names_module(binding, package, self.path) if package else False
        else:
            is_module = binding.module == need.module and not binding.level
        if not is_module:
            return None
        return f"{binding.bound}.{need.name}" if need.name else binding.bound

    def add(self, need: ImportNeed, place: Place, *, typing_only: bool = False) -> Reference:
        """Plans an import, under another name if its own is taken."""
        known = {binding.bound for binding in self.present if self._text(binding, need) == binding.bound}
        taken = (self.bound - known) | place.hidden | {added.bound for added in self.added if added.need != need}
        bound = asked_name(need)
        if bound.partition(".")[0] in taken:
            bound = _free_name(need, taken)
        self.added.append(Added(need, bound, typing_only))
        return Reference(bound, typing_only)


def _free_name(need: ImportNeed, taken: Iterable[str]) -> str:
    """A name that tells where the object comes from: `AbcIterator`, `abc_iterator`."""
    used, last = set(taken), need.module.rpartition(".")[2].strip("_")
    name = need.name or need.module.replace(".", "_")
    wanted = f"{last[:1].upper()}{last[1:]}{name}" if name[:1].isupper() else f"{last}_{name}"
    candidates = [wanted, *(f"{wanted}{number}" for number in range(2, len(used) + 3))]
    return next(candidate for candidate in candidates if candidate not in used)
