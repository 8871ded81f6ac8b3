"""
Exception classes as except clauses name them, and the tier that each belongs to.

A tier is data: the project's settings first, then `[[error]]` in the library models. A class
without one has that of its nearest base; classes of the project are placed by their bases.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Scope, Value
from worker_lint.analysis.models import ModelClass, Tier
from worker_lint.analysis.tiers.placing import Placing
from worker_lint.analysis.tiers.sites import Sites, TrySite
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

ROOT: Final = "BaseException"
BROAD: Final = frozenset({"Exception", ROOT})


class Tiers:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.errors = project.routines.errors
        self._sites = Sites(project)
        self._tiers: dict[str, Tier | None] = {}
        self.placing = Placing(project, project.stated_tiers)

    def sites(self, path: str, shape: str = "") -> tuple[TrySite, ...]:
        """
        The `try` statements of a file. With a shape, which is a word of the screen, those in functions without it may
        be missing: most need not be parsed to know that.
        """
        return self._sites.of(path, shape)

    def caught(self, scope: Scope, handler: ir.Handler) -> tuple[str | None, ...]:
        """The classes that a clause takes, by their canonical names; None for each that is not known."""
        return (ROOT,) if handler.exception is None else self.named(scope, handler.exception)

    def named(self, scope: Scope, expression: ir.Expr) -> tuple[str | None, ...]:
        """The exception classes that an expression stands for: a class, or a tuple of classes."""
        if isinstance(expression, ir.Collection):
            return tuple(name for item in expression.items for name in self.named(scope, item))
        if isinstance(expression, ir.Starred):
            return self.named(scope, expression.value)
        targets = self.project.names.expr(scope, expression)
        if len(targets) != 1:
            return (None,)
        match targets[0]:
            case Value(expr=ir.Collection() as display, scope=home):
                return self.named(home, display)
            case Class() | External() as target:
                return (self.name_of(target),)
            case _:
                return (None,)

    def name_of(self, target: Class | External) -> str | None:
        """The canonical name of an exception class; None when it is none, as far as is known."""
        name = self.errors.name_of(target) if isinstance(target, Class) else target.dotted
        return self.errors.canonical(name) if self.errors.is_known(name) else None

    def bound_name(self, scope: Scope, name: str) -> str | None:
        """The name under which the scope's module imports the class of this canonical name; None where it does not."""
        for bound, bindings in scope.module.block.names.items():
            if all(one.kind == "import" for one in bindings):
                if self.named(scope, ir.Name((1, 1, 1, 1), bound)) == (name,):
                    return bound
        return None

    def is_class(self, name: str, above: str) -> bool:
        """Whether the one class is, or derives from, the other."""
        return self.errors.is_subclass(name, above)

    def is_also(self, name: str, builtin: str) -> bool:
        """
        Whether the class or one of its subclasses in its library derives from the builtin class, too: a clause for
        that one then takes what a call raises that is said to raise the class.
        """
        models = self.project.models
        shapes = (models.find_class(one) for one in models.classes_beside(name))
        below = (one.name for one in shapes if one is not None and self.is_class(one.name, name))
        return self.is_class(name, builtin) or any(self.is_class(one, builtin) for one in below)

    def is_open(self, name: str) -> bool:
        """Whether not all bases of the class are known, so that it may be more than it seems."""
        for each in self.errors.ancestors(name):
            model = self.model(each)
            if model is not None:
                if not model.bases_known:
                    return True
                continue
            cls = self.errors.own(each)
            if cls is None or any(not isinstance(base, (Class, ModelClass)) for base in _bases(cls)):
                return True
        return False

    def model(self, name: str) -> ModelClass | None:
        """The model of an exception class by its canonical name."""
        return self.project.models.find_class(name if "." in name else f"builtins.{name}")

    def tier(self, name: str) -> Tier | None:
        """The tier of a class, its own or that of the nearest class above it."""
        if name not in self._tiers:
            self._tiers[name] = None  # ends the walk when bases are written in a circle
            self._tiers[name] = self._found_tier(name)
        return self._tiers[name]

    def _found_tier(self, name: str) -> Tier | None:
        placed = self.placing.of.get(name)
        if placed is not None:
            return placed
        model = self.model(name)
        if model is not None and model.tier is not None:
            return model.tier
        return next((tier for base in self.errors.bases(name) if (tier := self.tier(base)) is not None), None)

    def below(self, name: str, tier: Tier) -> tuple[str, ...]:
        """The classes of this tier that a clause for `name` takes besides, by the library's model and the settings."""
        beside = self.project.models.errors_beside(name) if "." in name else {}
        found = dict.fromkeys((*beside, *self.placing.of))
        return tuple(one for one in found if one != name and self.is_class(one, name) and self.tier(one) == tier)

    def is_broad(self, scope: Scope, handler: ir.Handler) -> bool:
        """Whether the clause takes every error there is."""
        return not BROAD.isdisjoint(self.caught(scope, handler))

    def resolves_to(self, scope: Scope, expression: ir.Expr, *names: str) -> bool:
        """Whether an expression stands for one of these functions or classes, by qualified name."""
        targets = self.project.names.expr(scope, expression)
        return len(targets) == 1 and isinstance(targets[0], External) and targets[0].dotted in names


def _bases(cls: Class) -> Iterator[object]:
    yield from cls.project.hierarchy.bases(cls)
