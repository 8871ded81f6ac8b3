"""The text of new imports: one statement for each module, names in order, relative where the file does so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import libcst as cst

from worker_lint.fixing.importing import Added, Imports
from worker_lint.fixing.section import Entry, Key, group_of, key_of
from worker_lint.fixing.style import line_length


class NewLines(NamedTuple):
    """New lines for one place, without line ends."""

    group: int
    key: Key
    rows: tuple[str, ...]


def statements(imports: Imports, added: Iterable[Added]) -> list[NewLines]:
    """One statement for each module, in the order of the import section."""
    found: list[NewLines] = []
    modules: dict[tuple[str, int], list[Added]] = {}
    for item in added:
        if item.need.name:
            modules.setdefault(_written_module(imports, item.need.module), []).append(item)
        else:
            found.append(_plain(imports, item))
    for (module, level), items in modules.items():
        names = [alias_text(item) for item in sorted(items, key=lambda item: name_order(item.need.name))]
        rows = _from_rows(imports, f"{'.' * level}{module}", list(dict.fromkeys(names)))
        found.append(NewLines(group_of(module, level, imports.path), key_of(module, level), rows))
    return sorted(found)


def _plain(imports: Imports, item: Added) -> NewLines:
    module = item.need.module
    tail = f" as {item.bound}" if item.bound != module else ""
    key = Key(is_from=False, module=module.lower())
    return NewLines(group_of(module, 0, imports.path), key, (f"import {module}{tail}",))


def _from_rows(imports: Imports, module: str, names: Sequence[str]) -> tuple[str, ...]:
    row = f"from {module} import {', '.join(names)}"
    if len(row) <= line_length(imports.tree):
        return (row,)
    unit = imports.tree.module.default_indent
    return (f"from {module} import (", *(f"{unit}{name}," for name in names), ")")


def _written_module(imports: Imports, module: str) -> tuple[str, int]:
    """The module after `from` and its dots: relative where the file writes its own package so."""
    section = imports.section
    levels = [_level(entry) for entry in (*section.entries, *section.checker_entries)]
    folders, parts = PurePosixPath(imports.path).parent.parts, tuple(module.split("."))
    if not any(levels) or parts[0] not in folders:
        return module, 0
    package = folders[folders.index(parts[0]) :]
    shared = 0
    while shared < min(len(package), len(parts) - 1) and package[shared] == parts[shared]:
        shared += 1
    level = len(package) - shared + 1
    return (".".join(parts[shared:]), level) if level <= max(levels) else (module, 0)


def _level(entry: Entry) -> int:
    return len(entry.statement.relative) if isinstance(entry.statement, cst.ImportFrom) else 0


def alias_text(item: Added) -> str:
    """`name` or `name as other`."""
    return item.need.name if item.bound == item.need.name else f"{item.need.name} as {item.bound}"


def name_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions: how isort and ruff order names by default."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def index_in(names: Sequence[str], new: str) -> int:
    """Where a name goes in a row: by the order that the row keeps, else to the end."""
    orders: tuple[Callable[[str], tuple[int, str]], ...] = (
        name_order,
        lambda name: (0, name.lower()),
        lambda name: (0, name),
    )
    for order in orders:
        keys = [order(name) for name in names]
        if keys == sorted(keys):
            return sum(key <= order(new) for key in keys)
    return len(names)
