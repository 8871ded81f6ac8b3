"""
What an expression needs to mean the same in another file: the imports behind its names.

Used to repeat the signature of an inherited member in a subclass. Whatever cannot be carried
over for certain (names of a class body or of a function, type parameters without an argument)
is None, and the caller leaves the expression out.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from worker_lint.analysis.entity import Class, External, Function, ModuleScope, Scope, Value
from worker_lint.analysis.scope import Binding
from worker_lint.analysis.visit import operands
from worker_lint.source import ir

_BUILTINS: Final = frozenset(dir(builtins))
_TYPE_VARIABLES: Final = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name comes from: `from module import name as bound`, or `import module` without a name."""

    module: str
    name: str
    bound: str
    type_checking: bool = False


@dataclass(frozen=True, slots=True)
class Portable:
    """An expression that can be written in another file, and what must be imported there."""

    expr: ir.Expr
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries expressions out of the class `source` into its subclass `target`."""

    source: Class
    target: Class
    arguments: Mapping[str, ir.Expr]

    @classmethod
    def between(cls, source: Class, target: Class) -> Carrier:
        """A carrier that knows the type arguments that `target` gives its base `source`."""
        return cls(source, target, type_arguments(source, target))

    def carry(self, expr: ir.Expr, function: ir.FunctionDef, *, annotation: bool) -> Portable | None:
        """The expression as the subclass can write it; None when some name cannot be carried over."""
        origins: dict[Origin, None] = {}
        for name in names_read(expr, strings=annotation):
            if name in self.arguments:
                continue
            if name in function.type_params or self._is_bare_type_variable(name):
                return None
            origin = self._origin(name, annotation=annotation)
            if origin is None:
                return None
            if isinstance(origin, Origin):
                origins[origin] = None
        if self.arguments and annotation:
            if any(name in self.arguments for name in _names_in_strings(expr)):
                return None  # the text of a forward reference stays as it is
            expr = _substituted(expr, self.arguments)
        return Portable(expr, tuple(origins))

    def _is_bare_type_variable(self, name: str) -> bool:
        """A type parameter of the base whose argument the subclass leaves open or hides from us."""
        return name in type_parameters(self.source) and name not in type_parameters(self.target)

    def _origin(self, name: str, *, annotation: bool) -> Origin | bool | None:
        """The import that a name needs; True when it needs none; None when it cannot be carried."""
        scope = self._binding_scope(name)
        if scope is None:
            return self._unbound(name)
        if isinstance(scope, ModuleScope):
            if scope.path == self.target.path:
                return True
            return self._imported(scope, name, annotation=annotation)
        return True if _is_within(self.target, scope) and not isinstance(scope, Class) else None

    def _binding_scope(self, name: str) -> Scope | None:
        current: Scope | None = self.source
        while current is not None:
            if name in current.block.names:
                return current
            current = current.parent
        return None

    def _unbound(self, name: str) -> Origin | bool | None:
        if name in _BUILTINS:
            return True
        targets = self.source.project.names.name(self.source.module, name)
        if len(targets) != 1:
            return None
        target = targets[0]
        if isinstance(target, External) and "." in target.dotted:
            module, _, last = target.dotted.rpartition(".")
            return Origin(module, last, name)
        if isinstance(target, (Class, Function)) and isinstance(target.parent, ModuleScope):
            return Origin(target.parent.name, target.name, name)
        return None

    def _imported(self, module: ModuleScope, name: str, *, annotation: bool) -> Origin | None:
        bindings = module.block.names[name]
        real = [binding for binding in bindings if not binding.type_checking]
        chosen = (real or list(bindings))[0]
        if not real and not annotation:
            return None
        if chosen.kind != "import" or chosen.imported is None:
            return Origin(module.name, name, name, chosen.type_checking)
        return self._of_import(module, chosen, chosen.imported)

    def _of_import(self, module: ModuleScope, binding: Binding, imported: ir.ImportedName) -> Origin | None:
        level = binding.node.level if isinstance(binding.node, ir.Import) else 0
        source = imported.module
        if level:
            store = module.project.store
            path = store.find_relative(level, imported.module, module.path)
            if path is None:
                return None
            source = store.module_name(path)
        return Origin(source, imported.attribute or "", imported.bound, binding.type_checking)


def _is_within(inner: Scope, outer: Scope) -> bool:
    current: Scope | None = inner
    while current is not None:
        if current is outer:
            return True
        current = current.parent
    return False


# --- type parameters -------------------------------------------------------------------------


def type_parameters(cls: Class) -> tuple[str, ...]:
    """The names of a class's own type parameters, in order."""
    if cls.node.type_params:
        return tuple(name.lstrip("*") for name in cls.node.type_params)
    listed: list[str] = []
    implied: list[str] = []
    for base in cls.node.bases:
        if not isinstance(base, ir.Subscript):
            continue
        names = [name for name in names_read(base.index, strings=False) if _is_type_variable(cls, name)]
        last = (ir.dotted_name(base.value) or "").rpartition(".")[2]
        (listed if last in {"Generic", "Protocol"} else implied).extend(names)
    return tuple(dict.fromkeys(listed or implied))


