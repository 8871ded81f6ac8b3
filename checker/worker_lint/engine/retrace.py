"""
Which files must be checked again after an edit, by the trail of the earlier run (see `engine.edges`).

Up to a changed file leads whatever imports it: those files are found by the trail. Down to it lead
classes above its own ones, and classes that it names. Who asked these is in the trail, too, where anything
in the file was looked at; what was only asked for by name or by pattern is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from worker_lint.analysis import Class, Project
from worker_lint.analysis.scope import BlockScan
from worker_lint.analysis.statements import definitions
from worker_lint.analysis.trail import Search
from worker_lint.engine.alike import Before, are_alike, are_same, has_inner_classes
from worker_lint.engine.edges import AGAIN_AT_LEAST, AGAIN_SHARE, Traced
from worker_lint.engine.knowing import Knowing
from worker_lint.engine.tree import Tree
from worker_lint.source import ir
from worker_lint.source.skim import Skim, imported_by


class UnclearError(Exception):
    """The files cannot be told: the whole tree must be analysed."""


def files_again(tree: Tree, project: Project, traced: Traced, before: Mapping[str, Before], checked: int) -> set[str]:
    """
    The changed files, and those whose answers may rest on them; `checked` files were checked in all.

    Raises:
        UnclearError: they are too many, or cannot be told.
    """
    seeds = {*before}
    knowing = Knowing(tree, traced.users)
    for path, earlier in before.items():
        seeds.update(_searching(tree, traced, path, earlier))
        if earlier.skim.imports != tree.skims[path].imports:
            _compare_imports(tree, project, path, earlier.skim)
        seeds.update(subject for subject, _ in knowing.known_to(path))  # which it may not have named before
        old, new = earlier.module, tree.module(path)
        if old is None and new is not None and not earlier.skim.classes and traced.leading_to({path}, 1) == {path}:
            old = ir.Module(new.version, (), docstring=False, parser=new.parser)  # nobody has read or imported it
        if old is None or new is None or has_inner_classes(old) or has_inner_classes(new):
            raise UnclearError
        if not are_alike(old, new):
            _compare_names(tree, project, path, old, new)
            seeds.update(_Below(project, traced, path).compare(old, new))
    found = traced.leading_to(seeds, limit=max(AGAIN_AT_LEAST, int(checked * AGAIN_SHARE)))
    if found is None or "" in found:  # what the settings name was looked for by nobody's import
        raise UnclearError
    if traced.unsettled:
        unsettled = traced.leading_to(traced.unsettled, limit=len(traced.paths) + len(traced.unsettled))
        if unsettled is None or not found.isdisjoint(unsettled):
            raise UnclearError
    return found


def standing_searches(tree: Tree, traced: Traced, before: Mapping[str, Before]) -> dict[Search, bool]:
    """
    The searches that would end as they did, and whether they found anything. Going through all files that
    know a class of the whole tree takes longer than all else; not after an edit of imports, though, which
    may be about who knows a class.
    """
    if any(earlier.skim.imports != tree.skims[path].imports for path, earlier in before.items()):
        return {}
    open_again = {
        search for path, earlier in before.items() for search in _ending_otherwise(tree, traced, path, earlier)
    }
    pairs = ((search, bool(found_in)) for search, found_in in traced.searches)
    return {search: found for search, found in pairs if search not in open_again and search.path not in before}


def _searching(tree: Tree, traced: Traced, path: str, earlier: Before) -> Iterator[str]:
    """The files of classes for which a pattern is found in the changed file now, or no more."""
    for search in _ending_otherwise(tree, traced, path, earlier):
        yield search.path


def _ending_otherwise(tree: Tree, traced: Traced, path: str, earlier: Before) -> Iterator[Search]:
    text = tree.text(path).source
    imports = tree.skims[path].imports != earlier.skim.imports
    for search, found_in in traced.searches:
        if found_in and found_in != path:
            continue
        occurs = any(word in text for word in search.words) and re.search(search.pattern, text) is not None
        if occurs != bool(found_in) or (found_in and imports):
            yield search


def _compare_imports(tree: Tree, project: Project, path: str, earlier: Skim) -> None:
    """Nobody must get a name from the file that the file itself imports anew, or no more."""
    for statement in {*earlier.imports} ^ {*tree.skims[path].imports}:
        for item in imported_by(statement):
            name = item.bound.partition(".")[0]
            if item.name == "*" or any(place != path for place, _ in project.uses.places(path, name)):
                raise UnclearError


def _compare_names(tree: Tree, project: Project, path: str, old: ir.Module, new: ir.Module) -> None:
    """Nobody must derive a class from what the file hands on under a name and did not before, or no more."""
    before, now = BlockScan(old.body), BlockScan(new.body)
    if not are_same(tuple(before.stars), tuple(now.stars)):
        raise UnclearError
    for name in before.names.keys() | now.names.keys():
        if are_same(_bound(before, name), _bound(now, name)):
            continue
        for place, known in project.uses.places(path, name):
            if place != path and any(base.rpartition(".")[2] in {known, name} for base in tree.base_names(place)):
                raise UnclearError


def _bound(scan: BlockScan, name: str) -> tuple[object, ...]:
    """What is bound to a name of a module, without the insides of classes and functions."""
    found: list[object] = []
    for binding in scan.names.get(name, ()):
        node: object = binding.node
        if isinstance(node, ir.Import):
            node = (node.level, binding.imported)
        elif isinstance(node, (ir.ClassDef, ir.FunctionDef)):
            node = None
        found.append((binding.kind, binding.type_checking, node))
    return tuple(found)


class _Below:
    """Compares the classes of a changed file, as those above them see it."""

    def __init__(self, project: Project, traced: Traced, path: str) -> None:
        self.project = project
        self.traced = traced
        self.classes = {cls.qualname: cls for cls in project.classes_in(path)}

    def compare(self, old: ir.Module, new: ir.Module) -> Iterator[str]:
        """The files of classes above those with names, or bases, that they did not have before."""
        before, now = dict(_classes(old)), dict(_classes(new))
        for qualname in before.keys() | now.keys():
            earlier, current = before.get(qualname), now.get(qualname)
            if earlier is not None and current is not None and are_same(earlier[0], current[0]):
                if not self.traced.names_below.isdisjoint(earlier[1] ^ current[1]):
                    yield from self._above(self.classes.get(qualname))
                continue
            yield from self._moved(qualname, earlier[1] if earlier is not None else frozenset())

    def _moved(self, qualname: str, gone: frozenset[str]) -> Iterator[str]:
        """A class that is new, or has other bases: who looked at all classes below the bases, or for names there?"""
        if not self.traced.names_below.isdisjoint(gone):
            raise UnclearError  # what stood above it is not known any more
        cls = self.classes.get(qualname)
        if cls is None:
            return
        hierarchy = self.project.hierarchy
        names = {name for one in (cls, *hierarchy.descendants(cls)) for name in hierarchy.members(one)}
        if not self.traced.names_below.isdisjoint(names):
            yield from self._above(cls)
            return
        for base in hierarchy.ancestors(cls):
            if isinstance(base, Class) and (base.path, base.qualname) in self.traced.classes_above:
                yield base.path

    def _above(self, cls: Class | None) -> Iterable[str]:
        if cls is None:
            raise UnclearError
        return [base.path for base in self.project.hierarchy.ancestors(cls) if isinstance(base, Class)]


def _classes(record: ir.Module) -> Iterator[tuple[str, tuple[tuple[object, ...], frozenset[str]]]]:
    """The classes of a file by qualified name: what their bases are, and what their bodies bind."""
    top = BlockScan(record.body)

    def below(body: tuple[ir.Stmt, ...], outer: str) -> Iterator[tuple[str, tuple[tuple[object, ...], frozenset[str]]]]:
        seen: dict[str, int] = {}
        for node in definitions(body):
            if isinstance(node, ir.ClassDef):
                count = seen[node.name] = seen.get(node.name, 0) + 1
                if count > 1:
                    raise UnclearError  # two classes of one name
                qualname = f"{outer}{node.name}"
                header = (node.bases, node.keywords, node.decorators, *_meant(top, node.bases))
                yield qualname, (header, frozenset(BlockScan(node.body).names) | {*_slots(node)})
                yield from below(node.body, f"{qualname}.")

    return below(record.body, "")


def _slots(node: ir.ClassDef) -> Iterator[str]:
    for binding in BlockScan(node.body).names.get("__slots__", ()):
        items = binding.node.items if isinstance(binding.node, ir.Collection) else (binding.node,)
        yield from (str(item.value) for item in items if isinstance(item, ir.Constant) and item.kind == "str")


def _meant(top: BlockScan, bases: tuple[ir.Expr, ...]) -> Iterator[object]:
    """What the module binds to the names that the bases begin with, aliases followed."""
    pending = [_root(base) for base in bases]
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        yield _bound(top, name)
        nodes = [binding.node for binding in top.names.get(name, ())]
        pending.extend(_root(node) for node in nodes)


def _root(node: object) -> str:
    while not isinstance(node, ir.Name):
        if isinstance(node, (ir.Attribute, ir.Subscript)):
            node = node.value
        elif isinstance(node, ir.Call):
            node = node.func
        else:
            return ""
    return node.id
