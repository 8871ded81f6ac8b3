"""
Which files the checks run over: the roots that the screen finds, and what hangs on them.

Round one: files in which a declared word occurs. Round two, for the rules that look beyond a file: the subclasses,
resolved through imports, of every class in a file with one of their words that sets or inherits a contract, and of the
configured bases of workers; then the files that create one of those whose contract is not fulfilled. Everything else
cannot hold a diagnostic of a rule with words.
"""

from __future__ import annotations

from collections.abc import Iterable

from worker_lint.analysis import Class, Project
from worker_lint.analysis.contract import refuses_as_protocol
from worker_lint.analysis.statements import definitions
from worker_lint.analysis.visit import uncalled
from worker_lint.engine.screen import Screens
from worker_lint.engine.tree import Tree
from worker_lint.rule import Closure
from worker_lint.source import ir

_PROTOCOLS = (("Protocol", "typing.Protocol"), ("Protocol", "typing_extensions.Protocol"))


class Reach:
    """The files to check, grown from the roots; `linking` finds those of the rules that look beyond a file."""

    def __init__(self, tree: Tree, project: Project, closure: Closure, linking: Screens) -> None:
        self.tree = tree
        self.project = project
        self.closure = closure
        self.linking = linking
        self.files: set[str] = set()
        self.contracts: set[Class] = set()

    def grow(self, roots: Iterable[str]) -> None:
        """Adds the roots and everything that hangs on them."""
        pending: list[Class] = []
        for path in sorted(roots):
            self.files.add(path)
            pending.extend(self.declared_in(path))
        if self.closure != "file":
            pending.extend(self._of_models())
            pending.extend(self._of_environment())
            pending.extend(self.project.worker_bases)
        self.descend(pending)
        found = sorted(self.contracts, key=lambda cls: (cls.path, cls.node.at))
        self.project.contract_classes = tuple(found)
        self.files.update(self.project.creations.by_file)

    def declared_in(self, path: str) -> Iterable[Class]:
        """The classes of a root that set a contract which counts in other files."""
        words, role = self.tree.words_of(path), self.tree.role(path)
        if self.closure == "file" or not self.linking.takes(words, role):
            return ()
        return [cls for cls in self.project.classes_in(path) if sets_contract(cls)]

    def _of_models(self) -> Iterable[Class]:
        """Classes of the project that derive directly from a modelled class with a contract."""
        for name, model in (*self.project.models.contracts(self.tree.imported_tops()), *_PROTOCOLS):
            for path in self.tree.files_naming_base(name):
                for cls in self.project.classes_in(path):
                    if any(getattr(base, "name", "") == model for base in self.project.hierarchy.bases(cls)):
                        yield cls

    def _of_environment(self) -> Iterable[Class]:
        """Classes of the project with a contract from a dependency in the configured environment."""
        environment = self.tree.environment
        for path in sorted(self.tree.skims) if environment is not None else ():
            if environment is None or not self._names_dependency(path):
                continue
            for cls in self.project.classes_in(path):
                bases = (base for base in self.project.hierarchy.ancestors(cls) if isinstance(base, Class))
                if any(environment.holds(base.path) and sets_contract(base) for base in bases):
                    yield cls

    def _names_dependency(self, path: str) -> bool:
        """Whether a base in a class header comes from an import that the environment answers."""
        imports = self.tree.links.imports(path)
        firsts = {base.partition(".")[0] for base in self.tree.base_names(path)}
        return any(
            self.tree.find_outside(item.module) or self.tree.find_outside(f"{item.module}.{item.name}")
            for first in firsts
            for item in imports.get(first, ())
            if not item.module.startswith(".")
        )

    def descend(self, pending: list[Class]) -> None:
        """Adds classes and, as far as rules ask, those that derive from them."""
        hierarchy = self.project.hierarchy
        while pending:
            level = [cls for cls in dict.fromkeys(pending) if cls not in self.contracts]
            self.contracts.update(level)
            self.files.update(cls.path for cls in level)
            # Below a class that has everything, only a class with marks of its own can lack something.
            above = [
                cls
                for cls in level
                if self.closure == "contracts" or hierarchy.abstract(cls).left or refuses_as_protocol(cls)
            ]
            hierarchy.prepare(above)
            pending = [below for cls in above for below in hierarchy.subclasses(cls)]


def sets_contract(cls: Class) -> bool:
    """Whether the class body itself declares something abstract, final or unimplemented, by its looks."""
    return _sets_contract(cls.node)


def may_set_contract(record: ir.Module) -> bool:
    """Whether a class of a file does; classes inside functions are not known, so they count."""
    pending: list[ir.Stmt] = [*definitions(record.body)]
    while pending:
        node = pending.pop()
        if isinstance(node, ir.ClassDef):
            if _sets_contract(node):
                return True
            pending.extend(definitions(node.body))
        elif isinstance(node, ir.FunctionDef) and node.has_inner_class:
            return True
    return False


def _sets_contract(cls: ir.ClassDef) -> bool:
    for node in cls.body:
        if isinstance(node, ir.FunctionDef):
            if node.shape.startswith("not-implemented"):
                return True
            if any(_is_mark(ir.dotted_name(uncalled(item)) or "") for item in node.decorators):
                return True
        elif isinstance(node, (ir.If, ir.Try)):
            return True
        elif isinstance(node, ir.Assign) and isinstance(node.value, ir.Call):
            if "abstract" in (ir.dotted_name(node.value.func) or ""):
                return True
    return False


def _is_mark(name: str) -> bool:
    return "abstract" in name or name.rpartition(".")[2] == "final"
