"""Faults of worker processes: killed at random, killed at named points, stopped, poisoned, slow."""

import random
import signal
import subprocess
import time
from functools import partial

from faults.ledger import Figures
from faults.load import LEASE, LONG_LEASE, Load, Site, measure, open_load
from faults.load_worker import BETWEEN, CONCURRENCY, RUNNING, STOPPING
from faults.waiting import wait_until


def signal_at_random(site: Site, number: signal.Signals, faults: int, seed: int, processes: int = 2) -> Figures:
    """Signal a random busy process, wait for its end, replace it; again and again."""
    draw = random.Random(seed)  # noqa: S311  # chooses victims
    kills = number is signal.SIGKILL
    figures = Figures("`kill -9` at a random moment" if kills else "SIGTERM")
    ends: list[float] = []
    with open_load(site, processes, lease=LEASE if kills else LONG_LEASE) as load:
        while figures.faults < faults:
            place = draw.randrange(processes)
            victim = load.processes[place]
            load.keep_busy(victim)
            time.sleep(draw.uniform(0, 0.05))
            began = time.monotonic()
            victim.send_signal(number)
            code = victim.wait(60)
            ends.append(time.monotonic() - began)
            if kills and load.orphan(victim, began) == 0:
                figures.idle += 1  # between two messages: the fault met nobody
            else:
                figures.faults += 1
            if not kills and code != 0:
                figures.bad_exits.append(code)
            load.processes[place] = load.start()
        load.settle_down(figures)
    figures.most = CONCURRENCY * (figures.faults + figures.idle) if kills else 0
    if not kills:
        figures.recoveries = ends
        figures.note = "the time is that of the stop"
    return figures


def kill_at_points(site: Site, times: int, seed: int) -> Figures:
    """Let processes die at each point that matters, beside one that lives."""
    draw = random.Random(seed)  # noqa: S311  # as above
    points = [*RUNNING, *STOPPING, *([BETWEEN] if site.name == "RabbitMQ" else [])]
    figures = Figures("`kill -9` at each point", note=f"{len(points)} points")
    with open_load(site, 1) as load:
        for point in points * times:
            nth = 1 if point in STOPPING or point == "connected" else draw.randint(1, 5)
            victim = load.start("--point", point, "--times", str(nth))
            try:
                if point in STOPPING:
                    load.keep_busy(victim)
                    victim.send_signal(signal.SIGTERM)
                wait_until(partial(_is_dead, load, victim), f"{point} is never passed")
            finally:
                victim.kill()
                code = victim.wait()
            load.orphan(victim, time.monotonic())
            figures.faults += 1
            if code != -signal.SIGKILL:
                figures.bad_exits.append(code)
        load.settle_down(figures)
    figures.most = CONCURRENCY * figures.faults
    return figures


def _is_dead(load: Load, victim: subprocess.Popen[bytes]) -> bool:
    load.tick()
    return victim.poll() is not None


def poison(site: Site, good: int = 200, bad: int = 3, limit: int = 3) -> Figures:
    """Messages that always fail, and messages that kill their process, among good ones; processes are replaced."""
    figures = Figures("poison messages", faults=2 * bad)
    with open_load(site, 2, "--concurrency", "1", "--attempts", str(limit)) as load:
        culprits: list[str] = []
        for number in range(good):
            load.publish(b"work")
            if number % (good // bad) == 0 and len(culprits) < 2 * bad:
                for kind in (b"fail", b"die"):
                    load.publish(kind)
                    culprits.append(load.published[-1])

        def is_over() -> bool:
            for place, process in enumerate(load.processes):
                if process.poll() is not None:
                    load.processes[place] = load.start()
            return set(culprits) <= load._dead()  # noqa: SLF001  # ours

        wait_until(is_over, "poison is never put aside", 180.0)
        attempts = load.begun.by_message()
        load.settle_down(figures)
    exact = all(attempts[name] == limit for name in culprits)
    figures.note = f"{figures.dead} dead letters, {'each' if exact else 'NOT each'} after {limit} attempts"
    figures.bad_exits += [] if exact and figures.dead == 2 * bad else [-1]
    return figures


def slow_consumer(site: Site, backlog: int = 1000) -> Figures:
    """One process that is much slower than the publisher: its memory must not grow with what waits."""
    figures = Figures("slow consumer", faults=1)
    with open_load(site, 1, "--longest", "0.1", lease=LONG_LEASE) as load:
        load.keep_busy(load.processes[0])
        before = measure(load.processes[0])
        for _ in range(backlog):
            load.publish(b"work " + b"x" * 10_000)
        figures.note = f"{backlog} messages of 10 kB waiting: {describe_growth(before, measure(load.processes[0]))}"
        load.processes += [load.start("--longest", "0.003") for _ in range(2)]
        load.settle_down(figures)
    return figures


def describe_growth(before: tuple[int, int], after: tuple[int, int]) -> str:
    """In words for the table."""
    return f"{after[0] - before[0]:+d} descriptors, {(after[1] - before[1]) / 1024:+.1f} MB"
