"""
Kills and stops real worker processes under load and counts what was lost or done twice.

The oracle is a ledger: each handler appends the message's id to a file, with fsync, as its effect. At the end, lost is
what was published and is not in the ledger, and duplicated is what is in it more than once. A fault counts only if it
met a process with a message in work.
"""

import argparse
import collections
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from worker_lint_runtime import SqliteBroker

CONCURRENCY = 4
LEASE = 1.0
WORKER = """
import os, random, time
from worker_lint_runtime import BaseWorker, RetryPolicy, WorkerSettings

class Ledger(BaseWorker):
    queue = "load"
    settings = WorkerSettings(concurrency=CONCURRENCY, stop_timeout=20, retry=RetryPolicy(1000))

    def setup(self):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self.ledger, self.begun = os.open("ledger", flags), os.open("begun", flags)

    def cleanup(self):
        os.close(self.ledger)
        os.close(self.begun)

    def process_message(self, message):
        line = f"\\n{message.id} {os.getpid()}\\n".encode()  # a kill may cut a line short: keep the next one whole
        os.write(self.begun, line)
        time.sleep(random.uniform(0.002, 0.03))
        os.write(self.ledger, line)
        os.fsync(self.ledger)
""".replace("CONCURRENCY", str(CONCURRENCY))


@dataclass
class Figures:
    """What one run of faults counted; times in seconds."""

    fault: str
    faults: int = 0
    idle: int = 0
    published: int = 0
    lost: int = 0
    duplicated: int = 0
    bad_exits: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def render(self) -> str:
        """One row of the table in the documentation."""
        ordered = sorted(self.seconds)
        p50, p95 = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
        return (
            f"| {self.fault} | {self.faults} | {self.published} | {self.lost} | {self.duplicated}"
            f" | {len(self.bad_exits)} | {p50:.2f} / {p95:.2f} s |"
        )


class Record:
    """A file of lines "message process" that processes append to, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0
        self._messages: collections.Counter[str] = collections.Counter()
        self._processes: collections.Counter[int] = collections.Counter()

    def by_process(self) -> collections.Counter[int]:
        """How many lines each process has written."""
        self._read_on()
        return self._processes

    def by_message(self) -> collections.Counter[str]:
        """How many lines there are about each message."""
        self._read_on()
        return self._messages

    def _read_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for words in map(str.split, whole.decode().splitlines()):
            if len(words) == 2 and words[1].isdecimal():  # a kill may have cut a line short
                self._messages[words[0]] += 1
                self._processes[int(words[1])] += 1


class Load:
    """Worker processes on one SQLite file, and the messages that keep them busy."""

    def __init__(self, folder: Path, processes: int) -> None:
        self.folder = folder
        (folder / "load_worker.py").write_text(WORKER, encoding="utf-8")
        self.broker = SqliteBroker(folder / "queue.db", lease=LEASE, delivery_limit=1000, synchronous="NORMAL")
        self.begun, self.ledger = Record(folder / "begun"), Record(folder / "ledger")
        self.published: list[str] = []
        self.processes = [self.start() for _ in range(processes)]

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker process."""
        url = f"sqlite:queue.db?lease={LEASE}&delivery_limit=1000&synchronous=NORMAL"
        command = [sys.executable, "-m", "worker_lint_runtime", "run", "load_worker:Ledger", "--url", url]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, cwd=self.folder, stderr=log)

    def feed(self, waiting: int) -> None:
        """Publish until so many messages wait."""
        for _ in range(waiting - self.broker.depth("load").ready):
            self.published.append(self.broker.publish("load", b""))

    def in_work(self, process: subprocess.Popen[bytes]) -> int:
        """How many messages the process had begun and not finished."""
        return self.begun.by_process()[process.pid] - self.ledger.by_process()[process.pid]

    def keep_busy(self, process: subprocess.Popen[bytes]) -> None:
        """Feed until the process has a message in work."""

        def is_busy() -> bool:
            if process.poll() is not None:
                log = (self.folder / "log").read_text(encoding="utf-8")
                raise RuntimeError(f"process {process.pid} ended with code {process.returncode}:\n{log[-2000:]}")
            self.feed(50)
            return self.in_work(process) > 0

        wait_until(is_busy, f"process {process.pid} began no work")

    def end(self) -> None:
        """Stop what still runs."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.broker.close()


@contextmanager
def open_load(processes: int) -> Iterator[Load]:
    """A load in a folder of its own, ended and removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        load = Load(Path(folder), processes)
        try:
            yield load
        finally:
            load.end()


def wait_until(done: Callable[[], bool], what: str, limit: float = 120.0) -> None:
    """Look until it is so. Raises TimeoutError."""
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.005)


def run_faults(number: signal.Signals, faults: int, *, seed: int, processes: int = 2) -> Figures:
    """Signal a random busy worker process, wait for its end, replace it; again and again."""
    figures, draw = Figures(number.name), random.Random(seed)  # noqa: S311  # chooses victims
    with open_load(processes) as load:
        while figures.faults < faults:
            place = draw.randrange(processes)
            victim = load.processes[place]
            load.keep_busy(victim)
            time.sleep(draw.uniform(0, 0.05))
            began = time.monotonic()
            victim.send_signal(number)
            code = victim.wait(60)
            figures.seconds.append(time.monotonic() - began)
            if number is signal.SIGKILL and load.in_work(victim) == 0:
                figures.idle += 1  # between two messages: the fault met nobody
                figures.seconds.pop()
            else:
                figures.faults += 1
            if number is not signal.SIGKILL and code != 0:
                figures.bad_exits.append(code)
            load.processes[place] = load.start()
        wait_until(lambda: _is_empty(load), "the queue never became empty")
        count(load, figures)
    return figures


def _is_empty(load: Load) -> bool:
    depth = load.broker.depth("load")
    return depth.ready == depth.delayed == depth.unsettled == 0


def count(load: Load, figures: Figures) -> None:
    """Compare what was published with the ledger."""
    done = load.ledger.by_message()
    figures.published = len(load.published)
    figures.lost = sum(name not in done for name in load.published)
    figures.duplicated = sum(times - 1 for times in done.values())


def main() -> int:
    """Run both kinds of fault and print the rows of the table."""
    parser = argparse.ArgumentParser(description="Kill and stop worker processes under load.")
    parser.add_argument("--faults", type=int, default=200, help="of each kind (default: 200)")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(2), "big"))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    print("| fault | faults | messages | lost | done twice | bad exit codes | end of process, median / p95 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    failed = False
    for number in (signal.SIGKILL, signal.SIGTERM):
        figures = run_faults(number, options.faults, seed=options.seed)
        print(figures.render(), flush=True)
        most = CONCURRENCY * (figures.faults + figures.idle) if number is signal.SIGKILL else 0
        failed |= figures.lost > 0 or figures.duplicated > most or bool(figures.bad_exits)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
