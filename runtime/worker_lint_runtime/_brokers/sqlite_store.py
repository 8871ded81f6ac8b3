"""The table of messages in an SQLite file: claims, leases, attempts, dead letters. Knows no threads and no clock."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from worker_lint_runtime._broker import DeadLetter, QueueDepth
from worker_lint_runtime._message import Answer, Message, Outcome

VERSION = 1
BUSY_SECONDS = 30.0

# Times are seconds of the monotonic clock, which all processes of one boot share: a step of the wall clock neither
# steals a lease nor makes one immortal. After a reboot the clock starts anew; a time that lies farther ahead than it
# can have been set is from before, and counts as over; whoever opens the file notes that, or such a time would look
# like one of this boot when the clock comes near it. The time of a caller may lag behind what others have stored since,
# because it waited for the file's lock: so far ahead is normal.
LAG = 2 * BUSY_SECONDS
SCHEMA = """
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    body BLOB NOT NULL,
    headers TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL,
    delay REAL NOT NULL,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_end REAL,
    lease REAL,
    dead_reason TEXT
);
CREATE INDEX waiting ON messages (queue, due, seq) WHERE lease_end IS NULL AND dead_reason IS NULL;
CREATE INDEX leased ON messages (queue, lease_end) WHERE lease_end IS NOT NULL;
"""
DUE_BEFORE = f"due - delay > :now + {LAG}"
OVER_BEFORE = f"lease_end - lease > :now + {LAG}"
IS_DUE = f"lease_end IS NULL AND dead_reason IS NULL AND (due <= :now OR {DUE_BEFORE})"
IS_OVER = f"lease_end IS NOT NULL AND (lease_end <= :now OR {OVER_BEFORE})"

_FIND = "SELECT seq FROM messages WHERE queue = :queue"
_SETTLE = {
    Answer.ACK: "DELETE FROM messages",
    Answer.RETRY: "UPDATE messages SET lease_end = NULL, due = :now + :delay, delay = :delay",
    Answer.RELEASE: "UPDATE messages SET lease_end = NULL, attempt = attempt - 1",
    Answer.REJECT: "UPDATE messages SET lease_end = NULL, dead_reason = :reason",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to settle one message; void once the message was claimed again, since that raises the fence."""

    seq: int
    fence: int


