"""The full check of a model file, for people who write one and for our own tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from worker_lint.analysis.models.member import MemberLineError, ModelMember, parse_member_lines
from worker_lint.analysis.models.reading import LibraryTables, ModelError, find_line, find_name, read_tables
from worker_lint.analysis.models.table import ClassTable, HookTable, ResourceTable, Table, WorkerTable
from worker_lint.analysis.models.version import Change, parse_release

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check_model(path: Path) -> list[ModelError]:
    """
    Everything that is wrong with a model file; empty when it can be used.

    A run reads tables only when it needs them, so a mistake might else show late or never.
    """
    try:
        tables = read_tables(path.read_text(encoding="utf-8"), str(path))
    except ModelError as error:
        return [error]
    except (OSError, UnicodeDecodeError) as error:
        return [ModelError(f"cannot be read: {error}", str(path))]
    return [*_check_head(tables), *_check_classes(tables), *_check_facts(tables)]


def _check_head(tables: LibraryTables) -> Iterator[ModelError]:
    header = tables.header
    for key in ("lowest", "newest"):
        value = getattr(header, key)
        if value and parse_release(value) is None:
            line = find_line(tables.text, None, key)
            yield ModelError(f"`{key}`: {value!r} is no release", tables.path, line)
    modules = header.modules or (Path(tables.path).stem,)
    for name in header.aliases:
        if not _inside(name, modules):
            line = find_line(tables.text, None, name)
            yield ModelError(f"alias `{name}` is in none of `modules`", tables.path, line, "look-ups would not find it")


def _check_classes(tables: LibraryTables) -> Iterator[ModelError]:
    modules = tables.header.modules or (Path(tables.path).stem,)
    for name, shapes in tables.classes.items():
        for shape in shapes:
            for known in (name, *shape.also):
                if not _inside(known, modules):
                    yield _error(tables, shape, f"`{known}` is in none of `modules`", "add its module there")
            for base in (*shape.bases, shape.metaclass):
                if not _DOTTED.fullmatch(base) or "." not in base:
                    yield _error(tables, shape, f"`{base}` is no qualified name", "write `builtins.int`, not `int`")
            yield from _check_members(tables, shape)
    groups = (tables.classes, tables.hooks, tables.workers, tables.resources, tables.errors)
    for group in (*groups, tables.calls, tables.deliveries):
        for same in group.values():
            for table in same:
                yield from _check_range(tables, table)


def _check_range(tables: LibraryTables, table: Table) -> Iterator[ModelError]:
    for text in (table.since, table.until):
        if text and Change.parse(text) is None:
            yield _error(tables, table, f"{text!r} is no release", "write `1.4`, or `1.2..1.4`")


def _check_members(tables: LibraryTables, shape: ClassTable) -> Iterator[ModelError]:
    try:
        members = list(parse_member_lines(shape.members))
    except MemberLineError as error:
        yield _error(tables, shape, str(error), "see the notation in the model documentation")
        return
    for member in members:
        yield from _check_signature(tables, shape, member)


def _check_signature(tables: LibraryTables, shape: ClassTable, member: ModelMember) -> Iterator[ModelError]:
    if member.signature is None:
        return
    try:
        parameters = member.signature.parameters
    except SyntaxError:
        yield _error(tables, shape, f"the signature of `{member.name}` is no Python: {member.signature.text}")
        return
    if member.kind != "staticmethod" and not parameters:
        yield _error(tables, shape, f"`{member.name}` takes no receiver", "add `self`, or the word `static`")


def _check_facts(tables: LibraryTables) -> Iterator[ModelError]:
    for group in (tables.hooks, tables.workers, tables.resources, tables.errors):
        for same in group.values():
            for table in same:
                if table.name not in tables.classes:
                    yield _error(tables, table, f"no [[class]] table of the name `{table.name}`", "add one")
                else:
                    yield from _check_methods(tables, table)


def _check_methods(tables: LibraryTables, table: Table) -> Iterator[ModelError]:
    """Methods that facts name must be members, of the class or of a base in the same file."""
    known = _own_and_inherited(tables, table.name)
    if known is None:
        return
    for method in _named_methods(table):
        if method not in known:
            yield _error(tables, table, f"`{method}` is no member of `{table.name}`")


def _named_methods(table: Table) -> tuple[str, ...]:
    match table:
        case HookTable():
            return table.required + table.optional + table.final
        case WorkerTable():
            return table.loop + table.handler + table.start + table.stop
        case ResourceTable():
            return table.acquired + table.release + table.request + table.wait
        case _:
            return ()


def _own_and_inherited(tables: LibraryTables, name: str, below: tuple[str, ...] = ()) -> set[str] | None:
    """None when a base is in another file or below itself, or a member list is incomplete."""
    if name in below:
        return None
    found = {"__init__"}
    for shape in tables.classes[name]:
        if not shape.complete:
            return None
        try:
            found |= {member.name for member in parse_member_lines(shape.members)}
        except MemberLineError:
            return None
        for base in shape.bases:
            inherited = _own_and_inherited(tables, base, (*below, name)) if base in tables.classes else None
            if inherited is None and base != "builtins.object":
                return None
            found |= inherited or set()
    return found


def _inside(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(module + ".") for module in modules)


def _error(tables: LibraryTables, table: Table, message: str, remedy: str = "") -> ModelError:
    return ModelError(message, tables.path, find_name(tables.text, table.name), remedy)
