"""From the text of a model file to its typed tables, with errors that name place and remedy."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from worker_lint.analysis.models.table import (
    TABLES,
    CallTable,
    ClassTable,
    DeliveryTable,
    ErrorTable,
    Header,
    HookTable,
    ResourceTable,
    Table,
    WorkerTable,
)

_TableType = TypeVar("_TableType", bound=Table)
_UNKNOWN_KEY = re.compile(r"unknown field `(\w+)`")


class ModelError(Exception):
    """
    A model file that cannot be used: what is wrong, in which file and line, and the remedy.

    `line` counts from 1; 0 is the file as a whole.
    """

    def __init__(self, message: str, path: str, line: int = 0, remedy: str = "") -> None:
        place = f"{path}:{line}" if line else path
        super().__init__(f"{place}: {message}")
        self.message = message
        self.path = path
        self.line = line
        self.remedy = remedy


class LibraryTables(msgspec.Struct, frozen=True):
    """All tables of one file, by kind and name; a name has several where it changed."""

    path: str
    text: str
    header: Header
    classes: Mapping[str, list[ClassTable]] = msgspec.field(default_factory=dict)
    hooks: Mapping[str, list[HookTable]] = msgspec.field(default_factory=dict)
    workers: Mapping[str, list[WorkerTable]] = msgspec.field(default_factory=dict)
    resources: Mapping[str, list[ResourceTable]] = msgspec.field(default_factory=dict)
    errors: Mapping[str, list[ErrorTable]] = msgspec.field(default_factory=dict)
    calls: Mapping[str, list[CallTable]] = msgspec.field(default_factory=dict)
    deliveries: Mapping[str, list[DeliveryTable]] = msgspec.field(default_factory=dict)


def read_tables(text: str, path: str) -> LibraryTables:
    """
    The tables of a model file.

    Raises:
        ModelError: It is no TOML, or has a wrong key or value.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        last = len(text.splitlines())  # the parser says "at end of document"
        raise ModelError(f"not TOML: {error}", path, int(line[1]) if line else last) from None
    raw = {kind: document.pop(kind, []) for kind in TABLES}
    for kind, tables in raw.items():
        if not isinstance(tables, list):
            raise ModelError(f"`{kind}` is not a list of tables", path, remedy=f"write [[{kind}]]")
    header = _convert(document, Header, path, text, None)
    return LibraryTables(
        path,
        text,
        header,
        _tables(raw["class"], ClassTable, path, text, "class"),
        _tables(raw["hooks"], HookTable, path, text, "hooks"),
        _tables(raw["worker"], WorkerTable, path, text, "worker"),
        _tables(raw["resource"], ResourceTable, path, text, "resource"),
        _tables(raw["error"], ErrorTable, path, text, "error"),
        _tables(raw["call"], CallTable, path, text, "call"),
        _tables(raw["delivery"], DeliveryTable, path, text, "delivery"),
    )


def _tables(
    raw: Iterable[object], kind: type[_TableType], path: str, text: str, key: str
) -> dict[str, list[_TableType]]:
    found: defaultdict[str, list[_TableType]] = defaultdict(list)
    for index, table in enumerate(raw):
        converted = _convert(table, kind, path, text, (key, index))
        found[converted.name].append(converted)
    return dict(found)


_StructType = TypeVar("_StructType", bound=msgspec.Struct)


def _convert(raw: Any, kind: type[_StructType], path: str, text: str, place: tuple[str, int] | None) -> _StructType:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise _explain(str(error), kind, path, text, place) from None


def _explain(
    reason: str, kind: type[msgspec.Struct], path: str, text: str, place: tuple[str, int] | None
) -> ModelError:
    unknown = _UNKNOWN_KEY.search(reason)
    if unknown is not None:
        key = unknown[1]
        known = [entry.encode_name for entry in msgspec.structs.fields(kind)]
        if place is None:
            known += TABLES
        import difflib  # only needed for a mistake

        near = difflib.get_close_matches(key, known, n=1)
        remedy = f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(sorted(known))}"
        where = f"[[{place[0]}]]" if place else "the file's head"
        message = f"unknown key `{key}` in {where}"
        return ModelError(message, path, find_line(text, place, key), remedy)
    named = re.search(r"\$\.(\w+)", reason)
    key = named[1] if named else ""
    what = f"`{key}`" if key else "the table" if place else "the file's head"
    return ModelError(f"{what}: {reason.partition(' - at')[0]}", path, find_line(text, place, key))


def find_line(text: str, place: tuple[str, int] | None, key: str) -> int:
    """
    The line of a key in the n-th table of a kind (or in the head): 0 when it is not found.

    TOML parsers give values without places, so the text is searched.
    """
    seen = -1
    here = 0
    inside = place is None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("[[" if place is None else "["):
            if inside:
                break
            if place and line.strip() == f"[[{place[0]}]]":
                seen += 1
                inside = seen == place[1]
                here = number if inside else here
        elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return here


def find_name(text: str, name: str) -> int:
    """The line of the first table with this name; 0 when there is none."""
    wanted = f'name = "{name}"'
    return next((number for number, line in enumerate(text.splitlines(), start=1) if line.strip() == wanted), 0)
