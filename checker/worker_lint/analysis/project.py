"""The linked project: the one object that rules ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from worker_lint.analysis.budget import STEPS_LIMIT, Budget
from worker_lint.analysis.entity import Class, Function, ModuleScope, Scope
from worker_lint.analysis.hierarchy import Hierarchy
from worker_lint.analysis.models import Models
from worker_lint.analysis.names import Resolver
from worker_lint.analysis.statements import definitions, walk_statements
from worker_lint.analysis.store import Store
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.calls import Calls
    from worker_lint.analysis.coroutine_names import CoroutineNames
    from worker_lint.analysis.creation import Creations
    from worker_lint.analysis.deliveries import Deliveries
    from worker_lint.analysis.escaping import Escaping
    from worker_lint.analysis.places import Places
    from worker_lint.analysis.resources import Resources
    from worker_lint.analysis.routines import Routines
    from worker_lint.analysis.tiers import Tiers
    from worker_lint.analysis.uses import Uses
    from worker_lint.analysis.values import Values
    from worker_lint.analysis.workers import Workers


class Project:
    """Modules, classes and functions of the files in a store, linked by name."""

    def __init__(
        self,
        store: Store,
        models: Models,
        worker_bases: Sequence[str] = (),
        stated_tiers: Mapping[str, tuple[str, ...]] | None = None,
        *,
        steps_limit: int = STEPS_LIMIT,
    ) -> None:
        self.store = store
        self.models = models
        self.stated_tiers = stated_tiers or {}
        self._worker_bases = tuple(worker_bases)
        self.steps_limit = steps_limit
        self._modules: dict[str, ModuleScope | None] = {}
        self._classes: dict[tuple[str, ir.At], Class] = {}
        self._functions: dict[tuple[str, ir.At], Function] = {}
        self.contract_classes: tuple[Class, ...] = ()
        self.budget = Budget()
        self.unsettled: set[str] = set()
        """Files about which some answer may depend on which question came first."""
        self._in_file: dict[str, tuple[Class, ...]] = {}
        self._functions_in: dict[str, tuple[Function, ...]] = {}

    @cached_property
    def names(self) -> Resolver:
        """Name resolution."""
        return Resolver(self)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Inheritance."""
        return Hierarchy(self)

    @cached_property
    def uses(self) -> Uses:
        """Who uses what."""
        from worker_lint.analysis.uses import Uses  # it walks what this module defines

        return Uses(self)

    @cached_property
    def values(self) -> Values:
        """What expressions denote."""
        from worker_lint.analysis.values import Values

        return Values(self)

    @cached_property
    def calls(self) -> Calls:
        """What calls run."""
        from worker_lint.analysis.calls import Calls

        return Calls(self)

    @cached_property
    def coroutine_names(self) -> CoroutineNames:
        """Which names may be coroutine functions."""
        from worker_lint.analysis.coroutine_names import CoroutineNames

        return CoroutineNames(self)

    @cached_property
    def places(self) -> Places:
        """Which fields and locals expressions mean, and what is done with them."""
        from worker_lint.analysis.places import Places

        return Places(self)

    @cached_property
    def resources(self) -> Resources:
        """What must be released, and who holds it."""
        from worker_lint.analysis.resources import Resources

        return Resources(self)

    @cached_property
    def routines(self) -> Routines:
        """The functions for the flow analysis."""
        from worker_lint.analysis.routines import Routines

        return Routines(self)

    @cached_property
    def escaping(self) -> Escaping:
        """What bad messages make leave functions as exceptions."""
        from worker_lint.analysis.escaping import Escaping

        return Escaping(self)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Messages that come in, and what becomes of them."""
        from worker_lint.analysis.deliveries import Deliveries

        return Deliveries(self)

    @cached_property
    def workers(self) -> Workers:
        """Which code runs where, and what the methods of workers are for."""
        from worker_lint.analysis.workers import Workers

        return Workers(self)

    @cached_property
    def creations(self) -> Creations:
        """Where objects of classes with abstract members left are created."""
        from worker_lint.analysis.contract import missing_members, refuses_as_protocol
        from worker_lint.analysis.creation import Creations

        return Creations(
            self, tuple(cls for cls in self.contract_classes if missing_members(cls) or refuses_as_protocol(cls))
        )

    @cached_property
    def worker_bases(self) -> tuple[Class, ...]:
        """The classes that the configuration calls bases of workers, as far as their source is there."""
        find = self.store.find_module
        found = (self.hierarchy.named(dotted, lambda module: find(module, "")) for dotted in self._worker_bases)
        outside = (self.hierarchy.outside(dotted) for dotted in self._worker_bases)
        return tuple(dict.fromkeys(cls for cls in (*found, *outside) if isinstance(cls, Class)))

    def is_worker(self, cls: Class) -> bool:
        """Whether the class derives from a configured base of workers."""
        return bool(self.worker_bases) and not set(self.worker_bases).isdisjoint(self.hierarchy.ancestors(cls))

    @cached_property
    def tiers(self) -> Tiers:
        """Exception classes, their tiers, and the `try` statements of files."""
        from worker_lint.analysis.tiers import Tiers

        return Tiers(self)

    def module(self, path: str) -> ModuleScope | None:
        """The module of a file; None when the file cannot be parsed."""
        if path not in self._modules:
            record = self.store.module(path)
            name = self.store.module_name(path)
            self._modules[path] = ModuleScope(self, path, name, record) if record is not None else None
        return self._modules[path]

    def class_of(self, parent: Scope, node: ir.ClassDef) -> Class:
        """The class of a definition, always the same object for the same place."""
        key = (parent.path, node.name_at)
        found = self._classes.get(key)
        if found is None:
            self._classes[key] = found = Class(parent, node)
        return found

    def function_of(self, parent: Scope, node: ir.FunctionDef) -> Function:
        """The function of a definition, always the same object for the same place."""
        key = (parent.path, node.name_at)
        found = self._functions.get(key)
        if found is None:
            self._functions[key] = found = Function(parent, node)
        return found

    def classes_in(self, path: str) -> tuple[Class, ...]:
        """All classes of a file in source order: nested and local ones and all branches included."""
        if path not in self._in_file:
            module = self.module(path)
            self._in_file[path] = tuple(self._classes_below(module)) if module is not None else ()
        return self._in_file[path]

    def _classes_below(self, scope: Scope) -> Iterator[Class]:
        for node in definitions(scope.statements):
            if isinstance(node, ir.ClassDef):
                found = self.class_of(scope, node)
                yield found
                yield from self._classes_below(found)
            elif node.has_inner_class:
                yield from self._classes_below(self.function_of(scope, node))

    def functions_in(self, path: str) -> tuple[Function, ...]:
        """All functions and methods of a file outside other functions, in source order."""
        found = self._functions_in.get(path)
        if found is None:
            module = self.module(path)
            found = tuple(self._functions_below(module)) if module is not None else ()
            self._functions_in[path] = found
        return found

    def _functions_below(self, scope: Scope) -> Iterator[Function]:
        for node in definitions(scope.statements):
            if isinstance(node, ir.ClassDef):
                yield from self._functions_below(self.class_of(scope, node))
            else:
                yield self.function_of(scope, node)

    def returns_class_unchanged(self, cls: Class, decorator: ir.Expr) -> bool:
        """Whether a class decorator of the project hands back the class it got, without touching it."""
        targets = self.names.expr(cls.parent or cls, decorator)
        if len(targets) != 1 or not isinstance(targets[0], Function):
            return False
        function = targets[0]
        self.store.rely_on(function.path)
        returned = [node for node in walk_statements(function.body) if isinstance(node, ir.Return)]
        inner = {node.name: node for node in function.body if isinstance(node, ir.FunctionDef)}
        for node in returned:
            if isinstance(node.value, ir.Name) and node.value.id in inner:
                return _hands_back(inner[node.value.id].params, inner[node.value.id].body or ())
        return _hands_back(function.node.params, function.body)


def _hands_back(params: ir.Parameters, body: tuple[ir.Stmt, ...]) -> bool:
    if not params:
        return False
    subject = params[0].name
    returned = [node.value for node in walk_statements(body) if isinstance(node, ir.Return)]
    if not returned or not all(isinstance(value, ir.Name) and value.id == subject for value in returned):
        return False
    for node in walk_statements(body):
        if isinstance(node, ir.Expression) and isinstance(node.value, ir.Call):
            callee = node.value.func
            if isinstance(callee, ir.Name) and callee.id == "setattr":
                return False
        if isinstance(node, (ir.Assign, ir.AugAssign)):
            targets = node.targets if isinstance(node, ir.Assign) else (node.target,)
            for target in targets:
                if (
                    isinstance(target, ir.Attribute)
                    and isinstance(target.value, ir.Name)
                    and target.value.id == subject
                ):
                    return False
    return True
