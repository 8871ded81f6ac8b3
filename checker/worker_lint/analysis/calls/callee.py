"""What a call runs, as a value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.member import Member
from worker_lint.analysis.models import ModelFunction
from worker_lint.source import ir


class Runs(NamedTuple):
    """A function of the project that runs; `me` is the class of its `self`, where it is a method."""

    function: Function
    me: Class | None = None


@dataclass(frozen=True)
class Callee:
    """
    What a call, or a function handed over as a value, runs.

    Attributes:
        first: Functions of the project that run, but for those that subclasses put in their place.
        is_found: Nothing else can run, unless a subclass overrides a method.
        model: The facts of a modelled call.
        receiver: The object before the dot, as far as it is known.
        creates: The class whose object the call makes; `runs` holds its `__init__` then.
        body: A lambda, whose body is an expression of the scope.
        is_bound: The first parameter is filled by the receiver.
        outside: The dotted name of a function outside the project, modelled or not.
    """

    first: tuple[Runs, ...] = ()
    is_found: bool = False
    model: ModelFunction | None = None
    receiver: Instance | None = None
    creates: Class | External | None = None
    body: ir.Lambda | None = None
    is_bound: bool = False
    outside: str = ""
    overrides: Callable[[], tuple[Runs, ...]] | None = field(default=None, compare=False)

    @cached_property
    def runs(self) -> tuple[Runs, ...]:
        """
        Functions of the project; several where subclasses override a method. These are looked for when somebody
        asks: below a class that everything derives from there are thousands of files to read.
        """
        return tuple(dict.fromkeys((*self.first, *self.overrides()))) if self.overrides is not None else self.first

    @property
    def is_sure(self) -> bool:
        """Whether `runs` is exactly one, and it is this one for certain."""
        return self.is_found and (self.overrides is None or len(self.runs) == 1)

    @property
    def is_single(self) -> bool:
        """Whether one function of the project runs, `runs[0]`, and no other one can."""
        return self.is_sure and len(self.runs) == 1

    def runs_function(self, function: Function) -> bool:
        """Whether a function is among `runs`; subclasses are not asked for where it cannot be."""
        if any(runs.function is function for runs in self.first):
            return True
        if self.overrides is None or not any(_may_override(function, runs.function.name) for runs in self.first):
            return False
        return any(runs.function is function for runs in self.runs)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of what runs."""
        return bool(self.first or self.model or self.creates or self.body)

    @property
    def dotted(self) -> str:
        """The qualified name of a call that leaves the project, or ""."""
        return self.outside if self.model is None else self.model.name


NOBODY: Final = Callee()
"""Nothing is known of what runs."""


def _may_override(function: Function, name: str) -> bool:
    """Whether a class has the function under this name."""
    if function.owner is None:
        return False
    members = function.project.hierarchy.own(function.owner, name)
    parts = (member.parts for member in members if isinstance(member, Member))
    return any(part[0].name_at == function.node.name_at for part in parts if part)


def is_stand_in(callee: Callee) -> bool:
    """Whether what runs is only declared: an abstract method, or one that raises NotImplementedError."""
    return any(is_abstract(runs.function) for runs in callee.runs)


def is_abstract(function: Function) -> bool:
    """Whether a function only declares what subclasses do."""
    names = {(ir.dotted_name(decorator) or "").rpartition(".")[2] for decorator in function.node.decorators}
    return "abstractmethod" in names or function.node.shape.startswith("not-implemented")
