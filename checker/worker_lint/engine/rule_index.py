"""
The metadata of a pack's rules in one file, so that a start imports only the rules that run.

The file is generated, and never trusted: an entry counts only while the rule's source has the digest
that stands in it. A rule without such an entry is imported like those of a pack without an index.
"""

# Paths are strings here: this runs at every start, and pathlib is several times slower.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from worker_lint.rule import Option, Rule

FILE_NAME: Final = "index.json"

_DEFERRED: Final = frozenset(
    {"examples", "page", "silences", "remedies", "class_checks", "function_checks", "module_checks"}
)
"""What only those ask for who import the rule."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a rule without importing it; None for a module that is no rule. Fields as in `Rule`."""

    digest: str
    code: str
    name: str
    severity: str
    summary: str
    stage: str
    confidence: str
    since: str
    words: tuple[str, ...]
    besides: tuple[str, ...]
    closure: str
    yields_to: tuple[str, ...]
    product_only: bool
    resumable: str
    options: dict[str, Any]
    option_docs: dict[str, str]
    is_root: bool


class IndexedRule(Rule):
    """A rule whose module is imported when somebody asks for its checks, its page or its examples."""

    __slots__ = ("_import", "_is_root")

    def __init__(self, entry: Entry, module: Callable[[], Rule]) -> None:  # the fields left out are its point
        options = {key: _option(value) for key, value in entry.options.items()}
        for field in msgspec.structs.asdict(entry).items():
            if field[0] not in {"digest", "is_root", "options"}:
                setattr(self, *field)
        self.options = options
        self._is_root = entry.is_root
        self._import = module

    @property
    def is_root(self) -> bool:
        """Whether the rule looks at code."""
        return self._is_root

    def __getattr__(self, name: str) -> Any:
        """What was left out."""
        if name not in _DEFERRED:
            raise AttributeError(name)
        rule = self._import()
        for deferred in _DEFERRED:
            setattr(self, deferred, getattr(rule, deferred))
        return getattr(rule, name)


def read_index(folder: str) -> Mapping[str, Entry]:
    """The entries of a pack's folder by module, relative to the pack; empty where there is no index to use."""
    try:
        with open(os.path.join(folder, FILE_NAME), "rb") as file:
            return msgspec.json.decode(file.read(), type=dict[str, Entry])
    except (OSError, msgspec.MsgspecError):
        return {}


def digest_of_source(file: str) -> str:
    """What tells whether a rule's source is the one that was indexed; line ends do not count."""
    with open(file, "rb") as source:
        return hashlib.blake2b(source.read().replace(b"\r\n", b"\n"), digest_size=10).hexdigest()


def entry_of(rule: Rule, digest: str) -> Entry:
    """The entry of a rule."""
    fields = {name: getattr(rule, name) for name in Entry.__struct_fields__ if name != "digest"}
    return Entry(digest=digest, **fields)


def encode_index(entries: Mapping[str, Entry]) -> str:
    """The text of an index."""
    data = msgspec.json.encode({name: entries[name] for name in sorted(entries)})
    return msgspec.json.format(data, indent=1).decode() + "\n"


def _option(value: Any) -> Option:
    return tuple(value) if isinstance(value, list) else value
