"""One library as seen with the versions in question: its tables turned into facts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

import msgspec

from worker_lint.analysis.models.fact import ModelClass, ModelFunction
from worker_lint.analysis.models.member import MemberLineError, ModelMember, merge_variants, parse_member_lines
from worker_lint.analysis.models.reading import LibraryTables, ModelError, find_name
from worker_lint.analysis.models.table import CallTable, ClassTable, DeliveryTable, HookTable, Table
from worker_lint.analysis.models.version import ANY_RELEASE, Change, Holding, ReleaseSpan, covers, parse_release

_TableType = TypeVar("_TableType", bound=Table)
_ROOT = "builtins.object"
_IMMATERIAL = frozenset({_ROOT, "abc.ABC", "typing.Generic"})


class Library(msgspec.Struct, frozen=True, dict=True):
    """
    The facts of one model file for the releases that may be in use.

    `used` is what the project's lock or requirement says. Beyond the newest release that the
    model was checked against, the newest is taken to hold on; before the lowest, a fact counts
    only if it holds in all releases of the model, as it does for an unknown version.
    """

    tables: LibraryTables
    used: ReleaseSpan = ANY_RELEASE
    _classes: dict[str, ModelClass | None] = msgspec.field(default_factory=dict)

    @cached_property
    def span(self) -> ReleaseSpan:
        """The releases in question, within those that the model speaks of."""
        lowest = parse_release(self.tables.header.lowest)
        newest = parse_release(self.tables.header.newest)
        low, high = self.used
        if low is None or (lowest is not None and low < lowest):
            return ReleaseSpan(lowest, newest)
        if newest is not None:
            low = min(low, newest)
            high = newest if high is None else min(high, newest)
        return ReleaseSpan(low, high)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """
        Other names of classes and modules, and what they stand for. A name that stood for several
        classes stands for the one of the versions in question; else for what the head says, if so.
        """
        targets: dict[str, set[str]] = {}
        for name, tables in self.tables.classes.items():
            for other in {other for table in self._possible(tables) for other in table.also}:
                targets.setdefault(other, set()).add(name)
        certain = {other: next(iter(names)) for other, names in targets.items() if len(names) == 1}
        return {**self.tables.header.aliases, **certain}

    def find_class(self, name: str) -> ModelClass | None:
        """
        The class of this qualified name, in the versions in question.

        Raises:
            ModelError: Its member lines or release numbers cannot be read.
        """
        if name not in self._classes:
            self._classes[name] = self._build_class(name)
        return self._classes[name]

    def _build_class(self, name: str) -> ModelClass | None:
        shapes = self._possible(self.tables.classes.get(name, ()))
        if not shapes:
            return None
        hooks = self._merged_hooks(name)
        members, uncertain = self._members(shapes)
        newest = shapes[-1]
        errors = self._certain(self.tables.errors.get(name, ()))
        resources = self._certain(self.tables.resources.get(name, ()))
        workers = self._certain(self.tables.workers.get(name, ()))
        return ModelClass(
            name=name,
            library=self.tables.header.library,
            bases=newest.bases or (() if name == _ROOT else (_ROOT,)),
            bases_known=len({_material_bases(shape) for shape in shapes}) == 1,
            metaclass=newest.metaclass if len({shape.metaclass for shape in shapes}) == 1 else "",
            members=_with_hooks(members, hooks),
            uncertain=uncertain,
            complete=all(shape.complete for shape in shapes),
            solid=all(shape.solid for shape in shapes),
            unchecked=all(shape.unchecked for shape in shapes),
            protocol=all(shape.protocol for shape in shapes),
            final=all(shape.final for shape in shapes),
            enum=all(shape.enum for shape in shapes),
            hooks=hooks,
            worker_roles=workers[0] if workers else None,
            resource=resources[0] if resources else None,
            tier=errors[0].tier if errors else None,
        )

    def find_call(self, name: str, member: ModelMember | None = None) -> ModelFunction | None:
        """The stated facts of a call by its qualified name; None when nothing is stated."""
        calls = self._possible(self.tables.calls.get(name, ()))
        if not calls or not covers([self._holding(call) for call in calls], self.span):
            return None
        return ModelFunction(name, self.tables.header.library, member, _agreed(calls))

    def find_delivery(self, name: str) -> DeliveryTable | None:
        """What is stated, for every release in question, of deliveries that this class carries."""
        certain = self._certain(self.tables.deliveries.get(name, ()))
        return certain[0] if len(certain) == 1 else None

    def _possible(self, tables: Iterable[_TableType]) -> list[_TableType]:
        """Tables that hold in some release in question."""
        return [table for table in tables if self._holding(table).holds(self.span) != "no"]

    def _certain(self, tables: Iterable[_TableType]) -> list[_TableType]:
        """Tables that hold in every release in question."""
        return [table for table in tables if self._holding(table).holds(self.span) == "yes"]

    def _holding(self, table: Table) -> Holding:
        changes = [Change.parse(text) if text else None for text in (table.since, table.until)]
        for text, change in zip((table.since, table.until), changes, strict=True):
            if text and change is None:
                raise self._error(table, f"{text!r} is no release")
        return Holding(*changes)

    def _merged_hooks(self, name: str) -> HookTable:
        certain = self._certain(self.tables.hooks.get(name, ()))
        return HookTable(
            name=name,
            required=tuple(hook for table in certain for hook in table.required),
            optional=tuple(hook for table in certain for hook in table.optional),
            final=tuple(hook for table in certain for hook in table.final),
        )

    def _members(self, shapes: list[ClassTable]) -> tuple[dict[str, ModelMember], frozenset[str]]:
        """Members on which all possible shapes agree, and the names of the others."""
        per_shape = [self._shape_members(shape) for shape in shapes]
        uncertain = {name for _, unsure in per_shape for name in unsure}
        agreed: dict[str, ModelMember] = {}
        for name in dict.fromkeys(name for members, _ in per_shape for name in members):
            variants = [members[name] for members, _ in per_shape if name in members]
            merged = merge_variants(variants) if len(variants) == len(per_shape) else None
            if merged is None or name in uncertain:
                uncertain.add(name)
            else:
                agreed[name] = merged
        return agreed, frozenset(uncertain)

    def _shape_members(self, shape: ClassTable) -> tuple[dict[str, ModelMember], set[str]]:
        variants: dict[str, list[ModelMember]] = {}
        try:
            for member in parse_member_lines(shape.members):
                if member.holding.holds(self.span) != "no":
                    variants.setdefault(member.name, []).append(member)
        except MemberLineError as error:
            raise self._error(shape, str(error)) from None
        members = {}
        for name, same in variants.items():
            merged = merge_variants(same) if covers([member.holding for member in same], self.span) else None
            if merged is not None:
                members[name] = merged
        return members, variants.keys() - members.keys()

    def _error(self, table: Table, message: str) -> ModelError:
        return ModelError(message, self.tables.path, find_name(self.tables.text, table.name))


def _material_bases(shape: ClassTable) -> tuple[str, ...]:
    """The bases that bring members: libraries add the others when they drop an old Python."""
    return tuple(base for base in shape.bases if base not in _IMMATERIAL)


def _agreed(calls: list[CallTable]) -> CallTable:
    """The facts that all tables state alike; what they state differently is unknown."""
    first = msgspec.structs.asdict(calls[0])
    alike = {key: value for key, value in first.items() if all(getattr(call, key) == value for call in calls)}
    return CallTable(**{**alike, "since": "", "until": ""})


def _with_hooks(members: dict[str, ModelMember], hooks: HookTable) -> dict[str, ModelMember]:
    marked = dict(members)
    for hook in {*hooks.required, *hooks.optional, *hooks.final} & members.keys():
        marked[hook] = msgspec.structs.replace(
            members[hook],
            required=hook in hooks.required,
            optional=hook in hooks.optional,
            final=members[hook].final or hook in hooks.final,
        )
    return marked
