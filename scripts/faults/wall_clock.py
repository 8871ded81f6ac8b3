"""
A wall clock that a fault can step, for real processes: the libfaketime library, loaded before their own.

The monotonic clock stays the true one, as it does when an operator or a time server sets a machine's clock.
"""

import os
from pathlib import Path

from faults.servers import MissingServerError

LIBRARIES = (
    *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
    *Path("/usr/lib").glob("faketime/libfaketimeMT.so.1"),
    *Path("/usr/local/lib").glob("faketime/libfaketimeMT.so.1"),
)
"""The library in its variant for programs with threads, where Debian and its own installation put it."""


class WallClock:
    """The wall clock of all processes that run in its environment. Raises MissingServerError without the library."""

    def __init__(self, file: Path) -> None:
        if not LIBRARIES:
            raise MissingServerError("faketime is not installed")
        self._file = file
        self.step_to(0.0)

    def step_to(self, seconds: float) -> None:
        """Let the clock be so many seconds ahead of the true one."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{seconds:+g}\n", encoding="ascii")
        beside.replace(self._file)  # never half written for those who read it at each look at the clock

    @property
    def environment(self) -> dict[str, str]:
        """The variables of this process, and those that make a child see the clock."""
        return {
            **os.environ,
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
