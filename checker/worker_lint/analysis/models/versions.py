"""
Which releases of libraries a project uses, read as text from its lock and requirement files.

A lock beats requirements, and those beat what pyproject.toml asks for. Nothing is installed,
resolved or asked for: a package that no file names has an unknown version.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from worker_lint.analysis.models.version import Release, ReleaseSpan, parse_release
from worker_lint.source.pattern import pattern

_LOCKED = pattern(r'^\[\[packages?\]\]\r?\nname = "([^"]+)"\r?\nversion = "([^"]+)"', re.MULTILINE)
_REQUIREMENT = pattern(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;#)]*)")
_CLAUSE = pattern(r"(===|==|~=|>=|<=|>|<|\^|~)\s*v?([0-9][0-9.]*)([^,\s]*)")
_ENDLESS = 1_000_000

Spans = dict[str, ReleaseSpan]


def read_versions(root: Path) -> Spans:
    """
    The releases in use by normalised distribution name, from the files in a project's root.

    `python` stands for the language itself. A file that cannot be read counts as absent.
    """
    found: Spans = {}
    for level in (_LOCKS, _REQUIREMENTS, _PROJECTS):
        here: Spans = {}
        for names, parse in level.items():
            for path in sorted(root.glob(names)):
                _join(here, parse(_text(path)))
        found = {**here, **found}
    return found


def parse_lock(text: str) -> Spans:
    """What a uv, Poetry, PDM or `pylock.toml` lock pins; a package locked twice spans both releases."""
    found: Spans = {}
    for name, version in _LOCKED.findall(text):
        release = parse_release(version)
        if release is not None:
            _join(found, {normalise_name(name): ReleaseSpan.exactly(release)})
    return found


def parse_pipfile_lock(text: str) -> Spans:
    """What a Pipfile.lock pins."""
    import json  # of all locks, only this one needs it

    try:
        document = json.loads(text)
    except ValueError:
        return {}
    sections = document.values() if isinstance(document, dict) else ()
    pinned = {}
    for section in sections:
        for name, entry in section.items() if isinstance(section, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("version"), str):
                pinned[normalise_name(name)] = parse_specifier(entry["version"])
    return _known(pinned)


def parse_requirements(text: str) -> Spans:
    """What the lines of a requirements file allow; options, paths and addresses are passed over."""
    found: Spans = {}
    for line in text.replace("\\\n", " ").splitlines():
        if not line.lstrip().startswith(("-", "#", ".", "/")) and "://" not in line:
            _join(found, _known(dict(_requirements([line]))))
    return found


def parse_project(text: str) -> Spans:
    """What a pyproject.toml asks for: dependencies, extras, groups, Poetry's tables, the language."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    lists += _table(document, "dependency-groups").values()
    found: Spans = {}
    for entries in lists:
        texts = [entry for entry in entries if isinstance(entry, str)] if isinstance(entries, list) else []
        for name, span in _requirements(texts):
            _join(found, _known({name: span}))
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [_table(group, "dependencies") for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for table in tables:
        _join(found, _known(dict(_poetry(table))))
    if isinstance(project.get("requires-python"), str):
        found["python"] = parse_specifier(project["requires-python"])
    return _known(found)


def parse_specifier(text: str) -> ReleaseSpan:
    """The releases that a version specifier allows, as the smallest span without gaps."""
    span = ReleaseSpan()
    for operator, number, rest in _CLAUSE.findall(text):
        release = parse_release(number)
        if release is not None:
            span = span.meet(_clause(operator, release, tuple(map(int, number.strip(".").split("."))), rest))
    return span


def _clause(operator: str, release: Release, written: Release, rest: str) -> ReleaseSpan:
    match operator:
        case "==" | "===":
            if rest.startswith("*"):
                return ReleaseSpan(release, _before(_next(written, len(written))))
            return ReleaseSpan.exactly(release)
        case "~=":
            return ReleaseSpan(release, _before(_next(written, len(written) - 1)))
        case "~":
            return ReleaseSpan(release, _before(_next(written, min(2, len(written)))))
        case "^":
            leading = next((index for index, part in enumerate(written) if part), len(written) - 1)
            return ReleaseSpan(release, _before(_next(written, leading + 1)))
        case ">=" | ">":
            return ReleaseSpan(release, None)
        case "<=":
            return ReleaseSpan(None, release)
    return ReleaseSpan(None, _before(release))


def _next(release: Release, length: int) -> Release:
    kept = release[: max(1, length)]
    return (*kept[:-1], kept[-1] + 1)


def _before(release: Release) -> Release:
    """A release that comes after all others before this one."""
    shortened = list(release)
    while len(shortened) > 1 and shortened[-1] == 0:
        shortened.pop()
    if shortened[-1] == 0:
        return (0,)
    return (*shortened[:-1], shortened[-1] - 1, _ENDLESS)


def normalise_name(name: str) -> str:
    """A distribution name as registries compare it: lower case, runs of `-_.` as one hyphen."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(lines: Iterable[str]) -> Iterator[tuple[str, ReleaseSpan]]:
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is not None:
            yield normalise_name(match[1]), parse_specifier(match[2])


def _poetry(table: Mapping[str, Any]) -> Iterator[tuple[str, ReleaseSpan]]:
    for name, entry in table.items():
        wanted = entry.get("version") if isinstance(entry, dict) else entry
        if isinstance(wanted, str) and "||" not in wanted:
            plain = f"=={wanted}" if wanted[:1].isdigit() else wanted
            yield normalise_name(name), parse_specifier(plain)


def _table(document: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _known(spans: Spans) -> Spans:
    return {name: span for name, span in spans.items() if span != ReleaseSpan()}


def _join(found: Spans, more: Spans) -> None:
    """Two files that differ leave open which of them is in force."""
    for name, span in more.items():
        other = found.get(name, span)
        lowest = None if None in {span.lowest, other.lowest} else min(span.lowest or (), other.lowest or ())
        highest = None if None in {span.highest, other.highest} else max(span.highest or (), other.highest or ())
        found[name] = ReleaseSpan(lowest, highest)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


_Parsers = Mapping[str, Callable[[str], Spans]]
_LOCKS: _Parsers = {
    "uv.lock": parse_lock,
    "poetry.lock": parse_lock,
    "pdm.lock": parse_lock,
    "pylock*.toml": parse_lock,
    "Pipfile.lock": parse_pipfile_lock,
}
_REQUIREMENTS: _Parsers = {
    "requirements*.txt": parse_requirements,
    "requirements/*.txt": parse_requirements,
}
_PROJECTS: _Parsers = {"pyproject.toml": parse_project}
