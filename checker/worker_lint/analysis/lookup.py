"""Looking a member up along the resolution order, as Python does, with what is unknown kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from worker_lint.analysis.class_decorator import ClassDecorators
from worker_lint.analysis.entity import Class, Target, Unknown
from worker_lint.analysis.lineage import Ancestor
from worker_lint.analysis.member import Member, members_of
from worker_lint.analysis.models import ModelClass, ModelMember
from worker_lint.analysis.mro import Opaque

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Found(msgspec.Struct, frozen=True):
    """
    A member found along the resolution order. `sure` is False when an unknown base that comes
    earlier, or a branch of the class body, may supply another one.
    """

    member: Member | ModelMember
    owner: Class | ModelClass
    sure: bool = True

    @property
    def abstract(self) -> bool | None:
        """Whether it is abstract; None when that cannot be told."""
        return self.member.abstract


class Lookup(ClassDecorators):
    """The members of the project's classes, own and inherited."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._members: dict[Class, dict[str, tuple[Member, ...]]] = {}
        self._listing: dict[Class, None] = {}

    def members(self, cls: Class) -> dict[str, tuple[Member, ...]]:
        """What the class body itself binds."""
        known = self._members.get(cls)
        if known is None:
            if cls in self._listing:  # a class whose body names a member of its own, through itself or another class
                if cls is not next(reversed(self._listing)):
                    self.project.unsettled.add(cls.path)
                return {}
            self._listing[cls] = None
            self._members[cls] = known = members_of(cls)
            del self._listing[cls]
        return known

    def own(self, cls: Ancestor, name: str) -> tuple[Member | ModelMember, ...]:
        """The alternatives of a member that the class itself defines."""
        if isinstance(cls, Class):
            return self.members(cls).get(name, ())
        if isinstance(cls, ModelClass):
            member = cls.members.get(name)
            return (member,) if member is not None and not member.instance else ()
        return ()

    def find(self, cls: Ancestor, name: str, *, after: Ancestor | None = None) -> Found | None:
        """
        The definition that attribute look-up on the class finds; None when there is none or an
        unknown base hides the answer (`may_have` tells these apart). `after` starts behind an
        ancestor, as `super()` does.
        """
        order = self.order(cls)
        if after is not None:
            order = order[order.index(after) + 1 :] if after in order else ()
        sure = True
        for ancestor in order:
            alternatives = self.own(ancestor, name)
            if alternatives and not isinstance(ancestor, Opaque):
                chosen = self._least_abstract(alternatives)
                return Found(chosen, ancestor, sure and len(alternatives) == 1)
            if self._may_hide(ancestor, name):
                sure = False
        return None

    def _least_abstract(self, alternatives: tuple[Member | ModelMember, ...]) -> Member | ModelMember:
        return min(alternatives, key=lambda member: {False: 0, None: 1, True: 2}[member.abstract])

    def _may_hide(self, ancestor: Ancestor, name: str) -> bool:
        if isinstance(ancestor, Opaque):
            return True
        if isinstance(ancestor, ModelClass):
            return name in ancestor.uncertain or not ancestor.complete
        return self.opaque_decorators(ancestor) or name in self.supplied_by_decorator(ancestor)

    def may_have(self, cls: Ancestor, name: str) -> bool:
        """Whether the class has the attribute, or an unknown ancestor could give it."""
        if self.find(cls, name) is not None:
            return True
        return any(self._may_hide(ancestor, name) for ancestor in self.order(cls)) or self.is_dynamic(cls)

    def may_inherit(self, cls: Class, name: str) -> bool:
        """Whether a base has the attribute, declares it by an annotation, or is unknown and could give it."""
        order = self.order(cls)
        for ancestor in order[1:]:
            if self.own(ancestor, name) or self._may_hide(ancestor, name):
                return True
            if isinstance(ancestor, Class) and name in ancestor.block.names:
                return True
            if isinstance(ancestor, ModelClass) and name in ancestor.members:
                return True
        return False

    def is_dynamic(self, cls: Ancestor) -> bool:
        """Whether attributes are answered by `__getattr__` or set by the metaclass."""
        for ancestor in self.order(cls):
            if isinstance(ancestor, Class):
                members = self.members(ancestor)
                if "__getattr__" in members or "__getattribute__" in members:
                    return True
        return self.find(cls, "__getattr__") is not None

    def class_attribute(self, cls: Class, name: str) -> tuple[Target, ...]:
        """What `cls.name` refers to: an inner class, a method, or an aliased object."""
        found = self.find(cls, name)
        if found is None or not found.sure or not isinstance(found.owner, Class):
            return (Unknown(),)
        return self.project.names.name(found.owner, name)
