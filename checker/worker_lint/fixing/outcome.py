"""What became of the fixes of one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from worker_lint.rule.edits import Fix

Reason: TypeAlias = Literal[
    "already there", "conflict", "not encodable", "not found", "unreadable", "unsuitable", "would not parse"
]
"""
Why a fix was not applied. `conflict`: an earlier fix changes the same place, ask again on the
result; `unreadable`: the file cannot be decoded or parsed; `unsuitable`: the code is not of a
form that the edit can change.
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fix that was not applied, and why, in a sentence for the user."""

    fix: Fix
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The new bytes of a file with the fixes that made them, and those that were refused."""

    new: bytes
    applied: tuple[Fix, ...]
    refused: tuple[Refusal, ...]


class RefusedError(Exception):
    """Raised inside this package when an edit cannot be carried out."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
