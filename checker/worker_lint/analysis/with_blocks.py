"""Classes whose objects live in `with` blocks only: nothing but the way out of the block ends them."""

from __future__ import annotations

from worker_lint.analysis.entity import Class
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir


def lives_in_with(cls: Class) -> bool:
    """Whether the project makes objects of the class, and each of them as what a `with` block begins with."""
    found = False
    for call in cls.project.uses.creations(cls):
        items = (item for guard in call.guards if isinstance(guard, ir.With) for item in guard.items)
        if not any(encloses(item.context.at, call.node.at) for item in items):
            return False
        found = True
    return found
