"""What a model says about one class or function, for the versions in question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from worker_lint.analysis.models.member import ModelMember
from worker_lint.analysis.models.table import (
    CallTable,
    HookTable,
    ResourceTable,
    SecondCall,
    Settlement,
    ThreadRule,
    Tier,
    WorkerTable,
)


class ModelClass(Struct, frozen=True, eq=False):
    """
    A class of a modelled library. In one run there is one object per class, whatever it is called by.

    Attributes:
        name: Its qualified name, by which `bases` of other classes call it.
        library: The distribution it comes from; `python` for the standard library.
        bases: Qualified names of all direct bases, in order; empty only for `object`.
        bases_known: False where the bases differ between the versions in question.
        metaclass: Qualified name; "" where it differs between the versions in question.
        members: The members that the class itself defines in every version in question.
        uncertain: Names that it defines, or defines so, only in some of them.
        complete: Nothing besides `members` and `uncertain` is defined by the class itself.
        solid: It has an instance layout of its own.
        unchecked: Its `__new__` lets abstract classes be instantiated.
        protocol: It is a protocol class.
        final: It cannot be subclassed, or must not be.
        enum: It has enum members, so it cannot be subclassed.
        hooks: Methods that a subclass must, may or must not override.
        worker_roles: Where its subclasses are workers, their methods by role.
        resource: Its objects must be released, and how.
        tier: For an exception, what it calls for.
    """

    name: str
    library: str
    bases: tuple[str, ...]
    bases_known: bool
    metaclass: str
    members: Mapping[str, ModelMember]
    uncertain: frozenset[str]
    complete: bool
    solid: bool
    unchecked: bool
    protocol: bool
    final: bool
    enum: bool
    hooks: HookTable
    worker_roles: WorkerTable | None = None
    resource: ResourceTable | None = None
    tier: Tier | None = None

    @property
    def worker(self) -> bool:
        """Whether subclasses of it are workers."""
        return self.worker_roles is not None

    @property
    def roles(self) -> tuple[str, ...]:
        """What objects of it are: `worker`, and the role of the resource."""
        found = ["worker"] if self.worker else []
        if self.resource is not None:
            found.append(self.resource.role)
        return tuple(found)

    @property
    def abstract_names(self) -> tuple[str, ...]:
        """Members that the class itself declares abstract, in order of definition."""
        return tuple(member.name for member in self.members.values() if member.abstract)


_NOTHING = CallTable(name="")


class ModelFunction(Struct, frozen=True):
    """
    A function, method or constructor of a modelled library. None and "" are unknown.

    Attributes:
        name: Its qualified name, with the class that defines it.
        library: The distribution it comes from.
        member: The shape, where it is a method.
        facts: All that the model says, see `worker_lint.analysis.models.table.CallTable`.
    """

    name: str
    library: str
    member: ModelMember | None = None
    facts: CallTable = _NOTHING

    @property
    def returns(self) -> str:
        """Qualified class of the result."""
        return self.facts.returns

    @property
    def raises(self) -> tuple[str, ...] | Literal["never"] | None:
        """Classes of what it may raise."""
        return self.facts.raises

    @property
    def coroutine(self) -> bool | None:
        """Whether the call must be awaited."""
        if self.facts.coroutine is None and self.member is not None and self.member.kind != "attribute":
            return self.member.asynchronous and not self.member.generator
        return self.facts.coroutine

    @property
    def blocking(self) -> bool | None:
        """Whether it may wait for something outside."""
        return self.facts.blocking

    @property
    def releases(self) -> tuple[str, ...]:
        """What it releases: `self`, `children`, or parameters."""
        return self.facts.releases

    @property
    def second_call(self) -> SecondCall | None:
        """What calling it again does."""
        return self.facts.second_call

    @property
    def idempotent(self) -> bool | None:
        """Whether a second call does nothing."""
        return None if self.facts.second_call is None else self.facts.second_call == "nothing"

    @property
    def thread_safety(self) -> ThreadRule | None:
        """Who may call it."""
        return self.facts.thread

    @property
    def signal_safety(self) -> bool | None:
        """Whether a signal handler may call it."""
        return self.facts.signal_safe

    def position(self, name: str) -> int | None:
        """The position of a parameter among the arguments of a call on an object; None when it must be named."""
        if self.facts.parameters:
            return self.facts.parameters.index(name) if name in self.facts.parameters else None
        if self.member is None or self.member.signature is None:
            return None
        known = [each.name for each in self.member.signature.parameters if each.kind in ("positional", "either")][1:]
        return known.index(name) if name in known else None

    @property
    def settles(self) -> Settlement | None:
        """How it settles a delivery."""
        return self.facts.settles
