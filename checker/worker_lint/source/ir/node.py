"""What every node of the worker IR has: its place."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

At: TypeAlias = tuple[int, int, int, int]
"""Line, column, end line, end column: lines and columns from 1, columns in code points."""


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of all IR nodes: immutable, compact, encodable."""

    at: At