class SqliteStore:
    """
    All statements on one file. Each method is one transaction; the caller serialises calls on one store.

    Every process has its own store on the same file, which it opens at the time `now`. SQLite's errors pass through.
    """

    def __init__(self, path: Path, now: float, *, synchronous: str = "FULL") -> None:
        self._database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(f"PRAGMA synchronous = {synchronous}")
            self._create()
            self._forget_earlier_boots({"now": now})
        except BaseException:
            self._database.close()
            raise

    def _create(self) -> None:
        with self._database:  # commits, or rolls back when another process was faster
            self._database.execute("BEGIN IMMEDIATE")
            (found,) = self._database.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for statement in filter(str.strip, SCHEMA.split(";")):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {VERSION}")
            elif found != VERSION:
                raise sqlite3.DatabaseError(f"the file has version {found}; this program reads version {VERSION}")

    def _forget_earlier_boots(self, values: Mapping[str, float]) -> None:
        """Delays and leases of an earlier boot are over now; written only where there are any."""
        if self._execute(f"SELECT 1 FROM messages WHERE {DUE_BEFORE} OR {OVER_BEFORE} LIMIT 1", values):
            self._execute(f"UPDATE messages SET due = :now, delay = 0 WHERE {DUE_BEFORE}", values)
            self._execute(f"UPDATE messages SET lease_end = :now, lease = 0 WHERE {OVER_BEFORE}", values)

    def add(self, message: Message, now: float, delay: float) -> None:
        """Store a message that is due after the delay."""
        headers = json.dumps(dict(message.headers))
        row = (message.id, message.queue, message.body, headers, now + delay, delay)
        self._execute("INSERT INTO messages (id, queue, body, headers, due, delay) VALUES (?, ?, ?, ?, ?, ?)", row)

    def claim(self, queue: str, now: float, lease: float, delivery_limit: int) -> tuple[Message, Claim] | None:
        """The message that is due longest, or whose lease is over, claimed for so many seconds and charged."""
        values = {"queue": queue, "now": now, "lease": lease, "limit": delivery_limit}
        # Looks before it writes: a write that finds nothing would still shut out the other processes.
        while (seq := self._find(values)) is not None:
            values["seq"] = seq
            rows = self._execute(
                "UPDATE messages"
                " SET lease_end = :now + :lease, lease = :lease, fence = fence + 1, attempt = attempt + 1"
                f" WHERE seq = :seq AND attempt < :limit AND ({IS_DUE} OR {IS_OVER})"
                " RETURNING id, body, headers, attempt, fence",
                values,
            )
            if rows:
                name, body, headers, attempt, fence = rows[0]
                message = Message(name, body, queue, attempt, MappingProxyType(json.loads(headers)))
                return message, Claim(seq, fence)
            self._bury(values)
        return None

    def _find(self, values: Mapping[str, object]) -> int | None:
        for condition, order in ((IS_OVER, "lease_end"), (IS_DUE, "due, seq")):
            rows = self._execute(f"{_FIND} AND {condition} ORDER BY {order} LIMIT 1", values)
            if rows:
                seq: int = rows[0][0]
                return seq
        return None

    def _bury(self, values: Mapping[str, object]) -> None:
        """Make a dead letter of a message that was delivered as often as allowed and never settled."""
        self._execute(
            "UPDATE messages SET lease_end = NULL, dead_reason = 'delivered ' || attempt || ' times without an answer'"
            f" WHERE seq = :seq AND attempt >= :limit AND ({IS_DUE} OR {IS_OVER})",
            values,
        )

    def settle(self, claim: Claim, outcome: Outcome, now: float) -> bool:
        """Whether the claim still held and the outcome is stored."""
        values = {
            "seq": claim.seq,
            "fence": claim.fence,
            "now": now,
            "delay": outcome.delay,
            "reason": outcome.reason,
        }
        statement = _SETTLE[outcome.answer]
        where = "WHERE seq = :seq AND fence = :fence AND lease_end IS NOT NULL"
        return bool(self._execute(f"{statement} {where} RETURNING seq", values))

    def extend(self, claim: Claim, now: float, lease: float) -> bool:
        """Whether the claim still held and now holds for so many seconds more."""
        values = {"seq": claim.seq, "fence": claim.fence, "end": now + lease, "lease": lease}
        return bool(
            self._execute(
                "UPDATE messages SET lease_end = :end, lease = :lease"
                " WHERE seq = :seq AND fence = :fence AND lease_end IS NOT NULL RETURNING seq",
                values,
            )
        )

    def next_due(self, queue: str) -> float | None:
        """When the next waiting message is due; None when none waits."""
        statement = "SELECT min(due) FROM messages WHERE queue = ? AND lease_end IS NULL AND dead_reason IS NULL"
        due: float | None = self._execute(statement, (queue,))[0][0]
        return due

    def count(self, queue: str, now: float) -> QueueDepth:
        """How many messages are in which state; a lease that is over counts as ready."""
        rows = self._execute(
            "SELECT CASE WHEN dead_reason IS NOT NULL THEN 'dead'"
            f" WHEN {IS_OVER} OR {IS_DUE} THEN 'ready'"
            " WHEN lease_end IS NULL THEN 'delayed' ELSE 'unsettled' END AS state, count(*)"
            " FROM messages WHERE queue = :queue GROUP BY state",
            {"queue": queue, "now": now},
        )
        found: dict[str, int] = dict(rows)
        return QueueDepth(*(found.get(state, 0) for state in ("ready", "delayed", "unsettled", "dead")))

    def list_dead(self, queue: str) -> list[DeadLetter]:
        """The dead letters, oldest first."""
        rows = self._execute(
            "SELECT id, body, headers, attempt, dead_reason FROM messages"
            " WHERE queue = ? AND dead_reason IS NOT NULL ORDER BY seq",
            (queue,),
        )
        return [
            DeadLetter(Message(name, body, queue, attempt, MappingProxyType(json.loads(headers))), reason)
            for name, body, headers, attempt, reason in rows
        ]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _execute(self, statement: str, values: Mapping[str, object] | tuple[object, ...]) -> list[tuple[Any, ...]]:
        # Fetching all ends the statement, so that its locks are gone when the method returns.
        with closing(self._database.execute(statement, values)) as cursor:
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
