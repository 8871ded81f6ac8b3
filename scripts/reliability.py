"""
Breaks workers, brokers and the links between them, under load, and counts what was lost or done twice.

It starts the servers itself. The oracle is a ledger: each handler appends the message's id to a file, with fsync, as
its effect. At the end, lost is what the broker had confirmed and neither the ledger nor the dead letters hold, and done
twice counts further lines. A kill counts only if it met a process with a message in work.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from faults import broker_faults, process_faults, wall_clock
from faults.leaving import exit_on_signals
from faults.ledger import Figures
from faults.load import Site
from faults.page import HEADINGS, render_page
from faults.servers import MissingServerError, RabbitServer, RedisServer

PAGE = Path(__file__).resolve().parent.parent / "docs" / "runtime" / "reliability.md"
Run = Callable[[], Figures]


def describe_redis(server: RedisServer) -> Site:
    """A Redis for a load: times are short, so that their end is seen."""
    return Site("Redis", "redis://127.0.0.1:{port}/0?delivery_limit=90&timeout=2&lease={lease}", server)


def describe_rabbit(server: RabbitServer) -> Site:
    """A RabbitMQ for a load: times are short, so that their end is seen."""
    return Site("RabbitMQ", "amqp://guest:guest@127.0.0.1:{port}/?heartbeat=2&delivery_limit=90&timeout=5", server)


@contextmanager
def open_sites(names: list[str]) -> Iterator[list[Site]]:
    """The brokers of these names, with servers that live as long as the context. Raises MissingServerError."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sites = []
        if "sqlite" in names:
            query = "lease={lease}&delivery_limit=1000&synchronous=NORMAL"
            sites.append(Site("SQLite", "sqlite:{folder}/queue.db?" + query))
        if "redis" in names:
            redis = RedisServer(Path(folder) / "redis")
            stack.callback(redis.close)
            redis.start()
            sites.append(describe_redis(redis))
        if "rabbitmq" in names:
            rabbit = RabbitServer(Path(folder) / "rabbit")
            stack.callback(rabbit.close)
            rabbit.start()
            sites.append(describe_rabbit(rabbit))
        yield sites


def list_runs(site: Site, faults: int, seed: int) -> list[Run]:
    """All kinds of fault that this broker can meet, in numbers that follow the number of random kills."""
    few, points = max(2, faults // 50), max(1, faults // 50)
    runs: list[Run] = [
        lambda: process_faults.signal_at_random(site, signal.SIGKILL, faults, seed),
        lambda: process_faults.kill_at_points(site, points, seed),
        lambda: process_faults.signal_at_random(site, signal.SIGTERM, max(4, faults // 2), seed),
        lambda: process_faults.poison(site),
        lambda: process_faults.slow_consumer(site),
    ]
    if wall_clock.LIBRARIES:
        runs.append(lambda: broker_faults.step_clocks(site, 6 * few))
    else:
        print("reliability: faketime is not installed, so no clock steps", file=sys.stderr)
    if site.server is None:
        runs.append(lambda: broker_faults.fill_disk(site, 5 * few))
    else:
        if isinstance(site.server, RedisServer):
            runs.append(lambda: broker_faults.end_leases(site, 5 * few))
        runs += [
            lambda: broker_faults.restart_broker(site, few, kill=True),
            lambda: broker_faults.restart_broker(site, few, kill=False),
            lambda: broker_faults.cut_link(site, 10 * few),
            lambda: broker_faults.freeze_link(site, few, 10.0),
        ]
    return runs


def main() -> int:
    """Run all faults, print the tables, and with --write make the page of the documentation anew."""
    parser = argparse.ArgumentParser(description="Break workers, brokers and links under load, and count.")
    parser.add_argument("--faults", type=int, default=100, help="random kills of each broker's workers (default: 100)")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(2), "big"))
    parser.add_argument("--brokers", default="sqlite,redis,rabbitmq", help="default: sqlite,redis,rabbitmq")
    parser.add_argument("--write", action="store_true", help="write docs/runtime/reliability.md")
    options = parser.parse_args()
    exit_on_signals()
    results: dict[str, list[Figures]] = {}
    print(f"seed {options.seed}")
    try:
        with open_sites(options.brokers.split(",")) as sites:
            for site in sites:
                print(f"\n{site.name}\n\n{HEADINGS}", flush=True)
                results[site.name] = []
                for run in list_runs(site, options.faults, options.seed):
                    results[site.name].append(run())
                    print(results[site.name][-1].render(), flush=True)
    except MissingServerError as error:
        print(f"reliability: {error}", file=sys.stderr)
        return 2
    if options.write:
        PAGE.write_text(render_page(results, options.faults, options.seed), encoding="utf-8")
    return int(any(figures.failed for rows in results.values() for figures in rows))


if __name__ == "__main__":
    sys.exit(main())
