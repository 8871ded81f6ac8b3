"""
What expressions denote: objects of project or modelled classes, methods, functions, collections of them.

    kind = project.values.of(scope, expression)          # Kind; Unknown where assignments disagree
    kind = project.values.field(cls, "_thread")          # what `self._thread` holds in objects of cls
"""

from worker_lint.analysis.values.bindings import Bindings, Source
from worker_lint.analysis.values.fields import Assigned, Fields
from worker_lint.analysis.values.kind import (
    ABSENT,
    UNKNOWN,
    Absent,
    Awaitable,
    Bound,
    Context,
    Items,
    Kind,
    Partial,
    Super,
    join,
)
from worker_lint.analysis.values.made import made_by
from worker_lint.analysis.values.values import Values

__all__ = [
    "ABSENT",
    "UNKNOWN",
    "Absent",
    "Assigned",
    "Awaitable",
    "Bindings",
    "Bound",
    "Context",
    "Fields",
    "Items",
    "Kind",
    "Partial",
    "Source",
    "Super",
    "Values",
    "join",
    "made_by",
]
