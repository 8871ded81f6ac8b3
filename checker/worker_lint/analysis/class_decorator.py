"""Decorators of classes: which names they add, and which of them may add anything."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.entity import Class
from worker_lint.analysis.lineage import Lineage
from worker_lint.analysis.member import decorator_name
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

_HARMLESS_DECORATORS: Final = frozenset(
    {
        "typing.final",
        "typing.runtime_checkable",
        "typing_extensions.final",
        "typing_extensions.runtime_checkable",
        "typing.type_check_only",
        "enum.unique",
        "six.add_metaclass",
        "six.python_2_unicode_compatible",
        "zope.interface.implementer",
        "warnings.deprecated",
        "typing_extensions.deprecated",
        "dataclasses.dataclass",
        "functools.total_ordering",
        "builtins.staticmethod",
    }
)


class ClassDecorators(Lineage):
    """What the decorators of the project's classes do to them."""

    def decorator_names(self, cls: Class) -> tuple[str | None, ...]:
        """The dotted names of the class decorators; None where one cannot be told."""
        scope = cls.parent or cls
        return tuple(decorator_name(scope, node) for node in cls.node.decorators)  # type: ignore[arg-type]

    def opaque_decorators(self, cls: Class) -> bool:
        """Whether a class decorator may add members that nobody can see."""
        return any(not self._is_transparent(cls, name, node) for name, node in self._decorators(cls))

    def _decorators(self, cls: Class) -> list[tuple[str | None, ir.Expr]]:
        return list(zip(self.decorator_names(cls), cls.node.decorators, strict=True))

    def _is_transparent(self, cls: Class, name: str | None, node: ir.Expr) -> bool:
        if name in _HARMLESS_DECORATORS or (name or "").rpartition(".")[2] in {"add_metaclass", "implementer"}:
            return True
        expr = uncalled(node)
        spelled = (ir.dotted_name(expr) or "").rpartition(".")[2]
        return "register" in spelled.lower() or self.project.returns_class_unchanged(cls, expr)

    def supplied_by_decorator(self, cls: Class) -> frozenset[str]:
        """
        Names that dataclass and attrs add to the class. total_ordering is not among them: it leaves
        alone whatever comparison the class already has, an inherited abstract one included.
        """
        names = self.decorator_names(cls)
        supplied: set[str] = set()
        for name in names:
            top, _, last = (name or "").partition(".")
            if top in {"attr", "attrs", "dataclasses", "pydantic"} or last.endswith("dataclass"):
                supplied |= {field for field, bindings in cls.block.names.items() if bindings[0].annotation is not None}
        return frozenset(supplied)
