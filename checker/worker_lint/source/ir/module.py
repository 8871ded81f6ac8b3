"""The record of one file."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from worker_lint.source.ir.statements import Stmt

IR_VERSION = 1
"""Part of every cache key: records of another version are not read."""


class Module(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one file: depends on its content and nothing else."""

    version: int
    body: tuple[Stmt, ...]
    docstring: bool
    parser: OneOf["ast", "libcst"]