def _is_type_variable(cls: Class, name: str) -> bool:
    for target in cls.project.names.name(cls.parent or cls, name):
        if isinstance(target, External) and target.dotted.rpartition(".")[2] in _TYPE_VARIABLES:
            return True
    for scope in _outward(cls.parent or cls):
        for binding in scope.block.names.get(name, ()):
            if binding.kind == "value" and isinstance(binding.node, ir.Call):
                return (ir.dotted_name(binding.node.func) or "").rpartition(".")[2] in _TYPE_VARIABLES
            if binding.kind == "import" and binding.imported is not None:
                return _imports_type_variable(cls, name)
    return False


def _outward(scope: Scope) -> Iterator[Scope]:
    current: Scope | None = scope
    while current is not None:
        yield current
        current = current.parent


def _imports_type_variable(cls: Class, name: str) -> bool:
    """`T` from another file of the project: what is imported is no class."""
    targets = cls.project.names.name(cls.parent or cls, name)
    return not any(isinstance(target, (Class, External, Value)) for target in targets)


def type_arguments(source: Class, target: Class) -> dict[str, ir.Expr]:
    """What `target` puts for the type parameters of its direct base `source`; empty when it names none."""
    parameters = type_parameters(source)
    scope = target.parent or target
    for base in target.node.bases:
        if not isinstance(base, ir.Subscript) or source not in target.project.names.expr(scope, base.value):
            continue
        index = base.index
        given = index.items if isinstance(index, ir.Collection) and index.kind == "tuple" else (index,)
        if len(given) == len(parameters) and not any(isinstance(item, ir.Starred) for item in given):
            return dict(zip(parameters, given, strict=True))
    return {}


# --- names -----------------------------------------------------------------------------------


def names_read(expr: ir.Expr, *, strings: bool) -> tuple[str, ...]:
    """The free names of an expression; with `strings` those of forward references too."""
    found = [node.id for node in _parts(expr) if isinstance(node, ir.Name)]
    if strings:
        found.extend(_names_in_strings(expr))
    return tuple(dict.fromkeys(found))


def _names_in_strings(expr: ir.Expr) -> Iterator[str]:
    for node in _parts(expr):
        if isinstance(node, ir.Constant) and node.kind == "str":
            try:
                tree = ast.parse(str(node.value).strip(), mode="eval")
            except (SyntaxError, ValueError):
                continue
            yield from (name.id for name in ast.walk(tree) if isinstance(name, ast.Name))


def _parts(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and all below it; the values of `Literal[…]` are no annotations."""
    pending = [expr]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ir.Subscript) and (ir.dotted_name(node.value) or "").rpartition(".")[2] == "Literal":
            pending.append(node.value)
        else:
            pending.extend(reversed(operands(node)))


def _substituted(expr: ir.Expr, arguments: Mapping[str, ir.Expr]) -> ir.Expr:
    """The expression with names replaced."""
    if isinstance(expr, ir.Name):
        return arguments.get(expr.id, expr)
    changed: dict[str, Any] = {}
    for field in expr.__struct_fields__:
        value = getattr(expr, field)
        if isinstance(value, msgspec.Struct):
            changed[field] = _substituted(value, arguments)  # type: ignore[arg-type]
        elif isinstance(value, tuple) and value and all(isinstance(item, msgspec.Struct) for item in value):
            changed[field] = tuple(_substituted(item, arguments) for item in value)
    return msgspec.structs.replace(expr, **changed) if changed else expr
