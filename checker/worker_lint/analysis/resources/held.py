"""What is held: a field or local with its duty, where it begins, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.places import Use
from worker_lint.analysis.resources.duty import Duty
from worker_lint.source import ir

EndKind: TypeAlias = Literal["release", "request", "wait", "context", "registered", "helper", "other"]
"""`registered`: the method is handed to something that will call it; `other`: a stop-like method of no model."""


class Site(NamedTuple):
    """A place in the code: the block it stands in, and its span."""

    function: Function
    at: ir.At

    @property
    def method(self) -> Function:
        """The outermost function around it: a method, for fields."""
        current = self.function
        while isinstance(current.parent, Function):
            current = current.parent
        return current


class End(NamedTuple):
    """Something that ends the object, wholly or in part; `name` is the method."""

    site: Site
    kind: EndKind
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """
    A field or local that holds what this code made.

    Attributes:
        place: `("self", name)` for a field, `(name,)` for a local.
        duty: What must be done with it.
        created: Where it is made.
        acquired: Where its release becomes due: the creation, or a call such as `start`.
        ends: What ends it, anywhere in the class, its bases and its subclasses.
        escapes: Uses that may give it to somebody else, who may end it.
        cls: The class whose methods make it; None for a local.
        is_collection: The place is a collection of such objects.
        derived_from: The place of what it was made by, such as a channel's connection.
        reachable_outside: Code outside the class ends it, or may do so.
    """

    place: Place
    duty: Duty
    created: tuple[Site, ...]
    acquired: tuple[Site, ...]
    ends: tuple[End, ...]
    escapes: tuple[Use, ...]
    cls: Class | None = None
    is_collection: bool = False
    derived_from: Place | None = None
    reachable_outside: bool = False

    @property
    def name(self) -> str:
        """How the code writes it: `self._thread`."""
        return ".".join(self.place)

    @property
    def is_ours(self) -> bool:
        """Whether nobody else can be meant to end it."""
        return not self.escapes and not self.reachable_outside
