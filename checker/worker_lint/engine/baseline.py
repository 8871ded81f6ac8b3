"""
The baseline: diagnostics that are known and accepted for now, so that only new ones fail.

A file at the project root, sorted and with one entry a line, so that it merges like source. An
entry is recognised by its fingerprint alone; the rest tells people what it stands for.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from worker_lint.diagnostic import Diagnostic, Span

FILE_NAME: Final = ".worker-lint-baseline.json"
VERSION: Final = 1
GONE_CODE: Final = "WKL006"
GONE_NAME: Final = "baseline-entry-gone"


class BaselineError(Exception):
    """The baseline cannot be read or written; `line` counts from 1, 0 when there is none."""

    def __init__(self, path: str, message: str, remedy: str, line: int = 0) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {message}; {remedy}")
        self.path, self.message, self.remedy, self.line = path, message, remedy, line


class Entry(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One accepted diagnostic; entries are in the order of these fields."""

    path: str
    code: str
    symbol: str
    fingerprint: str
    message: str


class Baseline(NamedTuple):
    """The entries, sorted, and the line of the file that each stands on."""

    entries: tuple[Entry, ...] = ()
    lines: tuple[int, ...] = ()


class Applied(NamedTuple):
    """What is left after the baseline: what to report, and how many diagnostics it kept back."""

    diagnostics: tuple[Diagnostic, ...]
    baselined: int


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    entries: tuple[Entry, ...]


def load_baseline(path: Path) -> Baseline:
    """
    Read a baseline; one that does not exist is empty.

    Raises BaselineError for a file that cannot be read, is damaged (a conflict that was not
    resolved, say) or comes from a later version.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Baseline()
    except OSError as error:
        raise BaselineError(path.name, f"cannot be read: {error.strerror or error}", "mend its permissions") from error
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        remedy = "resolve the conflict in it, or write it anew with `worker-lint baseline`"
        raise BaselineError(path.name, f"is damaged: {error}", remedy, _damaged_line(data)) from error
    if document.version != VERSION:
        remedy = "update worker-lint, or write it anew with `worker-lint baseline`"
        raise BaselineError(path.name, f"has the unknown version {document.version}", remedy)
    lines = _entry_lines(data)
    placed = sorted((entry, lines.get(entry.fingerprint, 1)) for entry in document.entries)
    return Baseline(tuple(entry for entry, _ in placed), tuple(line for _, line in placed))


def apply_baseline(diagnostics: Iterable[Diagnostic], baseline: Baseline) -> Applied:
    """Take out the diagnostics that the baseline knows; each entry takes one, in report order."""
    left = Counter(entry.fingerprint for entry in baseline.entries)
    kept: list[Diagnostic] = []
    baselined = 0
    for diagnostic in diagnostics:
        if left[diagnostic.fingerprint] > 0:
            left[diagnostic.fingerprint] -= 1
            baselined += 1
        else:
            kept.append(diagnostic)
    return Applied(tuple(kept), baselined)


def gone_entries(
    found: Iterable[Diagnostic], baseline: Baseline, file: str, checked: Collection[str] | None = None
) -> tuple[Diagnostic, ...]:
    """
    Give a WKL006 diagnostic, placed in the baseline itself, for each entry that nothing matches.

    `found` is everything that was found, before the baseline was applied; `file` is the
    baseline's path relative to the project root. With `checked` only entries of these paths are
    looked at: a run over a few files knows nothing of the others.
    """
    present = Counter(diagnostic.fingerprint for diagnostic in found)
    gone = []
    for entry, line in zip(baseline.entries, baseline.lines, strict=True):
        if present[entry.fingerprint] > 0:
            present[entry.fingerprint] -= 1
        elif checked is None or entry.path in checked:
            gone.append(_gone(entry, line, file))
    return tuple(gone)


def write_entries(path: Path, entries: Iterable[Entry]) -> int:
    """
    Replace the baseline by these entries and give their number.

    The file is replaced in one step, and left alone when nothing changes. Raises BaselineError
    when it cannot be written.
    """
    entries = sorted(entries)
    text = baseline_text(entries)
    try:
        if not path.exists() or path.read_bytes() != text:
            _replace(path, text)
    except OSError as error:
        remedy = "mend its permissions, or name another place with the setting `baseline`"
        raise BaselineError(path.name, f"cannot be written: {error.strerror or error}", remedy) from error
    return len(entries)


def baseline_text(entries: Iterable[Entry]) -> bytes:
    """Give the file's content: JSON in ASCII, one entry a line, in order."""
    lines = ",\n".join(map(_line, sorted(entries)))
    body = f"[\n{lines}\n]" if lines else "[]"
    return f'{{"version": {VERSION}, "entries": {body}}}\n'.encode("ascii")


def _line(entry: Entry) -> str:
    return json.dumps(msgspec.to_builtins(entry))


def entry_of(diagnostic: Diagnostic) -> Entry:
    """Give the entry that accepts a diagnostic."""
    texts = (diagnostic.path, diagnostic.code, diagnostic.symbol, diagnostic.fingerprint, diagnostic.message)
    return Entry(*(text.encode("utf-8", "replace").decode() for text in texts))


def _gone(entry: Entry, line: int, file: str) -> Diagnostic:
    place = f" in {entry.symbol}" if entry.symbol else ""
    return Diagnostic(
        code=GONE_CODE,
        name=GONE_NAME,
        severity="note",
        confidence="certain",
        path=file,
        span=Span(line, 1, line, 1),
        message=f"{entry.code}{place} of {entry.path} is no longer found",
        consequence="The entry would hide the same defect if it came back.",
        help="Run `worker-lint baseline` to write the file without it.",
        symbol=entry.symbol,
        line_text=_line(entry),
    )


def _entry_lines(data: bytes) -> dict[str, int]:
    lines: dict[str, int] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        _, found, rest = line.partition('"fingerprint"')
        if found:
            lines.setdefault(rest.partition('"')[2].partition('"')[0], number)
    return lines


def _damaged_line(data: bytes) -> int:
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return 0
    return 0


def _replace(path: Path, content: bytes) -> None:
    import tempfile  # it takes 5 ms, and a check writes no baseline

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod((path.stat().st_mode if path.exists() else 0o644) & 0o777)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise
