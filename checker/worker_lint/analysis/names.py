"""
What an expression refers to: names through scopes, imports, re-exports and aliases.

Answers are sets of targets: a name bound differently in two branches has two. Whatever cannot
be followed is `Unknown`; nothing is guessed from how a name looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Scope, Target, Unknown, Value
from worker_lint.analysis.module_names import BUILTINS, UNKNOWN, ModuleNames, Targets, in_force
from worker_lint.analysis.scope import Binding, BlockScan
from worker_lint.source import ir
from worker_lint.source.pattern import pattern

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_DEPTH = 40
_FORMS: Final = "Optional|Union|Type|type|Callable|Literal|Annotated|Final|ClassVar"
_GENERIC: Final = pattern(rf"(?:[^\W\d]\w*\.)*(?!(?:{_FORMS})\[)[^\W\d]\w*(?:\[.*\])?")
"""A quoted annotation that names a class, perhaps with what it is generic over."""


class Resolver(ModuleNames):
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._names: dict[tuple[int, str], Targets] = {}
        self._depth = 0

    # --- names ---

    def name(self, scope: Scope, name: str) -> Targets:
        """What a bare name stands for in a scope."""
        key = (id(scope), name)
        known = self._names.get(key)
        if known is not None:
            return known
        if isinstance(scope, ModuleScope):
            # The same question as that for the module's attribute: as two, a name that is bound to itself would
            # have another answer for whoever asks for the attribute first.
            answer = self._global(scope, name)
            if not self.is_asked(scope, name):
                self._names[key] = answer
            return answer
        if key in self._busy:
            self._circle(key, scope.path)
            return UNKNOWN
        self._busy[key] = None
        try:
            answer = self._look_up(scope, name)
        finally:
            self._busy.pop(key, None)
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
        return UNKNOWN

    def _global(self, module: ModuleScope, name: str) -> Targets:
        found = self.member(module, name, imported=False)
        if found is not None:
            return found
        if name in BUILTINS:
            return (External(f"builtins.{name}"),)
        return UNKNOWN

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
                    return UNKNOWN  # any subclass may stand in for `cls`
            if parameter.annotation is not None and parameter.kind not in {"var-positional", "var-keyword"}:
                return self.annotation(function.parent or function, parameter.annotation)
            return UNKNOWN
        return None

    def _bindings(self, scope: Scope, bindings: tuple[Binding, ...]) -> Targets:
        found: dict[Target, None] = {}
        for binding in in_force(bindings):
            for target in self.bound(scope, binding):
                found[target] = None
        return tuple(found)

    def bound(self, scope: Scope, binding: Binding) -> Targets:
        """What one binding gives its name."""
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
        return UNKNOWN

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
            return UNKNOWN
        before = scope.statements[: scope.statements.index(cls.node)]
        bindings = BlockScan(before).names.get(root.id)
        if bindings is not None:
            found = self._bindings(scope, bindings)
        elif root.id in BUILTINS and not scope.module.block.stars:
            found = (External(f"builtins.{root.id}"),)
        else:
            return UNKNOWN
        for name in (ir.dotted_name(node) or root.id).split(".")[1:]:
            found = self._each(found, name)
        return found

    # --- expressions ---

    def expr(self, scope: Scope, node: ir.Expr) -> Targets:
        """What an expression refers to."""
        if self._depth > _DEPTH:
            self.project.budget.spent(scope.path, "expressions lead through too many names")
            return UNKNOWN
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
                return UNKNOWN

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
                return self.member(target, name, imported=True) or UNKNOWN
            case External():
                return (External(f"{target.dotted}.{name}"),)
            case Class():
                return self.project.hierarchy.class_attribute(target, name)
            case Instance(of=Class() as cls):
                return self.project.hierarchy.instance_attribute(cls, name)
            case _:
                return UNKNOWN

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
            case ir.Constant(kind="str", value=str(text)) if _GENERIC.fullmatch(text):
                text = text.partition("[")[0]
                named: ir.Expr = ir.Name(node.at, text.split(".")[0])
                for part in text.split(".")[1:]:
                    named = ir.Attribute(node.at, named, part)
                return self.annotation(scope, named)
            case ir.Binary(op="|"):
                sides = (node.left, node.right)
                rest = [side for side in sides if not (isinstance(side, ir.Constant) and side.kind == "none")]
                return self.annotation(scope, rest[0]) if len(rest) == 1 else UNKNOWN
            case ir.Subscript():
                names = {t.dotted.rpartition(".")[2] for t in self.expr(scope, node.value) if isinstance(t, External)}
                if names & {"Optional", "Final", "Annotated", "ClassVar"}:
                    inner = node.index.items[0] if isinstance(node.index, ir.Collection) else node.index
                    return self.annotation(scope, inner)
                if names & {"Type", "type", "Union", "Callable", "Literal"}:
                    return UNKNOWN
                return self.annotation(scope, node.value)
            case ir.Name() | ir.Attribute():
                targets = self.expr(scope, node)
                return tuple(Instance(t) if isinstance(t, (Class, External)) else Unknown() for t in targets)
            case _:
                return UNKNOWN


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
