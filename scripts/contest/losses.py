"""What a contender loses, and does twice, when its worker is killed or stopped again and again under load."""

import signal
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from contest.match import Match, publish, read, wait_for, worker

LONGEST_STOP = 60.0
"""Seconds after which a worker that was asked to stop is killed, and counted as one that did not stop."""
REDELIVERY = 660.0
"""
Seconds without any message after which the rest counts as lost: longer than any contender's redelivery takes. Celery
on Redis may wait for a mutex of a dead worker for 300 s (kombu's `unacked_mutex_expire`), RQ looks for the jobs of
dead workers every 600 s (its `maintenance_interval`).
"""


class Losses(NamedTuple):
    """What the faults have cost."""

    faults: int
    messages: int
    lost: int
    twice: int
    stop: float
    """Median seconds from the signal to the end of the process."""
    late: int
    """Workers that did not end by themselves."""


def break_again_and_again(match: Match, file: Path, faults: int, number: signal.Signals) -> Losses:
    """
    Signal the worker each time it has done a share of the messages, start another, and let the last one finish.

    A kill meets the children too, as when a machine or a container dies; a stop goes to the first process alone, as
    from a supervisor. Only a fault that meets a worker at work counts, so each waits until this worker has done its
    share. There are four times as many messages, for workers that go on for a while when they are stopped, and because
    those of dead workers come back late; when too few are left, there are no more faults.
    """
    publish(match, file)
    share = match.messages // (4 * faults)
    stops: list[float | None] = []
    while len(stops) < faults and len(read(file)) < match.messages - 2 * share:
        stops.append(_break_once(match, file, share, number))
    with worker(match, file):
        _wait_until_quiet(file, match.messages)
    done = [message for message, _ in read(file)]
    ended = [seconds for seconds in stops if seconds is not None]
    return Losses(
        len(stops),
        match.messages,
        lost=match.messages - len(set(done)),
        twice=len(done) - len(set(done)),
        stop=median(ended) if ended else LONGEST_STOP,
        late=len(stops) - len(ended),
    )


def _break_once(match: Match, file: Path, share: int, number: signal.Signals) -> float | None:
    before = len(read(file))
    with worker(match, file) as process:
        wait_for(file, before + share)
        began = time.monotonic()
        if number is signal.SIGKILL:
            return 0.0  # on the way out all are killed
        process.send_signal(number)
        while process.poll() is None:
            if time.monotonic() - began > LONGEST_STOP:
                return None
            time.sleep(0.005)
        return time.monotonic() - began


def _wait_until_quiet(file: Path, messages: int) -> None:
    size, since = -1, time.monotonic()
    while time.monotonic() - since < REDELIVERY and len({number for number, _ in read(file)}) < messages:
        if file.stat().st_size != size:
            size, since = file.stat().st_size, time.monotonic()
        time.sleep(0.1)
