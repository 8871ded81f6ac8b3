"""
How fast the runtime is beside raw pika, Celery, Dramatiq and RQ: one run, real servers.

    python scripts/throughput.py                      # all, and the page of the documentation
    python scripts/throughput.py --messages 500 --repeat 1 --out -

Needs pika, redis, celery, dramatiq, rq and packaging, and rabbitmq-server and redis-server.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from contest.contenders import CONTENDERS, SERVERS
from contest.match import Match, Speed, measure
from contest.page import page_parser, write_page

PAGE = Path(__file__).resolve().parent.parent / "docs" / "runtime" / "throughput.md"
OURS, YARDSTICK = "worker-lint-runtime", "raw pika"
KINDS = tuple(product((0.0, 0.01), (1, 4)))
"""Duration of the handler in seconds, and how many run at once."""


def run_broker(broker: str, options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """The lines of one broker's tables."""
    server = SERVERS[broker](folder / broker)
    server.start()
    try:
        yield f"\n## {broker}\n"
        heads = [f"{'no-op' if not pause else f'{pause * 1000:g} ms'}, {threads} at once" for pause, threads in KINDS]
        speeds = [measure_all(broker, server.url, kind, options, folder) for kind in KINDS]
        yield from _table(
            "messages per second", heads, [{n: f"{s.rate:,.0f}" for n, s in each.items()} for each in speeds]
        )
        if YARDSTICK in speeds[0]:
            overheads = [round(1 - each[OURS].rate / each[YARDSTICK].rate, 2) + 0.0 for each in speeds]  # never -0
            yield f"| overhead of {OURS} over {YARDSTICK} | {' | '.join(f'{part:.0%}' for part in overheads)} |"
        yield ""
        yield from _table(
            "ms of processor time per message",
            heads,
            [{n: f"{s.effort:.2f}" for n, s in each.items()} for each in speeds],
        )
    finally:
        server.close()


def measure_all(
    broker: str, url: str, kind: tuple[float, int], options: argparse.Namespace, folder: Path
) -> dict[str, Speed]:
    """The medians of all contenders, which take turns: what else the machine does meets them alike."""
    found: dict[str, list[Speed]] = {name: [] for name in CONTENDERS[broker]}
    for _ in range(options.repeat):
        for name, module in CONTENDERS[broker].items():
            found[name].append(measure(Match(module, url, *kind, _count(options, kind)), folder / "done"))
            print(f"{broker}, {name}, {kind}: {found[name][-1]}", file=sys.stderr, flush=True)
    return {name: Speed(*map(statistics.median, zip(*speeds, strict=True))) for name, speeds in found.items()}


def _table(title: str, heads: Sequence[str], columns: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield f"| {title} | {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * len(heads)}"
    for name in columns[0]:
        yield f"| {name} | {' | '.join(column[name] for column in columns)} |"


def _count(options: argparse.Namespace, kind: tuple[float, int]) -> int:
    """Slow handlers need fewer messages for the same precision."""
    pause, threads = kind
    messages: int = options.messages
    return messages if not pause else max(100, messages * threads // 10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all matches; exit code 2 when something is missing."""
    parser = page_parser(__doc__, PAGE)
    parser.add_argument("--messages", type=int, default=3000, help="messages of a match (default %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, help="measurements, of which the median counts")
    return write_page(parser, arguments, INTRODUCTION, run_broker)


INTRODUCTION = """# Beside its peers

The same handler behind each of them, on the same server, in one run of
`{command}`:
all messages are in the queue, then one worker process works them off; the rate is from the first to the last that was
done, the median of several runs. Every contender acknowledges after the work and stores its messages durably, as its
documentation advises. Several at once are threads in one process, for RQ several processes; RQ forks for each job.

{machine}, which the server, the worker and whatever else runs there share. Only figures
of one run may be compared. Where the overhead is negative, the runtime is faster.

Each contender fetches as many messages as it runs at once, except Dramatiq, which fetches twice as many by default, and
Celery's solo pool, which fetches one for each core. A handler that does nothing measures the way to the broker and
back: raw pika runs a single handler in the thread that owns the connection, and sends no heartbeat while it runs; the
runtime always hands it to another thread, and an acknowledgement back. A larger `prefetch` hides that way, at a price:
what was fetched ahead is charged an attempt when the process is killed.
"""

if __name__ == "__main__":
    sys.exit(main())
