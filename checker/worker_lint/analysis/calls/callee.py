"""What a call runs, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.models import ModelFunction
from worker_lint.source import ir


class Runs(NamedTuple):
    """A function of the project that runs; `me` is the class of its `self`, where it is a method."""

    function: Function
    me: Class | None = None


@dataclass(frozen=True, slots=True)
class Callee:
    """
    What a call, or a function handed over as a value, runs.

    Attributes:
        runs: Functions of the project; several where subclasses override a method.
        is_sure: `runs` is exactly one, and it is this one for certain.
        model: The facts of a modelled call.
        receiver: The object before the dot, as far as it is known.
        creates: The class whose object the call makes; `runs` holds its `__init__` then.
        body: A lambda, whose body is an expression of the scope.
        is_bound: The first parameter is filled by the receiver.
        outside: The dotted name of a function outside the project, modelled or not.
    """

    runs: tuple[Runs, ...] = ()
    is_sure: bool = False
    model: ModelFunction | None = None
    receiver: Instance | None = None
    creates: Class | External | None = None
    body: ir.Lambda | None = None
    is_bound: bool = False
    outside: str = ""

    @property
    def is_known(self) -> bool:
        """Whether anything is known of what runs."""
        return bool(self.runs or self.model or self.creates or self.body)

    @property
    def dotted(self) -> str:
        """The qualified name of a call that leaves the project, or ""."""
        return self.outside if self.model is None else self.model.name


NOBODY: Final = Callee()
"""Nothing is known of what runs."""


def is_stand_in(callee: Callee) -> bool:
    """Whether what runs is only declared: an abstract method, or one that raises NotImplementedError."""
    return any(is_abstract(runs.function) for runs in callee.runs)


def is_abstract(function: Function) -> bool:
    """Whether a function only declares what subclasses do."""
    names = {(ir.dotted_name(decorator) or "").rpartition(".")[2] for decorator in function.node.decorators}
    return "abstractmethod" in names or function.node.shape.startswith("not-implemented")
