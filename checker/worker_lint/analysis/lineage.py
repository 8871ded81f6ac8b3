"""Where a class comes from: its bases, and the method resolution order over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from worker_lint.analysis.entity import Class, External, Target, Value
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.mro import TOO_DEEP, Opaque, linearize
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Ancestor: TypeAlias = Class | ModelClass | Opaque
"""A class in a resolution order: of the project, of a library model, or one of which only the name is known."""

_OBJECT: Final = "builtins.object"
_WITH_METACLASS: Final = ("with_metaclass",)


class Lineage:
    """Bases and resolution orders of one project; answers are computed on demand and kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._bases: dict[Class, tuple[Ancestor, ...]] = {}
        self._looking: set[Class] = set()
        self._orders: dict[Ancestor, tuple[tuple[Ancestor, ...], bool]] = {}
        self._model_cache: dict[str, Ancestor] = {}

    def bases(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The direct bases; `object` is left out where others stand."""
        if isinstance(cls, Class):
            known = self._bases.get(cls)
            if known is None:
                if cls in self._looking:
                    self.project.unsettled.add(cls.path)
                    return ()
                self._looking.add(cls)
                self._bases[cls] = known = self._own_bases(cls)
                self._looking.discard(cls)
            return known
        if isinstance(cls, ModelClass):
            found = tuple(self.outside(base) for base in cls.bases)
            return found if cls.bases_known else (*found, Opaque(f"a base of {cls.name} in some versions"))
        return ()

    def _own_bases(self, cls: Class) -> tuple[Ancestor, ...]:
        found: list[Ancestor] = []
        for expr in cls.node.bases:
            for base in self._base(cls, expr):
                if base not in found:
                    found.append(base)
        return tuple(found) or (self.outside(_OBJECT),)

    def _base(self, cls: Class, expr: ir.Expr) -> tuple[Ancestor, ...]:
        if isinstance(expr, ir.Starred):
            return (Opaque("*bases", internal=True),)
        if isinstance(expr, ir.Call):
            return self._called_base(cls, expr)
        candidates: dict[Ancestor, None] = {}
        for target in self.project.names.at_definition(cls, expr):
            if isinstance(target, Class):
                candidates[target if target is not cls else Opaque(cls.name, internal=True)] = None
            elif isinstance(target, External):
                candidates[self.outside(target.dotted)] = None
            elif isinstance(target, Value) and isinstance(target.expr, ir.Constant):
                continue  # the `Base = None` of a failed optional import
            else:
                candidates[Opaque(ir.dotted_name(expr) or "?", internal=True)] = None
        return self._one_of(tuple(candidates), expr)

    def _one_of(self, candidates: tuple[Ancestor, ...], expr: ir.Expr) -> tuple[Ancestor, ...]:
        """Alternatives of an import: one if they agree, else nothing is known of the base."""
        if len(candidates) == 1:
            return candidates
        modelled = [c for c in candidates if isinstance(c, ModelClass)]
        if modelled and len(modelled) == len(candidates):
            names = {model.name.rpartition(".")[2] for model in modelled}
            if len(names) == 1:
                return (modelled[0],)
        return (Opaque(ir.dotted_name(expr) or "?", internal=True),)

    def _called_base(self, cls: Class, call: ir.Call) -> tuple[Ancestor, ...]:
        """`six.with_metaclass(Meta, Base)`, or a factory of which nothing is known."""
        callee = (ir.dotted_name(call.func) or "").rpartition(".")[2]
        if callee in _WITH_METACLASS and call.args:
            found: list[Ancestor] = []
            for argument in call.args[1:]:
                found.extend(self._base(cls, argument))
            return tuple(found)
        if callee == "namedtuple":
            return (self.outside("builtins.tuple"),)
        return (Opaque(callee or "?", internal=True),)

    def outside(self, dotted: str) -> Ancestor:
        """A class outside the project: its model, its source in a configured environment, or its name alone."""
        known = self._model_cache.get(dotted)
        if known is None:
            outside = self.project.store.find_outside
            known = self.project.models.find_class(dotted) or self.named(dotted, outside) or Opaque(dotted)
            self._model_cache[dotted] = known
            if isinstance(known, ModelClass):
                known = self._model_cache.setdefault(known.name, known)
                self._model_cache[dotted] = known
        return known

    def named(self, dotted: str, find: Callable[[str], str | None]) -> Class | None:
        """The class of a dotted name, re-exports followed; `find` gives the files of modules."""
        names: list[str] = []
        module = dotted
        while "." in module:
            module, _, last = module.rpartition(".")
            names.insert(0, last)
            path = find(module)
            found = self.project.module(path) if path is not None else None
            if found is not None:
                targets: tuple[Target, ...] = (found,)
                for name in names:
                    targets = tuple(item for target in targets for item in self.project.names.attribute(target, name))
                return targets[0] if len(targets) == 1 and isinstance(targets[0], Class) else None
        return None

    def order(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The method resolution order, the class itself first."""
        return self._order(cls)[0]

    def consistent(self, cls: Ancestor) -> bool:
        """Whether Python would accept the order of the bases."""
        return self._order(cls)[1]

    def _order(self, cls: Ancestor) -> tuple[tuple[Ancestor, ...], bool]:
        known = self._orders.get(cls) if isinstance(cls, Class) else None
        if known is None:
            known = linearize(cls, self.bases) or self._too_deep(cls)
            if isinstance(cls, Class):
                self._orders[cls] = known
        return known

    def _too_deep(self, cls: Ancestor) -> tuple[tuple[Ancestor, ...], bool]:
        if isinstance(cls, Class):
            self.project.budget.spent(cls.path, "too many classes stand above a class")
        return (cls, TOO_DEEP), True

    def ancestors(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The order without the class itself."""
        return self.order(cls)[1:]

    def unknown_bases(self, cls: Ancestor) -> tuple[Opaque, ...]:
        """The ancestors of which nothing is known."""
        return tuple(ancestor for ancestor in self.order(cls) if isinstance(ancestor, Opaque))

    def derives_from(self, cls: Ancestor, *dotted: str) -> bool:
        """Whether a class outside the project with one of these names is an ancestor."""
        return any(isinstance(a, (ModelClass, Opaque)) and a.name in dotted for a in self.order(cls))
