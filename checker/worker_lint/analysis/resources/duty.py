"""What must be done with an object before it is dropped: the duty that comes with its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from worker_lint.analysis.entity import Class, External, Instance
from worker_lint.analysis.models import ModelClass, ResourceTable, Role
from worker_lint.analysis.values import Awaitable, Items, Kind

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

DutyRole: TypeAlias = Role | Literal["worker"]

NETWORK: Final[frozenset[DutyRole]] = frozenset({"connection", "channel", "consumer", "producer"})
"""Roles whose release talks to somebody, and so may fail."""

RUNNING: Final[frozenset[DutyRole]] = frozenset({"thread", "process", "timer", "task"})
"""Roles of what runs by itself until it is asked to end."""


@dataclass(frozen=True, slots=True)
class Duty:
    """
    The duty of objects of one class.

    Attributes:
        name: The class's qualified name.
        role: What it is; `worker` for a class of the project that holds resources itself.
        acquired: Methods that make it due; `__init__` when creating it does.
        release: Methods of which one fulfils it.
        request: Methods that only ask it to end.
        wait: Methods that wait for its end.
        context: Leaving it as a context manager fulfils it; None when that is unknown.
        closes_children: Its release also releases what was derived from it.
        collected: Dropping the last reference closes it at once.
        cls: The class of the project, where it is one.
        model: The modelled class that the duty comes from, if any.
    """

    name: str
    role: DutyRole
    acquired: tuple[str, ...]
    release: tuple[str, ...]
    request: tuple[str, ...] = ()
    wait: tuple[str, ...] = ()
    context: bool | None = None
    closes_children: bool = False
    collected: bool = False
    cls: Class | None = None
    model: ModelClass | None = None

    @property
    def ends(self) -> frozenset[str]:
        """All methods with which one gets rid of it, wholly or in part."""
        return frozenset((*self.release, *self.request, *self.wait))

    @property
    def when_created(self) -> bool:
        """Whether it is due as soon as it exists."""
        return "__init__" in self.acquired

    @property
    def is_executor(self) -> bool:
        """Whether it runs jobs in threads or processes of its own."""
        return self.model is not None and "submit" in self.model.members

    @property
    def takes_work(self) -> bool:
        """Whether it is an executor or scheduler, whose threads are what is left behind."""
        return self.model is not None and not {"submit", "apply_async", "add_job"}.isdisjoint(self.model.members)


def modelled_duty(project: Project, kind: Kind) -> Duty | None:
    """The duty that a library model states for objects of this kind, or of the items of a collection."""
    while isinstance(kind, (Items, Awaitable)):
        kind = kind.of
    if not isinstance(kind, Instance):
        return None
    if isinstance(kind.of, External):
        model = project.models.find_class(kind.of.dotted)
        order = project.models.resolution_order(model.name) or (model,) if model is not None else ()
        return next((_duty(each.name, each, each.resource) for each in order if each.resource is not None), None)
    for ancestor in project.hierarchy.order(kind.of):
        if isinstance(ancestor, ModelClass) and ancestor.resource is not None:
            return _duty(kind.of.symbol, ancestor, ancestor.resource, kind.of)
    return None


def owns_socket(project: Project, kind: Kind) -> bool:
    """Whether it is a stream of asyncio, whose transport closes the socket below it, whoever made that one."""
    duty = modelled_duty(project, kind)
    return duty is not None and duty.name.startswith("asyncio.") and duty.role == "connection"


def _duty(name: str, model: ModelClass, table: ResourceTable, cls: Class | None = None) -> Duty:
    return Duty(
        name,
        table.role,
        table.acquired,
        table.release,
        table.request,
        table.wait,
        table.context,
        bool(table.closes_children),
        bool(table.collected),
        cls,
        model,
    )
