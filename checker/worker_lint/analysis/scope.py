"""
What the names of a block are bound to, branch by branch.

A later binding in straight code replaces an earlier one; branches are joined, so that a name
that is defined differently in `if` and `else` has two bindings. Loops and handlers may run or
not, so they only add. No order between functions is assumed.
"""

# Whether a block is for type checkers only is passed down every statement of every file, by position.
# ruff: noqa: FBT001

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from worker_lint.source import ir


class Binding(NamedTuple):
    """
    One way a name gets its value. `node` is the definition, the import (with `imported`), or for
    `value` the assigned expression; `other` says that the value cannot be told.
    """

    kind: Literal["import", "class", "function", "value", "annotation", "other"]
    node: ir.FunctionDef | ir.ClassDef | ir.Import | ir.Expr | ir.Stmt | None
    imported: ir.ImportedName | None = None
    type_checking: bool = False
    annotation: ir.Expr | None = None


Bindings: TypeAlias = dict[str, tuple[Binding, ...]]

OTHER = Binding("other", None)


class BlockScan:
    """The bindings of one block, with the modules of its star imports."""

    def __init__(self, body: Iterable[ir.Stmt]) -> None:
        self.stars: list[ir.Import] = []
        self.globals: set[str] = set()
        self.names: Bindings = self._block(body, {}, type_checking=False)

    def _block(self, body: Iterable[ir.Stmt], names: Bindings, *, type_checking: bool) -> Bindings:
        for statement in body:
            self._statement(statement, names, type_checking)
        return names

    def _statement(self, node: ir.Stmt, names: Bindings, checking: bool) -> None:  # noqa: C901, PLR0912 - a case a kind
        match node:
            case ir.FunctionDef():
                self._define_function(node, names, checking)
            case ir.ClassDef():
                names[node.name] = (Binding("class", node, type_checking=checking),)
            case ir.Import():
                self._import(node, names, checking)
            case ir.Assign():
                self._assign(node, names, checking)
            case ir.If():
                self._if(node, names, checking)
            case ir.Try():
                self._try(node, names, checking)
            case ir.With():
                for item in node.items:
                    _bind_targets(item.target, names)
                self._block(node.body, names, type_checking=checking)
            case ir.For():
                _bind_targets(node.target, names)
                self._maybe((node.body, node.orelse), names, checking)
            case ir.While():
                self._maybe((node.body, node.orelse), names, checking)
            case ir.Match():
                for case in node.cases:
                    names.update(dict.fromkeys(case.binds, (OTHER,)))
                self._maybe([case.body for case in node.cases], names, checking)
            case ir.Delete():
                for target in node.targets:
                    if isinstance(target, ir.Name):
                        names.pop(target.id, None)
            case ir.Scope():
                self.globals.update(node.names)
            case ir.AugAssign(target=ir.Name(id=name)):
                names[name] = (*names.get(name, ()), OTHER)
            case ir.TypeAliasDef():
                names[node.name] = (Binding("value", node.value, type_checking=checking),)
            case _:
                pass

    def _define_function(self, node: ir.FunctionDef, names: Bindings, checking: bool) -> None:
        """A property setter or an overload refines the earlier definition, so it keeps it."""
        earlier = names.get(node.name, ()) if node.decorators else ()
        kept = tuple(binding for binding in earlier if binding.kind == "function" and _refines(node))
        names[node.name] = (*kept, Binding("function", node, type_checking=checking))

    def _import(self, node: ir.Import, names: Bindings, checking: bool) -> None:
        for imported in node.names:
            if imported.attribute == "*":
                self.stars.append(node)
                continue
            names[imported.bound] = (Binding("import", node, imported, type_checking=checking),)

    def _assign(self, node: ir.Assign, names: Bindings, checking: bool) -> None:
        for target in node.targets:
            if not isinstance(target, ir.Name):
                _bind_targets(target, names, node.value)
            elif node.value is None:
                if target.id not in names:
                    names[target.id] = (Binding("annotation", node, annotation=node.annotation),)
            else:
                names[target.id] = (Binding("value", node.value, type_checking=checking, annotation=node.annotation),)

    def _if(self, node: ir.If, names: Bindings, checking: bool) -> None:
        polarity = _type_checking_polarity(node.test)
        taken = self._block(node.body, dict(names), type_checking=checking or polarity == 1)
        skipped = self._block(node.orelse, dict(names), type_checking=checking or polarity == -1)
        _join(names, (taken, skipped))

    def _try(self, node: ir.Try, names: Bindings, checking: bool) -> None:
        tried = self._block((*node.body, *node.orelse), dict(names), type_checking=checking)
        outcomes = [tried]
        for handler in node.handlers:
            start = dict(names)
            if handler.name:
                start[handler.name] = (OTHER,)
            outcomes.append(self._block(handler.body, start, type_checking=checking))
        _join(names, outcomes)
        self._block(node.final, names, type_checking=checking)

    def _maybe(self, blocks: Iterable[Iterable[ir.Stmt]], names: Bindings, checking: bool) -> None:
        outcomes = [dict(names)]
        outcomes.extend(self._block(block, dict(names), type_checking=checking) for block in blocks)
        _join(names, outcomes)


def _refines(node: ir.FunctionDef) -> bool:
    """Whether a definition builds on an earlier one of the same name: `@x.setter`, `@overload`."""
    for decorator in node.decorators:
        if isinstance(decorator, ir.Attribute) and decorator.name in {"setter", "getter", "deleter", "register"}:
            if isinstance(decorator.value, ir.Name) and decorator.value.id == node.name:
                return True
    return False


def _join(names: Bindings, outcomes: Iterable[Mapping[str, tuple[Binding, ...]]]) -> None:
    """Replaces `names` by the union of what the branches leave behind."""
    merged: Bindings = {}
    for outcome in outcomes:
        for name, bindings in outcome.items():
            known = merged.get(name)
            if known is None:
                merged[name] = bindings
            elif known is not bindings:
                merged[name] = (*known, *(binding for binding in bindings if binding not in known))
    names.clear()
    names.update(merged)


def _bind_targets(target: ir.Expr | None, names: Bindings, value: ir.Expr | None = None) -> None:
    match target:
        case ir.Name():
            names[target.id] = (OTHER,)
        case ir.Collection():
            parts = value.items if isinstance(value, ir.Collection) and len(value.items) == len(target.items) else None
            for index, item in enumerate(target.items):
                if isinstance(item, ir.Name) and parts is not None:
                    names[item.id] = (Binding("value", parts[index]),)
                else:
                    _bind_targets(item, names)
        case ir.Starred():
            _bind_targets(target.value, names)
        case _:
            pass


def _type_checking_polarity(test: ir.Expr) -> int:
    """1 for `if TYPE_CHECKING`, -1 for `if not TYPE_CHECKING`, 0 for other tests."""
    if isinstance(test, ir.Unary) and test.op == "not":
        return -_type_checking_polarity(test.operand)
    name = ir.dotted_name(test)
    return 1 if name is not None and name.rpartition(".")[2] in {"TYPE_CHECKING", "MYPY"} else 0
