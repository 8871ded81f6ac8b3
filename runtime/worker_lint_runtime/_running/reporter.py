"""Tells others how the worker is: a health file for probes, the service manager through its socket."""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from worker_lint_runtime._health import HealthReport

log = logging.getLogger("worker_lint_runtime.reporter")

INTERVAL = 5.0
OLDEST = 3 * INTERVAL
"""Seconds after which a health file counts as left by a process that died or hangs."""


class Reporter:
    """
    A thread that reports every few seconds, from `__enter__` to `__exit__`.

    It tells the service manager READY once, WATCHDOG only while the worker is live (so a stuck worker is restarted),
    and STOPPING; see sd_notify(3). Without `NOTIFY_SOCKET` and without a file it does nothing.
    """

    def __init__(self, health: Callable[[], HealthReport], file: Path | None, environment: Mapping[str, str]) -> None:
        self._health, self._file = health, file
        self._socket = environment.get("NOTIFY_SOCKET", "")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="worker-reporter", daemon=True)
        self._told_ready = False

    def __enter__(self) -> "Reporter":  # noqa: PYI034  # not meant to be derived from
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(INTERVAL)
        self.notify("STOPPING=1")
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _live(self) -> None:
        while True:
            try:
                self.report()
            except OSError:  # a full disk must not take the reports with it
                log.exception("health could not be reported")
            if self._ended.wait(1.0 if not self._told_ready else INTERVAL):
                return

    def report(self) -> None:
        """Report once."""
        health = self._health()
        if self._file is not None:
            write_health(self._file, health)
        if health.ready and not self._told_ready:
            self._told_ready = True
            self.notify("READY=1")
        if health.live:
            self.notify("WATCHDOG=1\nSTATUS=" + ("; ".join(health.reasons) or f"{health.handled} messages"))

    def notify(self, text: str) -> None:
        """Send one datagram to the service manager, if there is one."""
        if not self._socket:
            return
        address = "\0" + self._socket[1:] if self._socket.startswith("@") else self._socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(1.0)
            sender.sendto(text.encode(), address)


def write_health(file: Path, health: HealthReport) -> None:
    """Replace the health file at once: a probe never reads half of it."""
    content: dict[str, Any] = {**asdict(health), "pid": os.getpid(), "monotonic": time.monotonic()}
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(file)


def probe(file: Path, question: str, now: float) -> str | None:
    """Why the answer to `live`, `ready` or `healthy` is no, by the health file; None when it is yes."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        age = now - content["monotonic"]
        answer, reasons = content[question], content["reasons"]
    except FileNotFoundError:
        return f"{file}: no health file, so no worker runs"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{file}: not a health file: {error}"
    if not 0 <= age <= OLDEST:
        return f"{file}: written {age:.0f} s ago: the worker died or hangs"
    return None if answer else f"not {question}: {'; '.join(reasons)}"
