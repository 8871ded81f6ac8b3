"""
What is kept between runs: reads by content id, and whole reports by everything they depend on.

A read depends only on the content and the versions of skim and IR. A report is kept under a key
that covers every file of the tree, the rules, models and settings; so a warm run either has the
same answer for the same question, or works it out anew from kept reads. Nothing is unpickled. A
cache that cannot be opened, read or written costs a note and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

from worker_lint.diagnostic import Problem
from worker_lint.engine.places import digest_of_root
from worker_lint.source import ir
from worker_lint.source.skim import SKIM_VERSION

SIZE_LIMIT = 500_000_000
FORMAT = f"1-{ir.IR_VERSION}-{SKIM_VERSION}-{sys.version_info.major}.{sys.version_info.minor}"
_BATCH = 500
_IGNORE = "# Written by worker-lint; safe to delete.\n*\n"


class Cache:
    """A store of bytes by key. Use as a context manager; every method is a no-op when it is closed."""

    def __init__(self, folder: Path | None) -> None:
        self.note: Problem | None = None
        self._database: sqlite3.Connection | None = None
        self._file = Path()
        if folder is not None:
            self._open(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """Whether there is a cache behind this."""
        return self._database is not None

    @property
    def folder(self) -> str:
        """Where it lies."""
        return str(self._file.parent)

    def _open(self, folder: Path) -> None:
        self._file = folder / f"cache-{FORMAT}.db"
        try:
            self._prepare(folder)
            self._database = _connect(self._file)
        except OSError as error:
            self._give_up(str(folder), error.strerror or str(error))
        except sqlite3.Error as error:
            self._recover(error)

    def _prepare(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORE, encoding="utf-8")

    def _recover(self, error: sqlite3.Error) -> None:
        """A damaged database is thrown away; one that is locked, unwritable or full is left alone."""
        self.close()
        if isinstance(error, sqlite3.OperationalError):
            self._give_up(str(self._file), str(error))
            return
        try:
            for suffix in ("", "-journal", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            self._database = _connect(self._file)
        except (OSError, sqlite3.Error) as again:
            self._give_up(str(self._file), str(again))

    def _give_up(self, place: str, reason: str) -> None:
        self._database = None
        remedy = "make the folder writable, set WORKER_LINT_CACHE to another one, or run with --no-cache"
        self.note = Problem(f"running without a cache: {reason}", place, remedy, fatal=False)

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The values of the keys that are there."""
        found: dict[str, bytes] = {}
        for batch in _batches(keys):
            marks = ",".join("?" * len(batch))
            query = f"SELECT key, value FROM entry WHERE key IN ({marks})"  # noqa: S608 - nothing but question marks
            found.update(self._execute(query, batch))
        return found

    def get(self, key: str) -> bytes | None:
        """The value of a key, or None."""
        return self.get_many((key,)).get(key)

    def another(self) -> Callable[[str], bytes | None]:
        """A way to the values for a copy of this process: it must not use the connection of the original."""
        try:
            database = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", timeout=2.0, uri=True)
        except sqlite3.Error:
            return lambda key: None

        def get(key: str) -> bytes | None:
            try:
                found: tuple[bytes] | None = database.execute(
                    "SELECT value FROM entry WHERE key = ?", (key,)
                ).fetchone()
            except sqlite3.Error:
                return None
            return found[0] if found is not None else None

        return get

    def put_many(self, entries: Mapping[str, bytes]) -> None:
        """Keeps values; an existing key gets the new one."""
        if self._database is None or not entries:
            return
        now = int(time.time())
        try:
            with self._database:
                self._database.executemany(
                    "INSERT OR REPLACE INTO entry (key, used, value) VALUES (?, ?, ?)",
                    [(key, now, value) for key, value in entries.items()],
                )
        except sqlite3.Error as error:
            self._recover(error)

    def _execute(self, query: str, values: list[str]) -> list[tuple[str, bytes]]:
        if self._database is None:
            return []
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._recover(error)
            return []

    def close(self) -> None:
        """Writes what is open and shrinks the cache when it has grown past its limit."""
        database, self._database = self._database, None
        if database is None:
            return
        with contextlib.suppress(sqlite3.Error):
            _shrink(database)
        with contextlib.suppress(sqlite3.Error):
            database.close()


def _connect(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, timeout=2.0)
    try:
        _set_up(database)
    except sqlite3.Error:
        database.close()  # a damaged file is deleted next, which an open one cannot be everywhere
        raise
    return database


def _set_up(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode=TRUNCATE")
    database.execute("PRAGMA synchronous=OFF")  # a torn write costs a rebuild, never an answer
    with database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"
        )


def _shrink(database: sqlite3.Connection) -> None:
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    size = database.execute("PRAGMA page_size").fetchone()[0]
    if pages * size <= SIZE_LIMIT:
        return
    with database:
        count = database.execute("SELECT COUNT(*) FROM entry").fetchone()[0]
        database.execute("DELETE FROM entry WHERE key IN (SELECT key FROM entry ORDER BY used LIMIT ?)", (count // 2,))
    database.execute("VACUUM")


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def cache_folder(root: Path, configured: str, environment: Mapping[str, str]) -> Path:
    """Where the cache of a project lies: the environment variable, then the configured folder."""
    chosen = environment.get("WORKER_LINT_CACHE")
    if chosen:
        return Path(chosen).absolute() / digest_of_root(os.fspath(root))
    return root / configured


def digest_of(*parts: str | bytes) -> str:
    """A key for anything that depends on all of these parts."""
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
