"""
Inheritance: bases, resolution order, inherited members, metaclasses, abstract sets, subclasses.

All answers have three values in some way: a definition, its proven absence, or unknown. Each kind of
question has a module of its own; this one joins them.
"""

from __future__ import annotations

from worker_lint.analysis.abstract_set import AbstractSet, AbstractSets
from worker_lint.analysis.entity import Class, Target, Unknown
from worker_lint.analysis.lineage import Ancestor
from worker_lint.analysis.lookup import Found
from worker_lint.analysis.metaclass import Enforced, metaclass_exprs
from worker_lint.analysis.subclasses import Subclasses

__all__ = ["AbstractSet", "Ancestor", "Enforced", "Found", "Hierarchy", "metaclass_exprs"]


class Hierarchy(AbstractSets, Subclasses):
    """The class graph of one project; answers are computed on demand and kept."""

    def defining_below(self, cls: Class, name: str) -> tuple[Class, ...]:
        """The subclasses that define a name in their bodies, near ones first."""
        self.project.store.trail.named_below(name)
        return tuple(sub for sub in self._below(cls) if self.own(sub, name))

    def instance_attribute(self, cls: Class, name: str) -> tuple[Target, ...]:
        """What `self.name` refers to when the class defines it and no subclass defines it anew."""
        found = self.class_attribute(cls, name)
        if all(isinstance(target, Unknown) for target in found):
            return found  # whatever subclasses do; to ask them may take reading thousands of files
        if self.defining_below(cls, name):
            return (Unknown("a subclass may define it"),)
        return found
