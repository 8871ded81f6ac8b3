"""One match: a contender, a broker, a kind of handler; measured by what the handlers left in the file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from contest.effort import processor_seconds
from contest.record import RECORD
from faults.leaving import uninterrupted

FOLDER = Path(__file__).resolve().parent.parent
PATIENCE = 300.0
"""Seconds for one match."""


class Match(NamedTuple):
    """Who runs what."""

    module: str
    url: str
    pause: float
    threads: int
    messages: int


class Speed(NamedTuple):
    """How fast a contender was, and what it cost."""

    rate: float
    """Messages per second, from the first that was done to the last."""
    effort: float
    """Milliseconds of processor time per message, the start left out."""


def measure(match: Match, file: Path) -> Speed:
    """Let the contender do all messages."""
    publish(match, file)
    with worker(match, file) as process:
        wait_for(file, match.messages // 10)
        began, before = len(read(file)), processor_seconds(process.pid)
        wait_for(file, match.messages)
        used = processor_seconds(process.pid) - before
        time.sleep(0.5)  # for the last acknowledgement, or the next match would begin with its message
    done = sorted(moment for _, moment in read(file))
    rate = (len(done) - 1) / (done[-1] - done[0])
    return Speed(rate, 1000 * used / max(1, match.messages - began))


def read(file: Path) -> list[tuple[int, float]]:
    """The number of each message that was done, and when."""
    return list(RECORD.iter_unpack(file.read_bytes()))


def publish(match: Match, file: Path) -> None:
    """Begin a new file, and put all messages of the match into the queue."""
    file.write_bytes(b"")
    command = [sys.executable, "-m", "contest", match.module, "publish", str(match.messages)]
    subprocess.run(command, cwd=FOLDER, env=_environment(match, file), check=True)


@contextmanager
def worker(match: Match, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The worker's process, whose id is its session's too; it and its children are killed at the end."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with file.with_suffix(".log").open("ab") as log, uninterrupted():
            process = subprocess.Popen(
                [sys.executable, "-m", "contest", match.module, "work"],
                cwd=FOLDER,
                env=_environment(match, file),
                stdout=log,
                stderr=log,
                start_new_session=True,  # its children die with it
            )
        yield process
    finally:
        if process is not None:
            with suppress(ProcessLookupError):  # all have left by themselves
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(match: Match, file: Path) -> dict[str, str]:
    settings = {"FILE": str(file), "PAUSE": str(match.pause), "THREADS": str(match.threads), "URL": match.url}
    return {**os.environ, **{f"CONTEST_{name}": value for name, value in settings.items()}}


def wait_for(file: Path, records: int) -> None:
    """Until so many messages are done; raises TimeoutError, with the end of the contender's log, after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while file.stat().st_size < records * RECORD.size:
        if time.monotonic() > end:
            log = file.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
            raise TimeoutError(f"{len(read(file))} of {records} messages were done:\n{log[-2000:]}")
        time.sleep(0.01)
