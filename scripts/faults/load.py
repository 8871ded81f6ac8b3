"""Worker processes on one queue, and the messages that keep them busy."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from faults.leaving import uninterrupted
from faults.ledger import Figures, Record
from faults.servers import Server
from faults.waiting import wait_until
from worker_lint_runtime import Broker, BrokerError, Inspectable
from worker_lint_runtime._brokers.amqp import RabbitBroker
from worker_lint_runtime._brokers.amqp_topology import Steps
from worker_lint_runtime._running.address import open_broker

SCRIPTS = Path(__file__).resolve().parent.parent
LEASE = 1.0
"""Seconds. Short, so that the end of a dead process's leases is seen."""
LONG_LEASE = 30.0
"""Where no process dies: one that the machine does not let run for a second must not lose its messages."""


@dataclass(frozen=True)
class Site:
    """A kind of broker, how it is reached, and its server if it has one."""

    name: str
    address: str
    """A URL with places for folder, port and lease."""
    server: Server | None = None

    def url(self, folder: Path, port: int | None = None, lease: float = LEASE) -> str:
        """Of the broker, or of a proxy's port in its place."""
        server_port = self.server.port if self.server is not None else 0
        return self.address.format(folder=folder, port=port or server_port, lease=f"{lease:g}")


class Load:
    """The load of one run. What was published counts only when the broker has confirmed it."""

    def __init__(
        self, site: Site, folder: Path, *options: str, port: int | None, lease: float, environment: Mapping[str, str]
    ) -> None:
        self.site, self.folder = site, folder
        self.queue = f"load.{uuid.uuid4().hex[:8]}"
        self.broker: Broker = open_broker(site.url(folder))
        self.begun, self.ledger, self.ready = (Record(folder / name) for name in ("begun", "ledger", "ready"))
        self.published: list[str] = []
        self.recoveries: list[float] = []
        self._orphans: list[tuple[float, set[str]]] = []
        self._worker_url, self._options = site.url(folder, port, lease), options
        self._environment = {**environment, "PYTHONPATH": str(SCRIPTS)}
        self.broker.connect()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """One more worker process."""
        command = [sys.executable, "-m", "faults.load_worker", self._worker_url, self.queue, *self._options, *options]
        with (self.folder / "log").open("ab") as log, uninterrupted():
            self._started.append(subprocess.Popen(command, cwd=self.folder, stderr=log, env=self._environment))
            return self._started[-1]

    def feed(self, waiting: int) -> None:
        """Publish until so many messages are not done; one in ten fails at its first attempt."""
        for _ in range(waiting - (len(self.published) - len(self.ledger.by_message()))):
            self.publish(b"work" if len(self.published) % 10 else b"retry")

    def publish(self, body: bytes) -> None:
        """Publish one message. Raises BrokerError, and then it does not count."""
        self.published.append(self.broker.publish(self.queue, body))

    def in_work(self, process: subprocess.Popen[bytes]) -> int:
        """How many messages the process has begun and not done."""
        return len(self.begun.of(process.pid) - self.ledger.of(process.pid))

    def tick(self, process: subprocess.Popen[bytes] | None = None) -> None:
        """Keep the queue filled and note which orphans are done. Raises RuntimeError for a process that ended."""
        if process is not None and process.poll() is not None:
            log = (self.folder / "log").read_text(encoding="utf-8")
            raise RuntimeError(f"process {process.pid} ended with code {process.returncode}:\n{log[-3000:]}")
        self.feed(50)
        self.note_recoveries()

    def keep_busy(self, process: subprocess.Popen[bytes]) -> None:
        """Feed until the process has a message in work."""

        def is_busy() -> bool:
            self.tick(process)
            return self.in_work(process) > 0

        wait_until(is_busy, f"process {process.pid} began no work")

    def work_for(self, seconds: float) -> None:
        """Keep the workers busy for so long."""
        end = time.monotonic() + seconds

        def is_over() -> bool:
            self.tick()
            return time.monotonic() > end

        wait_until(is_over, "the time does not pass")

    def orphan(self, process: subprocess.Popen[bytes], since: float) -> int:
        """The process died at that moment: from now its messages are waited for; how many these are."""
        left = self.begun.of(process.pid) - self.ledger.of(process.pid)
        if left:
            self._orphans.append((since, left))
        return len(left)

    def note_recoveries(self) -> None:
        """Measure how long it took until all messages of a dead process were done by others."""
        done, now = self.ledger.by_message(), time.monotonic()
        for orphans in [each for each in self._orphans if all(name in done for name in each[1])]:
            self._orphans.remove(orphans)
            self.recoveries.append(now - orphans[0])

    def next_effect(self, since: float, limit: float = 120.0) -> float:
        """Seconds from a moment until the next effect, at whichever worker."""
        before = sum(self.ledger.by_process().values())

        def is_there() -> bool:
            with contextlib.suppress(BrokerError):  # it may not be back yet for those who publish
                self.feed(50)
            return sum(self.ledger.by_process().values()) > before

        wait_until(is_there, "no effect after the fault", limit)
        return time.monotonic() - since

    def settle_down(self, figures: Figures) -> None:
        """Wait until everything is done, stop the workers, and compare what was published with the ledger."""
        wait_until(self._is_done, "messages are never done", 180.0)
        wait_until(lambda: count_waiting(self.broker, self.queue) == 0, "the queue is never empty")
        codes = self.stop_all()
        done = self.ledger.by_message()
        dead = self._dead()
        figures.published, figures.dead = len(self.published), len(dead)
        figures.lost = sum(name not in done and name not in dead for name in self.published)
        figures.duplicated = sum(times - 1 for times in done.values())
        figures.bad_exits += [code for code in codes if code != 0]
        figures.recoveries += self.recoveries

    def _is_done(self) -> bool:
        self.note_recoveries()
        done = self.ledger.by_message()
        missing = [name for name in self.published if name not in done]
        return not missing or set(missing) <= self._dead()

    def _dead(self) -> set[str]:
        letters = self.broker.dead_letters(self.queue) if hasattr(self.broker, "dead_letters") else []
        return {letter.message.id for letter in letters}

    def stop_all(self) -> list[int]:
        """Stop the workers as a deployment does, once they hear signals; their exit codes."""
        wait_until(lambda: all(self.ready.of(each.pid) for each in self.processes), "a process does not start")
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(60) for process in self.processes]
        self.processes = []
        return codes

    def end(self) -> None:
        """End what still runs, for whatever reason."""
        for process in self._started:
            process.kill()
            process.wait()
        self.broker.close()


