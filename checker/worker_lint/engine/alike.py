"""
Whether two records of a file say the same to everybody but the file itself: all but the places.

A record holds no function bodies, so an edit in one leaves it as it is; whatever is moved by the edit
gets other lines and columns, which no answer about other files depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import msgspec

from worker_lint.source import ir
from worker_lint.source.records import DamagedRecordError, decode_module
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
