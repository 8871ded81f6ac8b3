"""Faults of the broker and of the link to it: killed, restarted, cut, frozen, full."""

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import redis

from faults.ledger import Figures
from faults.load import LONG_LEASE, Load, Site, measure, open_load
from faults.load_worker import CONCURRENCY
from faults.process_faults import describe_growth
from faults.proxy import Proxy
from faults.servers import HOST, Server
from faults.wall_clock import WallClock
from worker_lint_runtime import SqliteBroker, StoreFullError

IN_FLIGHT = 2 * CONCURRENCY
"""Two processes."""
SETTLED = 5.0
"""
Seconds before a broker is killed. RabbitMQ 3.10 may not bring a quorum queue up again that was declared less than some
two seconds before: then nobody gets anything from it until an operator helps.
"""
STEP = 3600.0
"""Seconds that a clock steps."""


def _require_server(site: Site) -> Server:
    if site.server is None:
        raise ValueError(f"{site.name} has no server")
    return site.server


def restart_broker(site: Site, faults: int, *, kill: bool) -> Figures:
    """End the server while both processes work, start it again, and see them work again."""
    server = _require_server(site)
    figures = Figures("broker killed and restarted" if kill else "broker stopped and restarted")
    with open_load(site, 2) as load:
        load.work_for(SETTLED)
        for _ in range(faults):
            for process in load.processes:
                load.keep_busy(process)
            load.feed(200)
            (server.kill if kill else server.stop)()
            server.start()
            figures.recoveries.append(load.next_effect(time.monotonic()))
            figures.faults += 1
        load.settle_down(figures)
    figures.most, figures.note = IN_FLIGHT * figures.faults, "the time is from the server's answer to the next effect"
    return figures


def step_clocks(site: Site, faults: int) -> Figures:
    """Step the wall clock of the workers by an hour while they work, to and fro; the server's stays the true one."""
    figures = Figures("workers' clock steps", note=f"{STEP:g} s ahead, {STEP:g} s behind, and back")
    with tempfile.TemporaryDirectory() as folder:
        clock = WallClock(Path(folder) / "clock")
        with open_load(site, 2, lease=LONG_LEASE, environment=clock.environment) as load:
            for offset in itertools.islice(itertools.cycle((STEP, 0.0, -STEP, 0.0)), faults):
                for process in load.processes:
                    load.keep_busy(process)
                clock.step_to(offset)
                figures.faults += 1
                figures.recoveries.append(load.next_effect(time.monotonic()))
            load.settle_down(figures)
    return figures


def end_leases(site: Site, faults: int) -> Figures:
    """Do to a Redis what a step of its clock does: all leases are over, though nobody lost one."""
    figures = Figures("server's clock steps ahead", note="all leases end while the messages are in work")
    with open_load(site, 2) as load, redis.Redis(HOST, _require_server(site).port) as client:
        stream = f"worker-lint:{{{load.queue}}}:stream"
        while figures.faults < faults:
            for process in load.processes:
                load.keep_busy(process)
            pending = client.xpending_range(stream, "workers", "-", "+", IN_FLIGHT)
            for entry in pending:
                client.xclaim(
                    stream, "workers", entry["consumer"], 0, [entry["message_id"]], idle=3_600_000, justid=True
                )
            figures.faults += bool(pending)
            figures.recoveries.append(load.next_effect(time.monotonic()))
        load.settle_down(figures)
    figures.most = IN_FLIGHT * figures.faults
    return figures


def cut_link(site: Site, faults: int) -> Figures:
    """Cut all connections of the workers; nothing may be left of them."""

    def cut(proxy: Proxy, load: Load) -> float:
        before = time.monotonic()
        proxy.sever()
        return load.next_effect(before)

    return _disturb_link(site, faults, "link cut", cut)


def freeze_link(site: Site, faults: int, seconds: float) -> Figures:
    """Freeze the link for longer than anybody waits for an answer, then thaw it."""

    def freeze(proxy: Proxy, load: Load) -> float:
        proxy.freeze()
        time.sleep(seconds)
        proxy.thaw()
        return load.next_effect(time.monotonic())

    return _disturb_link(site, faults, f"link frozen for {seconds:g} s", freeze)


def _disturb_link(site: Site, faults: int, name: str, disturb: Callable[[Proxy, Load], float]) -> Figures:
    figures = Figures(name)
    proxy = Proxy(_require_server(site).port)
    try:
        with open_load(site, 2, port=proxy.port) as load:
            before = None
            for _ in range(faults):
                for process in load.processes:
                    load.keep_busy(process)
                load.feed(200)
                before = before or measure(load.processes[0])
                figures.recoveries.append(disturb(proxy, load))
                figures.faults += 1
            for process in load.processes:
                load.keep_busy(process)
            figures.note = describe_growth(before or (0, 0), measure(load.processes[0]))
            load.settle_down(figures)
    finally:
        proxy.close()
    figures.most = IN_FLIGHT * figures.faults
    return figures


def fill_disk(site: Site, faults: int) -> Figures:
    """Publish until the store is full, let the workers make room, go on."""
    figures = Figures("disk full")
    with open_load(site, 1, lease=LONG_LEASE) as load:
        if not isinstance(load.broker, SqliteBroker):
            raise TypeError(f"{site.name} is no file")
        with load.broker.using() as store:
            store._execute("PRAGMA max_page_count = 120", ())  # noqa: SLF001  # as small as a full disk
        while figures.faults < faults:
            try:
                load.publish(b"work " + b"x" * 2000)
            except StoreFullError:
                figures.refused += 1
                figures.faults += 1
                figures.recoveries.append(load.next_effect(time.monotonic()))
        load.settle_down(figures)
    figures.note = f"{figures.refused} refused, which count as not published"
    return figures
