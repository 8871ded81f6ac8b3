"""
What the modules of a project have under a name: their own bindings, re-exports, star imports, submodules.

Chains of imports are thousands of modules long in generated code. They are followed step by step, with
the pending questions in a list, so that their length does not depend on the interpreter's stack.
"""

from __future__ import annotations

import builtins
from collections.abc import Generator
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from worker_lint.analysis.entity import External, ModuleScope, Scope, Target, Unknown
from worker_lint.analysis.scope import Binding
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Targets: TypeAlias = tuple[Target, ...]

UNKNOWN: Final[Targets] = (Unknown(),)
BUILTINS: Final = frozenset(dir(builtins))
STEPS: Final = 10_000
"""Modules that one question about a name may lead through."""


class _Question(NamedTuple):
    """What a module has under a name; with `imported` a submodule counts."""

    module: ModuleScope
    name: str
    imported: bool

    @property
    def key(self) -> tuple[int, str]:
        """Tells that the question is being asked: an import that leads back to itself binds nothing."""
        return (id(self.module), f"member {self.name}")


Steps: TypeAlias = Generator[_Question, Targets | None, Targets | None]


class ModuleNames:
    """
    The names of modules; `bound` says what a binding that is no import gives. `circles` counts the questions
    that led back to themselves over others: then answers may depend on which question came first.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._busy: dict[tuple[int, str], None] = {}  # in the order in which they were begun
        self.circles = 0
        self._members: dict[tuple[str, str, bool], Targets] = {}

    def bound(self, scope: Scope, binding: Binding) -> Targets:
        """What one binding gives its name."""
        raise NotImplementedError

    def imported(self, importer: str, level: int, name: ir.ImportedName) -> Targets:
        """What an import binds."""
        return self._walk(self._imported(importer, level, name)) or UNKNOWN

    def member(self, module: ModuleScope, name: str, *, imported: bool) -> Targets | None:
        """An attribute of a module; with `imported` a submodule counts. None when it has none."""
        key = (module.path, name, imported)
        if key in self._members:
            return self._members[key] or None
        return self._walk(self._asked(_Question(module, name, imported)))

    def is_asked(self, module: ModuleScope, name: str) -> bool:
        """Whether the search for an attribute of a module is under way: what is found meanwhile leaves that out."""
        return _Question(module, name, imported=False).key in self._busy

    def _asked(self, question: _Question) -> Steps:
        return (yield question)

    def _walk(self, first: Steps) -> Targets | None:
        """
        Carries out steps of which each may put a question about another module. Chains of imports
        are thousands of modules long in generated code, so the pending ones are kept in a list.
        """
        pending: list[tuple[_Question | None, Steps]] = [(None, first)]
        answer: Targets | None = None
        steps = 0
        try:
            while pending:
                asked, current = pending[-1]
                try:
                    question = current.send(answer)
                except StopIteration as done:
                    pending.pop()
                    answer = self._settle(asked, done.value)
                    continue
                steps += 1
                known = self._known_member(question)
                if known is None and steps <= STEPS:
                    self._busy[question.key] = None
                    pending.append((question, self._member(question)))
                    answer = None
                else:
                    answer = (known or None) if known is not None else self._give_up(question.module)
        finally:
            for asked, _ in pending:
                if asked is not None:
                    self._busy.pop(asked.key, None)
        return answer

    def _known_member(self, question: _Question) -> Targets | None:
        """What was found before; empty when there is nothing, or the question is being asked already."""
        if question.key in self._busy:
            self._circle(question.key, question.module.path)
            return ()
        return self._members.get((question.module.path, question.name, question.imported))

    def _circle(self, key: tuple[int, str], path: str) -> None:
        """Notes a question that leads back to itself; with no other one between, the answer is always the same."""
        if key != next(reversed(self._busy)):
            self.circles += 1
            self.project.unsettled.add(path)

    def _settle(self, asked: _Question | None, found: Targets | None) -> Targets | None:
        if asked is not None:
            self._busy.pop(asked.key, None)
            self._members[asked.module.path, asked.name, asked.imported] = found or ()
        return found

    def _imported(self, importer: str, level: int, name: ir.ImportedName) -> Steps:
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
            return self._submodule(module, name.attribute) or UNKNOWN
        found = yield _Question(module, name.attribute, imported=True)
        return found or (Unknown("not found in the imported module"),)

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

    def _member(self, question: _Question) -> Steps:
        module, name, _ = question
        bindings = module.block.names.get(name)
        if bindings is not None:
            return (yield from self._module_bindings(module, bindings))
        for star in reversed(module.block.stars):
            found = yield from self._through_star(module, star, name)
            if found is not None:
                return found
        if question.imported:
            submodule = self._submodule(module, name)
            if submodule is not None:
                return submodule
        if "__getattr__" in module.block.names:
            return (Unknown("the module answers any name"),)
        return None

    def _module_bindings(self, module: ModuleScope, bindings: tuple[Binding, ...]) -> Steps:
        found: dict[Target, None] = {}
        for binding in in_force(bindings):
            if binding.kind == "import" and isinstance(binding.node, ir.Import) and binding.imported is not None:
                targets = yield from self._imported(module.path, binding.node.level, binding.imported)
            else:
                targets = self.bound(module, binding)
            found.update(dict.fromkeys(targets or ()))
        return tuple(found)

    def _through_star(self, module: ModuleScope, star: ir.Import, name: str) -> Steps:
        store = self.project.store
        dotted = star.names[0].module
        path = (
            store.find_relative(star.level, dotted, module.path)
            if star.level
            else store.find_module(dotted, module.path)
        )
        source = self.project.module(path) if path else None
        if source is None:
            if name in BUILTINS:
                return None
            known = self.project.models.find_class(f"{dotted}.{name}")
            return (External(f"{dotted}.{name}"),) if known else (Unknown("a star import of an unread module"),)
        exported = source.exported
        if name not in exported if exported is not None else name.startswith("_"):
            return None
        return (yield _Question(source, name, imported=True))

    def _give_up(self, scope: Scope) -> Targets:
        self.project.budget.spent(scope.path, "names lead through too many modules")
        return UNKNOWN


def in_force(bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """The bindings that count when the code runs; those for type checkers where there are no others."""
    return tuple(binding for binding in bindings if not binding.type_checking) or bindings
