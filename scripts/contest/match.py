"""One match: a contender, a broker, a kind of handler; measured by what the handlers left in the file."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


class Losses(NamedTuple):
    """What kills have cost."""

    kills: int
    messages: int
    lost: int
    twice: int


def measure(match: Match, file: Path) -> Speed:
    """Let the contender do all messages."""
    _publish(match, file)
    with _worker(match, file) as session:
        _wait(file, match.messages // 10)
        began, before = len(read(file)), processor_seconds(session)
        _wait(file, match.messages)
        used = processor_seconds(session) - before
        time.sleep(0.5)  # for the last acknowledgement, or the next match would begin with its message
    done = sorted(moment for _, moment in read(file))
    rate = (len(done) - 1) / (done[-1] - done[0])
    return Speed(rate, 1000 * used / max(1, match.messages - began))


def kill_again_and_again(match: Match, file: Path, kills: int) -> Losses:
    """Kill the worker and its children each time it has done a share of the messages, then let it finish."""
    _publish(match, file)
    share = match.messages // (kills + 1)
    for number in range(1, kills + 1):
        with _worker(match, file):
            _wait(file, number * share)
    with _worker(match, file):
        _wait_until_quiet(file, match.messages)
    numbers = [number for number, _ in read(file)]
    return Losses(kills, match.messages, match.messages - len(set(numbers)), len(numbers) - len(set(numbers)))


def read(file: Path) -> list[tuple[int, float]]:
    """The number of each message that was done, and when."""
    return list(RECORD.iter_unpack(file.read_bytes()))


def _publish(match: Match, file: Path) -> None:
    file.write_bytes(b"")
    command = [sys.executable, "-m", "contest", match.module, "publish", str(match.messages)]
    subprocess.run(command, cwd=FOLDER, env=_environment(match, file), check=True)


@contextmanager
def _worker(match: Match, file: Path) -> Iterator[int]:
    """The worker's process id, which is its session's too."""
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
        yield process.pid
    finally:
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(match: Match, file: Path) -> dict[str, str]:
    settings = {"FILE": str(file), "PAUSE": str(match.pause), "THREADS": str(match.threads), "URL": match.url}
    return {**os.environ, **{f"CONTEST_{name}": value for name, value in settings.items()}}


def _wait(file: Path, records: int) -> None:
    end = time.monotonic() + PATIENCE
    while file.stat().st_size < records * RECORD.size:
        if time.monotonic() > end:
            log = file.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
            raise TimeoutError(f"{len(read(file))} of {records} messages were done:\n{log[-2000:]}")
        time.sleep(0.01)


def _wait_until_quiet(file: Path, messages: int, pause: float = 120.0) -> None:
    """Until all are done, or nothing has come for so long that the rest is lost: longer than any redelivery takes."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < pause and len({number for number, _ in read(file)}) < messages:
        if file.stat().st_size != size:
            size, since = file.stat().st_size, time.monotonic()
        time.sleep(0.1)
