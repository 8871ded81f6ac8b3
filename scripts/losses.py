"""
What the same kills and stops cost the runtime, raw pika, Celery, Dramatiq and RQ: one run, real servers.

    python scripts/losses.py                          # all, and the page of the documentation
    python scripts/losses.py --faults 10 --out -

Needs the packages that `scripts/throughput.py` needs, and rabbitmq-server and redis-server.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from contest.contenders import CONTENDERS, SERVERS
from contest.losses import Losses, break_again_and_again
from contest.match import Match
from contest.page import page_parser, write_page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "runtime" / "losses.md"
PAUSE = 0.01
THREADS = 4
SHARE = 50
"""Messages between two faults: a good second of work, the start included."""
FAULTS = {"`kill -9`": signal.SIGKILL, "SIGTERM": signal.SIGTERM}
WITHOUT_STOP = {"raw pika"}
"""Contenders that are a loop of a few lines: SIGTERM would be a kill."""


def run_broker(broker: str, options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """The lines of one broker's table."""
    faults: int = options.faults
    server = SERVERS[broker](folder / broker)
    server.start()
    try:
        yield f"\n## {broker}\n"
        yield "| | fault | faults | messages | lost | done twice, of at most | stop, median | did not stop |"
        yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        for fault, number in FAULTS.items():
            for name, module in CONTENDERS[broker].items():
                if number is signal.SIGKILL or name not in WITHOUT_STOP:
                    match = Match(module, server.url, PAUSE, THREADS, 4 * SHARE * faults)
                    losses = break_again_and_again(match, folder / "done", faults, number)
                    print(f"{broker}, {name}, {fault}: {losses}", file=sys.stderr, flush=True)
                    yield _row(name, fault, losses, killed=number is signal.SIGKILL)
    finally:
        server.close()


def _row(name: str, fault: str, losses: Losses, *, killed: bool) -> str:
    most = losses.faults * THREADS if killed else 0
    stop = "- | -" if killed else f"{losses.stop:.2f} s | {losses.late}"
    figures = f"{losses.faults} | {losses.messages} | {losses.lost} | {losses.twice} of {most}"
    return f"| {name} | {fault} | {figures} | {stop} |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all; exit code 2 when something is missing."""
    parser = page_parser(__doc__, PAGE)
    parser.add_argument("--faults", type=int, default=60, help="of each kind, for each contender (default %(default)s)")
    return write_page(parser, arguments, INTRODUCTION, run_broker)


INTRODUCTION = f"""# Its peers under the same faults

The same handler behind each of them, on the same server, in one run of `{{command}}`. All messages are in
the queue; one worker with {THREADS} handlers at once, of {PAUSE * 1000:g} ms each, works them off. When it has done
{SHARE} it meets a fault, and another takes its place. `kill -9` kills the worker with all its children; SIGTERM
goes to its first process, as from a supervisor, and the next worker starts when that has ended. The handler appends
each message's number to a file, which outlives the process. *Lost* is what is not in the file eleven minutes after
the last message was done; *done twice* are further entries, beside the number of messages that were in work at
the faults, which is the most that may be.

Each contender is set up so that no message should be lost: acknowledgement after the work, durable messages; Celery
with `task_acks_late` and `task_reject_on_worker_lost`, and a visibility timeout of 5 s on Redis; RQ with
`Retry(max=3)`, without which a job of a dead worker has failed; Dramatiq as it is by default. On Redis, messages of
dead workers come back when a lease or a visibility timeout is over.

{{machine}}.
"""

if __name__ == "__main__":
    sys.exit(main())
