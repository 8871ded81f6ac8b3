"""
The members that a class lacks, as stubs with the signature of the abstract declaration.

It stands in this layer because it turns what `analysis` knows into edits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from worker_lint.analysis import Class, Member, ModelMember
from worker_lint.analysis.contract import Missing
from worker_lint.analysis.portable import Carrier, Origin
from worker_lint.rule.edits import Fix, ImportNeed, InsertMembers, MemberKind, MemberStub
from worker_lint.source import ir
from worker_lint.source.unparse import parameters_source, unparse

_SUMMARY_LIMIT = 90
_RECEIVERS = {"classmethod": "cls, *args, **kwargs", "staticmethod": "*args, **kwargs"}


def members_fix(cls: Class, missing: tuple[Missing, ...], path: str) -> Fix | None:
    """Adds the missing members to the class; None unless it is defined in the file at `path`."""
    if cls.path != path:
        return None
    stubs = member_stubs(cls, missing)
    if len(stubs) != len(missing):
        return None
    names = f"`{stubs[0].name}`" if len(stubs) == 1 else f"{len(stubs)} members"
    return Fix(f"add {names} to `{cls.name}`", (InsertMembers(cls.node.at, stubs),))


def member_stubs(cls: Class, missing: tuple[Missing, ...]) -> tuple[MemberStub, ...]:
    """
    Stubs for the missing members of a class, in the order given, each with the signature of its
    declaration. Annotations whose names cannot be carried into the file of `cls` are left out;
    such a default becomes `...`. What is no method, property or attribute gets no stub.
    """
    found: list[MemberStub] = []
    for item in missing:
        member, owner = item.found.member, item.found.owner
        if isinstance(member, ModelMember):
            found.append(_of_model(item.name, member, item.owner))
        elif isinstance(owner, Class) and member.kind not in {"class", "unknown"}:
            found.append(_of_source(cls, item.name, member, owner))
    return tuple(found)


# --- declarations in the project -------------------------------------------------------------


@dataclass(slots=True)
class _Signature:
    """Carries the parts of one signature over, and collects the imports that they need."""

    carrier: Carrier
    node: ir.FunctionDef
    imports: dict[ImportNeed, None] = field(default_factory=dict)
    type_checking: dict[ImportNeed, None] = field(default_factory=dict)

    def parameters(self) -> str:
        """The source between the parentheses."""
        return parameters_source(tuple(self._parameter(part) for part in self.node.params), annotated=True)

    def returns(self) -> str:
        """The source after the arrow, or nothing."""
        expr = self._carried(self.node.returns, annotation=True)
        return (unparse(expr) or "") if expr is not None else ""

    def _parameter(self, part: ir.Parameter) -> ir.Parameter:
        default = part.default
        if default is not None:
            default = self._carried(default, annotation=False) or ir.Constant(default.at, "ellipsis", "...")
        return msgspec.structs.replace(
            part, annotation=self._carried(part.annotation, annotation=True), default=default
        )

    def _carried(self, expr: ir.Expr | None, *, annotation: bool) -> ir.Expr | None:
        starred = isinstance(expr, ir.Starred)
        if expr is None or (unparse(expr) is None and not starred):
            return None
        portable = self.carrier.carry(expr, self.node, annotation=annotation)
        if portable is None:
            return None
        for origin in portable.origins:
            (self.type_checking if origin.type_checking else self.imports)[_need(origin)] = None
        return portable.expr


def _need(origin: Origin) -> ImportNeed:
    plain = origin.bound == (origin.name or origin.module)
    return ImportNeed(origin.module, origin.name, "" if plain else origin.bound)


def _of_source(cls: Class, name: str, member: Member, owner: Class) -> MemberStub:
    node = member.function
    if node is None:
        kind: MemberKind = "property" if member.kind == "property" else "attribute"
        return MemberStub(name, kind if member.kind != "method" else "method", "self", "", "", owner.name)
    carrier = Carrier.between(owner, cls)
    signature = _Signature(carrier, node)
    parameters, returns = signature.parameters(), signature.returns()
    setter, setter_parameters = _part(member, "setter"), ""
    if setter is not None:
        setter_parameters = _Signature(carrier, setter, signature.imports, signature.type_checking).parameters()
    return MemberStub(
        name,
        _kind(member),
        parameters,
        returns,
        _summary(owner, node),
        owner.name,
        is_async=node.is_async,
        is_generator=node.is_generator,
        setter=setter is not None,
        deleter=_part(member, "deleter") is not None,
        setter_parameters=setter_parameters,
        imports=tuple(signature.imports),
        type_checking_imports=tuple(signature.type_checking),
    )


def _kind(member: Member) -> MemberKind:
    match member.kind:
        case "classmethod" | "staticmethod" | "property":
            return member.kind
        case _:
            return "async method" if member.is_async else "method"


def _part(member: Member, accessor: str) -> ir.FunctionDef | None:
    for part in member.parts:
        if any(isinstance(item, ir.Attribute) and item.name == accessor for item in part.decorators):
            return part
    return None


def _summary(owner: Class, node: ir.FunctionDef) -> str:
    """The first line of the declaration's docstring, if it is short enough to be repeated."""
    if not node.docstring:
        return ""
    body = owner.project.function_of(owner, node).body
    first = body[0] if body else None
    if not isinstance(first, ir.Expression) or not isinstance(first.value, ir.Constant):
        return ""
    lines = str(first.value.value).strip().splitlines()
    return lines[0].strip() if lines and len(lines[0]) <= _SUMMARY_LIMIT else ""


# --- declarations of libraries ---------------------------------------------------------------


def _of_model(name: str, member: ModelMember, owner: str) -> MemberStub:
    short = owner.rpartition(".")[2]
    kind: MemberKind = member.kind if member.kind not in {"generator", "async generator"} else "method"  # type: ignore[assignment]
    if member.asynchronous and kind == "method":
        kind = "async method"
    text = member.signature.text.strip()[1:-1] if member.signature is not None else None
    unknown = "self" if kind in {"property", "attribute"} else _RECEIVERS.get(kind, "self, *args, **kwargs")
    return MemberStub(
        name,
        kind,
        text if text is not None else unknown,
        "",
        "",
        short,
        is_async=member.asynchronous,
        is_generator=member.generator,
        setter=member.settable,
    )
