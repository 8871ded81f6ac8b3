"""
Rule packs: found through the entry-point group, walked module by module.

A pack is a package whose modules define `rule`; the entry point names the package. A pack that
cannot be loaded is reported with its distribution's name, and the rest runs.
"""

# Paths are strings here: this runs at every start, and pathlib is several times slower.
# ruff: noqa: PTH110, PTH112, PTH116, PTH118

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType

import msgspec

from worker_lint.diagnostic import Problem
from worker_lint.engine.installed import Installed, installed_packs
from worker_lint.engine.rule_index import (
    Entry,
    IndexedRule,
    digest_of_source,
    encode_index,
    entry_of,
    read_index,
)
from worker_lint.rule import Rule

API = 1
_BUILT_IN = "worker_lint_rules"
_CODE = re.compile(r"[A-Z]{3}[0-9]{3}")


class Pack(msgspec.Struct, frozen=True):
    """
    The rules of one distribution, and where its library models lie. `fingerprint` changes with
    its source files, so that a rule that is being edited is never answered from the cache.
    """

    name: str
    version: str
    rules: tuple[Rule, ...]
    models: tuple[str, ...]
    fingerprint: str = ""


class Packs(msgspec.Struct, frozen=True):
    """All packs of the environment, and what went wrong with some."""

    packs: tuple[Pack, ...]
    problems: tuple[Problem, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, by code."""
        return tuple(sorted((rule for pack in self.packs for rule in pack.rules), key=lambda rule: rule.code))

    @property
    def models(self) -> tuple[str, ...]:
        """The folders of library models, in the order of the packs."""
        return tuple(path for pack in self.packs for path in pack.models)


def load_packs(*, foreign: bool = True) -> Packs:
    """The built-in pack and, with `foreign`, those of other distributions."""
    packs: list[Pack] = []
    problems: list[Problem] = []
    taken: dict[str, str] = {}
    for owner, version, package in _installed(foreign=foreign):
        try:
            pack = _load(owner, version, package)
        except Exception as error:  # noqa: BLE001 - a pack is foreign code: whatever it raises is its own
            problems.append(_broken(owner, f"{type(error).__name__}: {error}"))
            continue
        clash = next((rule.code for rule in pack.rules if rule.code in taken), None)
        if clash is not None:
            problems.append(_broken(owner, f"the code {clash} belongs to {taken[clash]}"))
            continue
        taken.update({rule.code: owner for rule in pack.rules})
        packs.append(pack)
    return Packs(tuple(packs), tuple(problems))


def _installed(*, foreign: bool) -> Iterable[Installed]:
    found = installed_packs()
    built_in = [item for item in found if item.package == _BUILT_IN]
    others = sorted((item for item in found if item.package != _BUILT_IN), key=lambda item: item.package)
    return [*(built_in[:1] or [Installed(_BUILT_IN, "", _BUILT_IN)]), *(others if foreign else [])]


def _broken(owner: str, reason: str) -> Problem:
    remedy = f"update or uninstall {owner}, or run with --no-packs"
    return Problem(f"the rule pack of {owner} cannot be used: {reason}", help=remedy)


def _load(owner: str, version: str, name: str) -> Pack:
    package = importlib.import_module(name)
    api = getattr(package, "api", None)
    if api != API:
        raise ValueError(f"it is made for pack interface {api!r}, this is {API}")
    rules = []
    models: list[str] = []
    for folder in package.__path__:
        index = read_index(folder)
        for module_name in sorted(_modules(folder, name)):
            rule = _indexed(module_name, folder, name, index) or _imported(module_name)
            if rule is not None:
                rules.append(rule)
        place = os.path.join(folder, "models")
        if os.path.isdir(place):
            models.append(place)
    return Pack(owner, version, tuple(rules), tuple(models), _fingerprint(package.__path__))


def _fingerprint(folders: Iterable[str]) -> str:
    """Names, sizes and times of the pack's sources: cheaper than reading 40 files at every start."""
    parts = []
    for folder in folders:
        for place, names, files in os.walk(folder):
            names[:] = sorted(name for name in names if name != "__pycache__")
            for name in sorted(files):
                if name.endswith(".py"):
                    state = os.stat(os.path.join(place, name))
                    parts.append(f"{os.path.relpath(place, folder)}/{name} {state.st_size} {state.st_mtime_ns}")
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def _indexed(module: str, folder: str, package: str, index: Mapping[str, Entry]) -> Rule | None:
    inner = module.removeprefix(f"{package}.")
    entry = index.get(inner)
    if entry is None or entry.digest != digest_of_source(os.path.join(folder, *inner.split(".")) + ".py"):
        return None
    return IndexedRule(entry, lambda: _named(importlib.import_module(module)))


def _imported(name: str) -> Rule | None:
    module = importlib.import_module(name)
    return _named(module) if isinstance(getattr(module, "rule", None), Rule) else None


def index_of(package: str) -> str:
    """The text of a pack's index: see `engine.rule_index`."""
    entries: dict[str, Entry] = {}
    for folder in importlib.import_module(package).__path__:
        for name in _modules(folder, package):
            rule = _imported(name)
            if rule is not None:
                inner = name.removeprefix(f"{package}.")
                digest = digest_of_source(os.path.join(folder, *inner.split(".")) + ".py")
                entries[inner] = entry_of(rule, digest)
    return encode_index(entries)


def _named(module: ModuleType) -> Rule:
    """The module's rule with its name and page filled in from the module."""
    rule: Rule = module.rule
    rule.name = module.__name__.rpartition(".")[2].replace("_", "-")
    rule.page = module.__doc__ or ""
    if not _CODE.fullmatch(rule.code):
        raise ValueError(f"{rule.code!r} of {rule.name} is no code: three capitals and three digits")
    return rule


def _modules(folder: str, package: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and os.path.exists(os.path.join(entry.path, "__init__.py")):
                yield from _modules(entry.path, f"{package}.{entry.name}")
            elif entry.name.endswith(".py") and entry.name != "__init__.py":
                yield f"{package}.{entry.name[:-3]}"
