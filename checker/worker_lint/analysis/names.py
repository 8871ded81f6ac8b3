"""
What an expression refers to: names through scopes, imports, re-exports and aliases.

Answers are sets of targets: a name bound differently in two branches has two. Whatever cannot
be followed is `Unknown`; nothing is guessed from how a name looks.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Scope, Target, Unknown, Value
from worker_lint.analysis.scope import Binding, BlockScan
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Targets = tuple[Target, ...]

_UNKNOWN: Final[Targets] = (Unknown(),)
_BUILTINS: Final = frozenset(dir(builtins))
_DEPTH = 40


class Resolver:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._names: dict[tuple[int, str], Targets] = {}
        self._busy: set[tuple[int, str]] = set()
        self._members: dict[tuple[str, str], Targets] = {}
        self._depth = 0

    # --- names ---

    def name(self, scope: Scope, name: str) -> Targets:
        """What a bare name stands for in a scope."""
        key = (id(scope), name)
        known = self._names.get(key)
        if known is not None:
            return known
        if key in self._busy:
            return _UNKNOWN
        self._busy.add(key)
        try:
            answer = self._look_up(scope, name)
        finally:
            self._busy.discard(key)
        self._names[key] = answer
        return answer

    def _look_up(self, scope: Scope, name: str) -> Targets:
        current: Scope | None = scope
        while current is not None:
            if isinstance(current, Class) and current is not scope:
                current = current.parent
                continue
            if isinstance(current, Function):
                targets = self._parameter(current, name)
                if targets is not None:
                    return targets
            if isinstance(current, ModuleScope):
                return self._global(current, name)
            bindings = current.block.names.get(name)
            if bindings is not None and name not in current.block.globals:
                return self._bindings(current, bindings)
            current = current.parent
        return _UNKNOWN

    def _global(self, module: ModuleScope, name: str) -> Targets:
        found = self.member(module, name, imported=False)
        if found is not None:
            return found
        if name in _BUILTINS:
            return (External(f"builtins.{name}"),)
        return _UNKNOWN

    def _parameter(self, function: Function, name: str) -> Targets | None:
        """`self` and `cls` stand for the class; an annotated parameter for its class."""
        for index, parameter in enumerate(function.node.params):
            if parameter.name != name:
                continue
            owner = function.owner
            if index == 0 and owner is not None and parameter.kind in {"positional", "positional-only"}:
                kind = receiver_kind(function)
                if kind == "instance":
                    return (Instance(owner),)
                if kind == "class":
                    return _UNKNOWN  # any subclass may stand in for `cls`
            if parameter.annotation is not None and parameter.kind not in {"var-positional", "var-keyword"}:
                return self.annotation(function.parent or function, parameter.annotation)
            return _UNKNOWN
        return None

    def _bindings(self, scope: Scope, bindings: tuple[Binding, ...]) -> Targets:
        real = tuple(binding for binding in bindings if not binding.type_checking) or bindings
        found: dict[Target, None] = {}
        for binding in real:
            for target in self._binding(scope, binding):
                found[target] = None
        return tuple(found)

    def _binding(self, scope: Scope, binding: Binding) -> Targets:
        node = binding.node
        if binding.kind == "class" and isinstance(node, ir.ClassDef):
            return (self.project.class_of(scope, node),)
        if binding.kind == "function" and isinstance(node, ir.FunctionDef):
            return (self.project.function_of(scope, node),)
        if binding.kind == "import" and isinstance(node, ir.Import) and binding.imported is not None:
            return self.imported(scope.path, node.level, binding.imported)
        if binding.kind == "value" and node is not None:
            return self.expr(scope, node)  # type: ignore[arg-type]
        if binding.kind == "annotation" and binding.annotation is not None:
            return self.annotation(scope, binding.annotation)
        return _UNKNOWN

    def at_definition(self, cls: Class, node: ir.Expr) -> Targets:
        """
        What an expression in a class statement refers to when the statement runs: a name that is
        bound again further down stands for what it was before.
        """
        root = node
        while isinstance(root, (ir.Attribute, ir.Subscript)):
            root = root.value
        scope = cls.parent
        if not isinstance(root, ir.Name) or scope is None or not _is_rebound(scope, root.id, cls.node):
            return self.expr(scope or cls, node)
        if cls.node not in scope.statements or not isinstance(node, (ir.Name, ir.Attribute)):
            return _UNKNOWN
        before = scope.statements[: scope.statements.index(cls.node)]
        bindings = BlockScan(before).names.get(root.id)
        if bindings is not None:
            found = self._bindings(scope, bindings)
        elif root.id in _BUILTINS and not scope.module.block.stars:
            found = (External(f"builtins.{root.id}"),)
        else:
            return _UNKNOWN
        for name in (ir.dotted_name(node) or root.id).split(".")[1:]:
            found = self._each(found, name)
        return found

    # --- imports ---

    def imported(self, importer: str, level: int, name: ir.ImportedName) -> Targets:
        """What an import binds."""
        store = self.project.store
        if level:
            path = store.find_relative(level, name.module, importer)
        else:
            path = store.find_module(name.module, importer)
        if path is None:
            return self._outside(importer, level, name)
        module = self.project.module(path)
        if module is None:
            return (Unknown("the imported file cannot be read"),)
        if name.attribute is None:
            return (module,)
        if path == importer:
            return self._submodule(module, name.attribute) or _UNKNOWN
        return self.member(module, name.attribute, imported=True) or (Unknown("not found in the imported module"),)

    def _submodule(self, package: ModuleScope, name: str) -> Targets | None:
        """The module of a package; what a package imports from itself can be nothing else."""
        path = self.project.store.find_relative(1, name, package.path) if package.is_package else None
        module = self.project.module(path) if path else None
        return (module,) if module is not None else None

    def _outside(self, importer: str, level: int, name: ir.ImportedName) -> Targets:
        if level:
            return (Unknown("a relative import of a file that is not there"),)
        if name.attribute is not None:
            # `from package import module` where the package is a namespace without a file of its own
            path = self.project.store.find_module(f"{name.module}.{name.attribute}", importer)
            module = self.project.module(path) if path else None
            if module is not None:
                return (module,)
        top = name.module.partition(".")[0]
        if "." in name.module and self.project.store.find_module(top, importer) is not None:
            return (Unknown("a module of the project that is not there"),)
        return (External(f"{name.module}.{name.attribute}" if name.attribute else name.module),)

    def member(self, module: ModuleScope, name: str, *, imported: bool) -> Targets | None:
        """An attribute of a module; with `imported` a submodule counts. None when it has none."""
        key = (module.path, name)
        if key in self._members:
            return self._members[key] or None
        if (id(module), f"member {name}") in self._busy:
            return None
        self._busy.add((id(module), f"member {name}"))
        try:
            found = self._member(module, name, imported=imported)
        finally:
            self._busy.discard((id(module), f"member {name}"))
        if found is not None or not imported:
            self._members[key] = found or ()
        return found

    def _member(self, module: ModuleScope, name: str, *, imported: bool) -> Targets | None:
        bindings = module.block.names.get(name)
        if bindings is not None:
            return self._bindings(module, bindings)
        for star in reversed(module.block.stars):
            found = self._through_star(module, star, name)
            if found is not None:
                return found
        if imported:
            submodule = self._submodule(module, name)
            if submodule is not None:
                return submodule
        if "__getattr__" in module.block.names:
            return (Unknown("the module answers any name"),)
        return None

    def _through_star(self, module: ModuleScope, star: ir.Import, name: str) -> Targets | None:
        store = self.project.store
        dotted = star.names[0].module
        path = (
            store.find_relative(star.level, dotted, module.path)
            if star.level
            else store.find_module(dotted, module.path)
        )
        source = self.project.module(path) if path else None
        if source is None:
            if name in _BUILTINS:
                return None
            known = self.project.models.find_class(f"{dotted}.{name}")
            return (External(f"{dotted}.{name}"),) if known else (Unknown("a star import of an unread module"),)
        exported = source.exported
        if name not in exported if exported is not None else name.startswith("_"):
            return None
        return self.member(source, name, imported=True)

    # --- expressions ---

    def expr(self, scope: Scope, node: ir.Expr) -> Targets:
        """What an expression refers to."""
        if self._depth > _DEPTH:
            return _UNKNOWN
        self._depth += 1
        try:
            return self._expr(scope, node)
        finally:
            self._depth -= 1

    def _expr(self, scope: Scope, node: ir.Expr) -> Targets:
        match node:
            case ir.Name():
                return self.name(scope, node.id)
            case ir.Attribute():
                return self._each(self.expr(scope, node.value), node.name)
            case ir.Call():
                return self._call(scope, node)
            case ir.Subscript():
                return self._subscript(scope, node)
            case ir.Conditional():
                return (*self.expr(scope, node.body), *self.expr(scope, node.orelse))
            case ir.BoolOp(op="or"):
                return tuple(target for value in node.values for target in self.expr(scope, value))
            case ir.Walrus():
                return self.expr(scope, node.value)
            case ir.Constant() | ir.Collection() | ir.Mapping() | ir.Comprehension() | ir.Lambda():
                return (Value(node, scope),)
            case _:
                return _UNKNOWN

    def _each(self, targets: Targets, name: str) -> Targets:
        found: dict[Target, None] = {}
        for target in targets:
            for answer in self.attribute(target, name):
                found[answer] = None
        return tuple(found)

    def attribute(self, target: Target, name: str) -> Targets:
        """What `target.name` refers to."""
        match target:
            case ModuleScope():
                return self.member(target, name, imported=True) or _UNKNOWN
            case External():
                return (External(f"{target.dotted}.{name}"),)
            case Class():
                return self.project.hierarchy.class_attribute(target, name)
            case Instance(of=Class() as cls):
                return self.project.hierarchy.instance_attribute(cls, name)
            case _:
                return _UNKNOWN

    def _call(self, scope: Scope, node: ir.Call) -> Targets:
        found: dict[Target, None] = {}
        for callee in self.expr(scope, node.func):
            match callee:
                case Class():
                    found[Instance(callee, exact=True)] = None
                case External() if self.project.models.find_class(callee.dotted):
                    found[Instance(callee, exact=True)] = None
                case _:
                    found[Unknown("the result of a call")] = None
        return tuple(found)

    def _subscript(self, scope: Scope, node: ir.Subscript) -> Targets:
        """A parametrised generic is its class; a literal index picks from a display."""
        found: dict[Target, None] = {}
        for target in self.expr(scope, node.value):
            match target:
                case Class() | External():
                    found[target] = None
                case Value(expr=ir.Mapping() | ir.Collection() as display, scope=home):
                    for item in _picked(display, node.index):
                        found.update(dict.fromkeys(self.expr(home, item)))
                case _:
                    found[Unknown()] = None
        return tuple(found)

    def annotation(self, scope: Scope, node: ir.Expr) -> Targets:
        """Objects of the class that an annotation names; Optional and `| None` are looked through."""
        match node:
            case ir.Constant(kind="str", value=str(text)) if all(part.isidentifier() for part in text.split(".")):
                named: ir.Expr = ir.Name(node.at, text.split(".")[0])
                for part in text.split(".")[1:]:
                    named = ir.Attribute(node.at, named, part)
                return self.annotation(scope, named)
            case ir.Binary(op="|"):
                sides = (node.left, node.right)
                rest = [side for side in sides if not (isinstance(side, ir.Constant) and side.kind == "none")]
                return self.annotation(scope, rest[0]) if len(rest) == 1 else _UNKNOWN
            case ir.Subscript():
                names = {t.dotted.rpartition(".")[2] for t in self.expr(scope, node.value) if isinstance(t, External)}
                if names & {"Optional", "Final", "Annotated", "ClassVar"}:
                    inner = node.index.items[0] if isinstance(node.index, ir.Collection) else node.index
                    return self.annotation(scope, inner)
                if names & {"Type", "type", "Union", "Callable", "Literal"}:
                    return _UNKNOWN
                return self.annotation(scope, node.value)
            case ir.Name() | ir.Attribute():
                targets = self.expr(scope, node)
                return tuple(Instance(t) if isinstance(t, (Class, External)) else Unknown() for t in targets)
            case _:
                return _UNKNOWN


def _is_rebound(scope: Scope, name: str, statement: ir.Stmt) -> bool:
    """Whether the block binds a name in a statement or behind it."""
    bindings = scope.block.names.get(name, ())
    return any(binding.node is not None and binding.node.at[:2] >= statement.at[:2] for binding in bindings)


def receiver_kind(function: Function) -> str:
    """`instance`, `class` or `static`: what the first parameter of a method stands for."""
    names = {(ir.dotted_name(decorator) or "").rpartition(".")[2] for decorator in function.node.decorators}
    if names & {"staticmethod", "abstractstaticmethod"}:
        return "static"
    if names & {"classmethod", "abstractclassmethod"} or function.name in {
        "__new__",
        "__init_subclass__",
        "__class_getitem__",
    }:
        return "class"
    return "instance"


def _picked(display: ir.Mapping | ir.Collection, index: ir.Expr) -> tuple[ir.Expr, ...]:
    """The items of a display that an index may pick: one for a literal, else all of them."""
    if isinstance(display, ir.Collection):
        if isinstance(index, ir.Constant) and isinstance(index.value, int) and index.value < len(display.items):
            return (display.items[index.value],)
        return display.items
    if isinstance(index, ir.Constant):
        for key, value in zip(display.keys, display.values, strict=True):
            if isinstance(key, ir.Constant) and key.value == index.value:
                return (value,)
    return display.values
