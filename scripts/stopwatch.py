"""Time and memory of a command, measured from outside."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.05  # seconds between two looks at the memory


class CommandFailed(Exception):  # noqa: N818 - what happened, not a kind of error
    """A measured command could not do its work, so that its time means nothing."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run: seconds on the clock, seconds of processor time with all its children, bytes of its largest process."""

    wall: float
    cpu: float
    peak: int


def measure(
    command: Sequence[str], folder: Path, out: Path, *, good: Sequence[int] = (0, 1), variables: Mapping[str, str] = {}
) -> Measurement:
    """
    Run a command once, its standard output going to a file.

    Raises:
        CommandFailed: its exit code is not one of the good ones.
    """
    environment = {**os.environ, **variables}
    with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=stderr, env=environment)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()  # an interrupted measurement leaves nothing running
            raise
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good:
        words = out.with_suffix(".err").read_text(errors="replace").strip()[-400:]
        raise CommandFailed(f"{' '.join(command)}: exit code {process.returncode}: {words}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def memory(command: Sequence[str], folder: Path, out: Path, variables: Mapping[str, str]) -> int:
    """
    The most bytes that a command and its children held at one moment, shared pages counted once.

    Looked at from a thread, so the run is slower than a measured one. Zero where the system does not tell.
    """
    environment = {**os.environ, **variables}
    most = 0
    with out.open("wb") as stdout:
        process = subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=subprocess.DEVNULL, env=environment)
        done = threading.Event()

        def look() -> None:
            nonlocal most
            while not done.wait(INTERVAL):
                most = max(most, sum(held(pid) for pid in family(process.pid)))

        watcher = threading.Thread(target=look)
        watcher.start()
        process.wait()
        done.set()
        watcher.join()
    return most


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    members = [pid]
    for member in members:
        try:
            children = Path(f"/proc/{member}/task/{member}/children").read_text().split()
        except OSError:
            continue
        members += map(int, children)
    return members


def held(pid: int) -> int:
    """Bytes of a process, its share of shared pages only (PSS); zero when it has ended."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(row.split()[1]) for row in rows if row.startswith("Pss:"))
