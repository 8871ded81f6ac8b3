"""The text of one new member: decorators, header, docstring, a body that raises NotImplementedError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from worker_lint.fixing.binding import bound_names
from worker_lint.fixing.expression import dotted
from worker_lint.fixing.importing import Imports, Place, Reference, asked_name
from worker_lint.fixing.outcome import RefusedError
from worker_lint.fixing.signature import (
    Signature,
    fitted,
    names_used,
    parse_signature,
    without_annotations,
    written,
)
from worker_lint.fixing.style import ClassStyle
from worker_lint.rule.edits import ImportNeed, MemberStub

_GENERATOR_REASON = "makes this a generator"
_ALL = frozenset(("getter", "setter", "deleter"))


@dataclass(slots=True)
class StubWriter:
    """Writes members for one class; the imports that they need are noted in `imports`."""

    style: ClassStyle
    imports: Imports
    place: Place

    def pieces(self, member: MemberStub, present: frozenset[str]) -> list[list[str]]:
        """
        The definitions of a member as lines without indentation of the class.

        `present` holds the accessors (`getter`, `setter`, `deleter`) that the class has already.
        """
        if member.kind == "property":
            return self._property(member, present)
        if present:
            return []
        if member.kind == "attribute":
            return [self._attribute(member)]
        decorators = [f"@{member.kind}"] if member.kind in ("classmethod", "staticmethod") else []
        signature = self._signature(member, member.parameters, member.returns)
        return [self._function(member, decorators, signature, documented=True)]

    def _property(self, member: MemberStub, present: frozenset[str]) -> list[list[str]]:
        found: list[list[str]] = []
        if "getter" not in present:
            signature = self._signature(member, member.parameters or "self", member.returns)
            found.append(self._function(member, ["@property"], signature, documented=True))
        if member.setter and "setter" not in present:
            value = f"self, value: {member.returns}" if member.returns else "self, value"
            signature = self._signature(member, member.setter_parameters or value, "None")
            found.append(self._function(member, [f"@{member.name}.setter"], signature, documented=False))
        if member.deleter and "deleter" not in present:
            signature = self._signature(member, "self", "None")
            found.append(self._function(member, [f"@{member.name}.deleter"], signature, documented=False))
        return found

    def _attribute(self, member: MemberStub) -> list[str]:
        comment = [] if self.style.stub_file or not member.summary else [f"# {_one_line(member.summary)}"]
        if not (self.style.annotates and member.returns):
            return [*comment, f"{member.name} = ..." if self.style.stub_file else f"{member.name} = None"]
        annotation = self._signature(member, "", member.returns).returns
        return [*comment, f"{member.name}: {annotation}"]

    # --- signatures ---

    def _signature(self, member: MemberStub, parameters: str, returns: str) -> Signature:
        function = parse_signature(member.name, parameters, returns)
        if not self.style.annotates:
            function = without_annotations(function)
        used, added = names_used(function), list(self.imports.added)
        annotations = self._references(member, used.annotations, typing_only=True)
        defaults = self._references(member, used.defaults, typing_only=False)
        try:
            return written(fitted(function, annotations, defaults, quote=not self.imports.postponed))
        except RefusedError:
            self.imports.added[:] = added  # an annotation that cannot be quoted needs its names at run time
            annotations = self._references(member, used.annotations, typing_only=False)
            return written(fitted(function, annotations, defaults, quote=False))

    def _references(self, member: MemberStub, used: frozenset[str], *, typing_only: bool) -> dict[str, Reference]:
        """The name to write for each needed name that is used."""
        found: dict[str, Reference] = {}
        needs = [(need, False) for need in member.imports]
        needs += [(need, True) for need in member.type_checking_imports]
        for need, for_checkers in needs:
            name = asked_name(need)
            if name in used and name not in found:
                found[name] = self._refer(need, typing_only=typing_only, for_checkers=for_checkers)
        return found

    def _refer(self, need: ImportNeed, *, typing_only: bool, for_checkers: bool) -> Reference:
        existing = self.imports.existing(need, self.place, typing_only=typing_only)
        return existing or self.imports.add(need, self.place, typing_only=typing_only and for_checkers)

    # --- text ---

    def _function(
        self, member: MemberStub, decorators: Sequence[str], signature: Signature, *, documented: bool
    ) -> list[str]:
        is_async = member.is_async or member.kind == "async method"
        opening = f"{'async ' if is_async else ''}def {member.name}("
        closing = f") -> {signature.returns}:" if signature.returns else "):"
        if self.style.stub_file:
            return [*decorators, f"{opening}{', '.join(signature.parameters)}{closing} ..."]
        header = self._header(opening, signature.parameters, closing)
        body = self._docstring(member) if documented else []
        body.append("raise NotImplementedError")
        if member.is_generator:
            body.append(f"yield  # {_GENERATOR_REASON}")
        return [*decorators, *header, *(f"{self.style.unit}{line}" for line in body)]

    def _header(self, opening: str, parameters: Sequence[str], closing: str) -> list[str]:
        line = f"{opening}{', '.join(parameters)}{closing}"
        width = len(self.style.inner.expandtabs(4)) + len(line)
        if width <= self.style.line_length or not parameters:
            return [line]
        return [opening, *(f"{self.style.unit}{parameter}," for parameter in parameters), closing]

    def _docstring(self, member: MemberStub) -> list[str]:
        text = _one_line(member.summary) or f"Required by {member.origin}."
        mark = self.style.mark
        text = text.replace("\\", "\\\\").replace(mark, mark[0])
        if self.style.hanging:
            return [mark, text, mark]
        tail = " " if text.endswith(mark[0]) else ""
        return [f"{mark}{text}{tail}{mark}"]


def _one_line(text: str) -> str:
    """Printable text on one line: whatever a file says, it must not break out of a docstring or comment."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def accessors(cls: cst.ClassDef, name: str) -> frozenset[str]:
    """
    Which parts of a member a class has: nothing if it does not bind the name, some of `getter`,
    `setter` and `deleter` for a property, all of them for anything else.
    """
    if name not in bound_names(cls.body.body):
        return frozenset()
    defined = [part for part in cls.body.body if isinstance(part, cst.FunctionDef) and part.name.value == name]
    roles = {_role(decorator.decorator, name) for part in defined for decorator in part.decorators}
    return frozenset(roles - {""}) if "getter" in roles else _ALL


def _role(decorator: cst.BaseExpression, name: str) -> str:
    written_as = dotted(decorator) or ""
    if written_as.rpartition(".")[2].endswith("property"):
        return "getter"
    owner, _, accessor = written_as.rpartition(".")
    return accessor if owner == name and accessor in _ALL else ""
