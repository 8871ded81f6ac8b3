"""What a name can stand for: modules, classes and functions of the project, and things outside it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from worker_lint.analysis.scope import BlockScan
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class External(msgspec.Struct, frozen=True):
    """Something outside the project, by its dotted name; models may know it."""

    dotted: str


class Unknown(msgspec.Struct, frozen=True):
    """A verdict, not a failure: the tool cannot tell, and says nothing that depends on it."""

    reason: str = ""


class Instance(msgspec.Struct, frozen=True):
    """An object of a class; `exact` when it was just created, else it may be of a subclass."""

    of: Class | External
    exact: bool = False


class Value(msgspec.Struct, frozen=True, eq=False):
    """The value of an expression that is none of the others, such as a display of classes."""

    expr: ir.Expr
    scope: Scope


class Scope:
    """A block in which names are looked up: module, class or function."""

    project: Project
    path: str
    parent: Scope | None
    qualname: str

    @cached_property
    def block(self) -> BlockScan:
        """The bindings of the block."""
        return BlockScan(self.statements)

    @property
    def statements(self) -> tuple[ir.Stmt, ...]:
        """The block's statements."""
        raise NotImplementedError

    @property
    def module(self) -> ModuleScope:
        """The module around the block."""
        scope: Scope = self
        while scope.parent is not None:
            scope = scope.parent
        if not isinstance(scope, ModuleScope):
            raise TypeError(f"{scope.qualname} stands in no module")
        return scope

    @property
    def symbol(self) -> str:
        """The dotted name with the module's name in front."""
        name = self.module.name
        return f"{name}.{self.qualname}" if self.qualname else name


class ModuleScope(Scope):
    """A file of the project as a module."""

    def __init__(self, project: Project, path: str, name: str, record: ir.Module) -> None:
        self.project = project
        self.path = path
        self.parent = None
        self.qualname = ""
        self.name = name
        self.record = record

    @property
    def statements(self) -> tuple[ir.Stmt, ...]:
        """The module's statements."""
        return self.record.body

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return self.path.rpartition("/")[2].startswith("__init__.")

    @cached_property
    def exported(self) -> tuple[str, ...] | None:
        """The names of a literal `__all__`; None when there is none or it cannot be read."""
        names: list[str] = []
        found = False
        for binding in self.block.names.get("__all__", ()):
            if not isinstance(binding.node, ir.Collection):
                return None
            found = True
            names.extend(str(item.value) for item in binding.node.items if isinstance(item, ir.Constant))
        return tuple(names) if found else None

    def __repr__(self) -> str:
        return f"<module {self.name}>"


class Definition(Scope):
    """A scope with a name of its own, written inside another one."""

    node: ir.FunctionDef | ir.ClassDef

    def __init__(self, parent: Scope, node: ir.FunctionDef | ir.ClassDef) -> None:
        self.project = parent.project
        self.path = parent.path
        self.parent = parent
        self.node = node
        self.qualname = _nested_name(parent, node.name)

    @property
    def name(self) -> str:
        """The bare name."""
        return self.node.name


class Function(Definition):
    """A function or method of the project."""

    node: ir.FunctionDef

    @property
    def owner(self) -> Class | None:
        """The class whose body holds the definition."""
        return self.parent if isinstance(self.parent, Class) else None

    @cached_property
    def body(self) -> tuple[ir.Stmt, ...]:
        """The statements of the body, extracted when first asked for."""
        if self.node.body is not None:
            return self.node.body
        return self.project.store.body(self.path, self.node)

    @property
    def statements(self) -> tuple[ir.Stmt, ...]:
        """The statements of the body."""
        return self.body

    def __repr__(self) -> str:
        return f"<function {self.symbol}>"


class Class(Definition):
    """A class of the project. What is inherited is answered by `analysis.hierarchy`."""

    node: ir.ClassDef

    @property
    def statements(self) -> tuple[ir.Stmt, ...]:
        """The statements of the class body."""
        return self.node.body

    def __repr__(self) -> str:
        return f"<class {self.symbol}>"


Target: TypeAlias = ModuleScope | Class | Function | External | Instance | Value | Unknown


def _nested_name(parent: Scope, name: str) -> str:
    """The qualified name, without `<locals>`: what a person would say."""
    return f"{parent.qualname}.{name}" if parent.qualname else name
