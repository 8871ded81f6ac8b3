"""
Whether two records of a file say the same to everybody but the file itself: all but the places.

A record holds no function bodies, so an edit in one leaves it as it is; whatever is moved by the edit
gets other lines and columns, which no answer about other files depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec

from worker_lint.analysis.module_names import BUILTINS
from worker_lint.analysis.scope import BlockScan
from worker_lint.source import ir
from worker_lint.source.records import DamagedRecordError, decode_module, encode_module
from worker_lint.source.skim import Skim


class Before(msgspec.Struct, frozen=True, dict=True):
    """
    A changed file as the earlier run had it; `record` is encoded, None where that run did not look into
    the file. Then `make` works it out, if it can.
    """

    skim: Skim
    record: bytes | None
    make: Callable[[], bytes | None] = lambda: None

    @cached_property
    def module(self) -> ir.Module | None:
        """The record; None also where it is damaged."""
        try:
            record = self.record if self.record is not None else self.make()
            return decode_module(record) if record is not None else None
        except DamagedRecordError:
            return None


def are_alike(one: ir.Module, other: ir.Module) -> bool:
    """Whether two records differ in nothing but places."""
    return one.docstring == other.docstring and are_same(one.body, other.body)


def other_names(one: ir.Module, other: ir.Module) -> frozenset[str]:
    """
    The names of functions and plain values that one of two records has and the other one lacks, where they differ in
    nothing else, and nothing else in them says such a name. Empty where they differ in more, or not at all.
    """
    few, many = sorted((one, other), key=lambda record: len(record.body))
    extra: list[ir.Stmt] = []
    left = list(reversed(few.body))
    for statement in many.body:
        if left and are_same(statement, left[-1]):
            left.pop()
        else:
            extra.append(statement)
    names = [_name_bound(statement) for statement in extra]
    if left or few.docstring != many.docstring or None in names:
        return frozenset()
    found = frozenset(name for name in names if name is not None)
    elsewhere = encode_module(few)
    if len(found) < len(names) or any(name.encode() in elsewhere for name in found):
        return frozenset()
    return frozenset() if BlockScan(few.body).stars else found


def _name_bound(statement: ir.Stmt) -> str | None:
    """The one name that a statement binds; None for what may do more, or has a meaning of its own."""
    match statement:
        case ir.FunctionDef(name=name, decorators=(), has_inner_class=False):
            found = name
        case ir.Assign(targets=(ir.Name(id=name),), value=value) if _does_nothing(value):
            found = name
        case _:
            return None
    return None if found.startswith("__") or found in BUILTINS else found


def _does_nothing(value: object) -> bool:
    """Whether an expression only gives something: it calls nothing and binds nothing."""
    if isinstance(value, msgspec.Struct):
        plain = isinstance(value, (ir.Constant, ir.Name, ir.Attribute, ir.Collection))
        return plain and all(_does_nothing(getattr(value, name)) for name in value.__struct_fields__)
    return all(map(_does_nothing, value)) if isinstance(value, tuple) else True


def has_inner_classes(record: ir.Module) -> bool:
    """Whether a function of the file holds classes: they are known by its body, which is not in the record."""
    pending: list[Iterable[object]] = [record.body]
    while pending:
        for item in pending.pop():
            if isinstance(item, ir.FunctionDef) and item.has_inner_class:
                return True
            if isinstance(item, msgspec.Struct):
                pending.append([getattr(item, name) for name in item.__struct_fields__])
            elif isinstance(item, tuple):
                pending.append(item)
    return False


def are_same(one: object, other: object) -> bool:
    """Whether two parts of records differ in nothing but places."""
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(are_same, one, other))
    if isinstance(one, msgspec.Struct):
        fields = (name for name in one.__struct_fields__ if name != "at" and not name.endswith("_at"))
        return all(are_same(getattr(one, name), getattr(other, name)) for name in fields)
    return one == other
