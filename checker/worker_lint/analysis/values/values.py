"""
What expressions denote, through locals, fields, returns, collections and library models.

Flow is not followed: a name or field denotes something when all its assignments agree. Whatever
cannot be followed is Unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Scope, Unknown, Value
from worker_lint.analysis.member import Member
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.names import receiver_kind
from worker_lint.analysis.tasks import given_task
from worker_lint.analysis.values.bindings import Bindings, Source
from worker_lint.analysis.values.called import called, entered
from worker_lint.analysis.values.fields import Fields
from worker_lint.analysis.values.kind import (
    ABSENT,
    UNKNOWN,
    Absent,
    Awaitable,
    Bound,
    Context,
    Items,
    Kind,
    Super,
    join,
    within_declared,
)
from worker_lint.analysis.values.named import Named
from worker_lint.analysis.values.narrowed import Narrowed, class_of, narrowed
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

DEPTH: Final = 60
"""Expressions that may lead to one another before the answer is Unknown."""

_ANYTHING: Final = (External("typing.Any"), External("builtins.object"))
"""What an annotation names that says nothing."""

_PLAIN: Final = frozenset(
    {
        "staticmethod",
        "classmethod",
        "property",
        "cached_property",
        "abstractmethod",
        "abstractproperty",
        "override",
        "final",
        "contextmanager",
        "asynccontextmanager",
        "cache",
        "lru_cache",
        "overload",
        "setter",
        "no_type_check",
    }
)


class Values(Named):
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.fields = Fields(project)
        self._depth = 0
        self._narrowed: dict[Function, tuple[Narrowed, ...]] = {}
        self._global: dict[ModuleScope, tuple[Function, ...]] = {}

    # --- questions ---

    def of(self, scope: Scope, expr: ir.Expr | None, me: Class | None = None) -> Kind:
        """
        What an expression denotes where it stands. `me` is the class of `self`, when the code is
        looked at as part of a subclass; by default the class around it, or any subclass.
        """
        if expr is None:
            return UNKNOWN
        if self._depth > DEPTH:
            self.project.unsettled.add(scope.path)
            return UNKNOWN
        self._depth += 1
        try:
            return self._of(scope, expr, me)
        finally:
            self._depth -= 1

    def name(self, scope: Scope, name: str, me: Class | None = None) -> Kind:
        """What a bare name denotes in a scope."""
        return self.once((id(scope), name, me), lambda: self._look_up(scope, name, me))

    def field(self, cls: Class, name: str) -> Kind:
        """What `self.name` holds in objects of the class: all assignments in it and its bases, agreeing."""
        return self.once((id(cls), f"self.{name}", None), lambda: self._field(cls, name))

    def attribute(self, of: Kind, name: str) -> Kind:
        """What `of.name` denotes."""
        match of:
            case Instance(of=Class() as cls):
                # A method is bound to the object, and one of exactly this class has no overrides.
                key = f"!{name}" if of.exact else f".{name}"
                return self.once((id(cls), key, None), lambda: self._member(of, cls, name))
            case Instance(of=External(dotted=dotted)):
                return self._modelled(of, dotted, name)
            case Super():
                return self._inherited(of, name)
            case ModuleScope():
                if (name,) in self.fields.bindings(of).places:
                    return self.name(of, name)
                return self.target(self.project.names.attribute(of, name))
            case Class() | External():
                return self.target(self.project.names.attribute(of, name))
            case _:
                return UNKNOWN

    def returned(self, function: Function, me: Class | None = None) -> Kind:
        """What a call of the function gives; of what is returned on all ways, else by its annotation."""
        return self.once((id(function), "()", me), lambda: self._returned(function, me))

    def bindings(self, scope: Scope) -> Bindings:
        """The assignments of one block."""
        return self.fields.bindings(scope)

    # --- expressions ---

    def _of(self, scope: Scope, expr: ir.Expr, me: Class | None) -> Kind:  # noqa: C901, PLR0912 - a case a kind
        match expr:
            case ir.Name():
                return self._name_at(scope, expr, me)
            case ir.Attribute():
                return self.attribute(self.of(scope, expr.value, me), expr.name)
            case ir.Call():
                return called(self, scope, expr, me)
            case ir.Await():
                inner = self.of(scope, expr.value, me)
                return inner.of if isinstance(inner, Awaitable) else UNKNOWN
            case ir.Subscript():
                return self._item(scope, expr, me)
            case ir.Conditional():
                return join((self.of(scope, expr.body, me), self.of(scope, expr.orelse, me)))
            case ir.BoolOp(op="or"):
                return join(self.of(scope, value, me) for value in expr.values)
            case ir.BoolOp():
                return join((ABSENT, self.of(scope, expr.values[-1], me)))
            case ir.Walrus():
                return self.of(scope, expr.value, me)
            case ir.Starred():
                return self.of(scope, expr.value, me)
            case ir.Collection():
                return Items(join(self._displayed(scope, item, me) for item in expr.items))
            case ir.Mapping():
                return Items(join(self.of(scope, value, me) for value in expr.values))
            case ir.Comprehension():
                return Items(self.of(scope, expr.value or expr.element, me))
            case ir.Constant(kind="none"):
                return ABSENT
            case ir.Lambda() | ir.Constant():
                return Value(expr, scope)
            case _:
                return UNKNOWN

    def _name_at(self, scope: Scope, expr: ir.Name, me: Class | None) -> Kind:
        """A name that several loops bind is what the loop around it makes it."""
        if isinstance(scope, Function):
            bindings = self.bindings(scope)
            near = bindings.at(expr.id, expr.at)
            if near and len(near) < len(bindings.places[expr.id,]):
                key = (id(scope), f"{expr.id}@{expr.at[0]}:{expr.at[1]}", me)
                return self.once(key, lambda: join(self._source(scope, source, expr.id, me) for source in near))
        kind = self.name(scope, expr.id, me)
        is_any = isinstance(kind, Unknown) or (isinstance(kind, Instance) and kind.of in _ANYTHING)
        if not is_any or not isinstance(scope, Function):
            return kind
        found = self._tested(scope, expr)
        return kind if isinstance(found, Unknown) else found

    def _tested(self, scope: Function, expr: ir.Name) -> Kind:
        """What a test with `isinstance` proves a name to be where it stands."""
        found = self._narrowed.get(scope)
        if found is None:
            text, node = self.project.store.text(scope.path), scope.node
            found = narrowed(scope.statements) if text.has_word("isinstance", node.at[0], node.at[2]) else ()
            self._narrowed[scope] = found
        bound = [source.at for source in self.bindings(scope).places.get((expr.id,), ())] if found else []
        cls = class_of(found, expr, bound)
        return self.annotated(scope, cls) if cls is not None else UNKNOWN

    def _displayed(self, scope: Scope, item: ir.Expr, me: Class | None) -> Kind:
        kind = self.of(scope, item, me)
        if not isinstance(item, ir.Starred):
            return kind
        return kind.of if isinstance(kind, Items) else UNKNOWN

    def _item(self, scope: Scope, expr: ir.Subscript, me: Class | None) -> Kind:
        kind = self.of(scope, expr.value, me)
        if isinstance(kind, Items):
            is_slice = isinstance(expr.index, ir.Opaque) and "slice" in expr.index.kind.lower()
            return kind if is_slice else kind.of
        return kind if isinstance(kind, (Class, External)) else UNKNOWN

    # --- names ---

    def _look_up(self, scope: Scope, name: str, me: Class | None) -> Kind:
        current: Scope | None = scope
        while current is not None:
            if isinstance(current, Class) and current is not scope:
                current = current.parent
                continue
            bindings = self.bindings(current)
            outer = name in bindings.outer and not isinstance(current, ModuleScope)
            if isinstance(current, Function) and not outer:
                parameter = self._parameter(current, name, me)
                if parameter is not None:
                    assigned = (self._source(current, source, name, me) for source in bindings.places.get((name,), ()))
                    return join((parameter, *assigned))
            if (name,) in bindings.places and not outer:
                return self._assigned(current, name, me)
            current = current.parent
        return self.target(self.project.names.name(scope, name))

    def _parameter(self, function: Function, name: str, me: Class | None) -> Kind | None:
        for index, parameter in enumerate(function.node.params):
            if parameter.name == name:
                if index == 0 and function.owner is not None and receiver_kind(function) == "instance":
                    return Instance(me, exact=True) if me is not None else Instance(function.owner)
                if index == 0 and function.owner is None and parameter.annotation is None:
                    given = given_task(self.project, function)
                    return UNKNOWN if given is None else Instance(given)
                if parameter.annotation is None or parameter.kind in ("var-positional", "var-keyword"):
                    return UNKNOWN
                return self.annotated(function.parent or function, parameter.annotation)
        return None

    def _assigned(self, scope: Scope, name: str, me: Class | None) -> Kind:
        bindings = self.bindings(scope)
        kinds = [self._source(scope, source, name, me) for source in bindings.places[name,]]
        kinds += [self._put_in(scope, source, me) for source in bindings.added.get((name,), ())]
        for function in self._writers(scope, name):
            inner = self.bindings(function)
            kinds += [self._source(function, source, name, me) for source in inner.places.get((name,), ())]
            kinds += [self._put_in(function, source, me) for source in inner.added.get((name,), ())]
        return join(kinds) if any(isinstance(kind, Items) for kind in kinds) else self._single(kinds, bindings, name)

    def _single(self, kinds: list[Kind], bindings: Bindings, name: str) -> Kind:
        """Things put into what is no collection do not count."""
        added = len(bindings.added.get((name,), ()))
        return join(kinds[: len(kinds) - added] if added else kinds)

    def _writers(self, scope: Scope, name: str) -> list[Function]:
        """Functions that assign a name of an outer block by `global` or `nonlocal`."""
        if isinstance(scope, ModuleScope):
            text = scope.project.store.text(scope.path)
            functions = (f for f in self._with_global(scope) if text.has_word(name, f.node.at[0], f.node.at[2]))
            return [g for f in functions for g in (f, *self.fields.inner(f)) if name in self.bindings(g).outer]
        inner = self.fields.inner(scope) if isinstance(scope, Function) else ()
        return [function for function in inner if name in self.bindings(function).outer]

    def _with_global(self, module: ModuleScope) -> tuple[Function, ...]:
        """The functions of a file in whose text the word `global` stands: few, and each name of the file asks."""
        found = self._global.get(module)
        if found is None:
            text = module.project.store.text(module.path)
            functions = module.project.functions_in(module.path) if "global" in text.source else ()
            near = (f for f in functions if text.has_word("global", f.node.at[0], f.node.at[2]))
            self._global[module] = found = tuple(near)
        return found

    def _source(self, scope: Scope, source: Source, name: str, me: Class | None) -> Kind:
        match source.how:
            case "value":
                return self.of(scope, source.expr, me)
            case "item" | "second":
                return self._looped(scope, source, me)
            case "entered":
                return entered(self, self.of(scope, source.expr, me))
            case "annotation" if source.expr is not None:
                kind = self.annotated(scope, source.expr)
                return ABSENT if isinstance(kind, Unknown) else kind
            case "defined":
                return self.target(self.project.names.name(scope, name))
            case _:
                return UNKNOWN

    def _looped(self, scope: Scope, source: Source, me: Class | None) -> Kind:
        iterable = source.expr
        while source.how == "second" and isinstance(iterable, ir.Call):
            if isinstance(iterable.func, ir.Attribute):  # mapping.items()
                iterable = iterable.func.value
                break
            iterable = iterable.args[0] if iterable.args else None
            if iterable is not None and not isinstance(iterable, ir.Call):
                break
        kind = self.of(scope, iterable, me)
        return kind.of if isinstance(kind, Items) else UNKNOWN

    def _put_in(self, scope: Scope, source: Source, me: Class | None) -> Kind:
        """What something put into a collection makes of it."""
        kind = self._source(scope, source, "", me)
        return Items(kind) if not isinstance(kind, Unknown) else Items(UNKNOWN)

    # --- attributes ---

    def _member(self, of: Instance, cls: Class, name: str) -> Kind:
        hierarchy = self.project.hierarchy
        found = hierarchy.find(cls, name)
        if found is None:
            return self.field(cls, name)
        if not isinstance(found.member, Member):
            return self._bound_model(of, found.owner, name, found.sure)
        member = found.member
        if not member.parts or not isinstance(found.owner, Class):
            return self.field(cls, name)
        function = self.project.function_of(found.owner, member.parts[0])
        if member.kind == "property":
            return self.returned(function, cls)
        if member.kind in ("method", "classmethod", "staticmethod") and not self.is_wrapped(function):
            return Bound(of, function, sure=found.sure)
        return UNKNOWN

    def _inherited(self, of: Super, name: str) -> Kind:
        found = self.project.hierarchy.find(of.me, name, after=of.owner)
        if found is None:
            return UNKNOWN
        if isinstance(found.member, Member):
            if not found.member.parts or not isinstance(found.owner, Class):
                return UNKNOWN
            function = self.project.function_of(found.owner, found.member.parts[0])
            return Bound(Instance(of.me, exact=True), function, sure=found.sure)
        return self._bound_model(Instance(of.me), found.owner, name, found.sure)

    def _modelled(self, of: Instance, dotted: str, name: str) -> Kind:
        model = self.project.models.find_class(dotted)
        return UNKNOWN if model is None else self._bound_model(of, model, name, sure=True)

    def _bound_model(self, of: Instance, owner: object, name: str, sure: bool) -> Kind:  # noqa: FBT001 - as found
        function = self.project.models.find_method(owner, name) if isinstance(owner, ModelClass) else None
        if function is None:
            return UNKNOWN
        if function.member is not None and function.member.kind in ("property", "attribute"):
            is_class = function.member.kind == "attribute" and function.facts.returns  # `context.Process`
            return External(function.facts.returns) if is_class else UNKNOWN
        return Bound(of, model=function, sure=sure)

    def _field(self, cls: Class, name: str) -> Kind:
        assigned = self.fields.assigned(cls, name)
        kinds = [self._source(one.scope, one.source, name, cls) for one in assigned if not one.added]
        if any(isinstance(kind, Items) for kind in kinds):
            kinds += [self._put_in(one.scope, one.source, cls) for one in assigned if one.added]
            for one in assigned:
                if one.source.how == "annotation":  # what is put in is known from its maker, which may promise less
                    return within_declared(self._source(one.scope, one.source, name, cls), join(kinds))
        return join(kinds) if kinds else UNKNOWN

    # --- functions ---

    def is_wrapped(self, function: Function) -> bool:
        """Whether a decorator may make a call mean something else than running the body."""
        for decorator in function.node.decorators:
            expr = uncalled(decorator)
            if (ir.dotted_name(expr) or "?").rpartition(".")[2] not in _PLAIN:
                return True
        return False

    def _returned(self, function: Function, me: Class | None) -> Kind:
        node = function.node
        if self.is_wrapped(function):
            return UNKNOWN
        declared = self.annotated(function.parent or function, node.returns) if node.returns is not None else UNKNOWN
        bindings = self.bindings(function)
        if node.is_generator:
            given = join(self.of(function, value, me) for value in bindings.yielded)
            return Context(given, function) if _is_context(node) else Items(given)
        kind = join(self.of(function, value, me) for value in bindings.returned if value is not None)
        if isinstance(kind, (Unknown, Absent)) and not isinstance(declared, Unknown):
            kind = declared
        return Awaitable(kind) if node.is_async else kind


def _is_context(node: ir.FunctionDef) -> bool:
    names = {(ir.dotted_name(decorator) or "").rpartition(".")[2] for decorator in node.decorators}
    return bool(names & {"contextmanager", "asynccontextmanager"})