@contextmanager
def open_load(
    site: Site,
    processes: int,
    *options: str,
    port: int | None = None,
    lease: float = LEASE,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Load]:
    """A load in a folder of its own, ended and removed at the end; the workers go by port, lease and environment."""
    with tempfile.TemporaryDirectory() as folder:
        load = Load(site, Path(folder), *options, port=port, lease=lease, environment=environment)
        try:
            load.processes = [load.start() for _ in range(processes)]
            yield load
        finally:
            load.end()


def count_waiting(broker: Broker, queue: str) -> int:
    """How many messages of a queue are not done; those in work are not known of RabbitMQ."""
    if isinstance(broker, Inspectable):
        depth = broker.depth(queue)
        return depth.ready + depth.delayed + depth.unsettled
    if isinstance(broker, RabbitBroker):
        count: int = broker.link().declare(partial(_count_ready, queue=queue), 30.0)
        return count
    raise BrokerError(f"{type(broker).__name__} cannot count")


def _count_ready(channel: Any, queue: str) -> Steps:
    found = yield lambda done: channel.queue_declare(queue, passive=True, callback=done)
    return found.method.message_count


def measure(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Open descriptors and resident memory (KiB) of a process; Linux only."""
    folder = Path(f"/proc/{process.pid}")
    status = (folder / "status").read_text(encoding="utf-8")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return len(list((folder / "fd").iterdir())), int(resident.split()[1])
