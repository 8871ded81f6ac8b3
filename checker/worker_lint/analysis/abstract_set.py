"""The abstract members that are left in a class, computed as ABCMeta computes `__abstractmethods__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from worker_lint.analysis.entity import Class
from worker_lint.analysis.lineage import Ancestor
from worker_lint.analysis.lookup import Found, Lookup
from worker_lint.analysis.member import Member
from worker_lint.analysis.metaclass import Enforced, Metaclasses
from worker_lint.analysis.models import ModelClass, ModelMember
from worker_lint.analysis.mro import TOO_DEEP, Opaque

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class AbstractSet(msgspec.Struct, frozen=True):
    """The abstract members left in a class: `left` for certain, `unsure` perhaps."""

    left: dict[str, Found]
    unsure: frozenset[str] = frozenset()
    enforced: Enforced = "yes"


class AbstractSets(Lookup, Metaclasses):
    """What each class still owes."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._abstract: dict[Ancestor, AbstractSet] = {}

    def abstract(self, cls: Ancestor) -> AbstractSet:
        """The abstract members left, computed as ABCMeta computes `__abstractmethods__`."""
        if not isinstance(cls, Class):
            return self._abstract_set(cls)
        known = self._abstract.get(cls)
        if known is None:
            # The bases stand behind their classes in the order: from its end on, each finds its own done.
            for ancestor in reversed(self.order(cls)):
                if isinstance(ancestor, Class) and ancestor not in self._abstract:
                    self._abstract[ancestor] = AbstractSet({}, enforced="unknown")
                    self._abstract[ancestor] = self._abstract_set(ancestor)
            known = self._abstract[cls]
        return known

    def _abstract_set(self, cls: Ancestor) -> AbstractSet:
        if isinstance(cls, Opaque) or self.order(cls)[-1] is TOO_DEEP:
            return AbstractSet({}, enforced="unknown")
        enforced = self.enforced(cls)
        if enforced == "no":
            return AbstractSet({}, enforced="no")
        left: dict[str, Found] = {}
        unsure: set[str] = set()
        for base in self.bases(cls):
            inherited = self.abstract(base)
            for name in (*inherited.left, *inherited.unsure):
                self._judge(cls, name, left, unsure, doubtful=name in inherited.unsure)
        for name, members in self._own_names(cls):
            flags = {member.abstract for member in members}
            if flags == {True}:
                left[name] = Found(members[0], cls)
            elif flags != {False}:
                unsure.add(name)
        return AbstractSet(left, frozenset(unsure - left.keys()), enforced)

    def _own_names(self, cls: Class | ModelClass) -> list[tuple[str, tuple[Member | ModelMember, ...]]]:
        if isinstance(cls, Class):
            return [(name, tuple(members)) for name, members in self.members(cls).items()]
        return [(name, (member,)) for name, member in cls.members.items()]

    def _judge(self, cls: Ancestor, name: str, left: dict[str, Found], unsure: set[str], *, doubtful: bool) -> None:
        found = self.find(cls, name)
        if found is None or found.abstract is None or (found.abstract and doubtful):
            unsure.add(name)
        elif found.abstract and (not found.sure or self._could_be_supplied(cls, found)):
            unsure.add(name)
        elif found.abstract:
            left[name] = found

    def _could_be_supplied(self, cls: Ancestor, found: Found) -> bool:
        """
        An unknown base behind the definition in our order may in truth stand before it: if it
        could be anything, or if the definition is of a library that it may derive from as well.
        """
        unknown = self.unknown_bases(cls)
        if not unknown:
            return False
        return isinstance(found.owner, ModelClass) or any(base.internal for base in unknown)
