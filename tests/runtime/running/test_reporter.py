"""What the reporter tells the service manager and the probes."""

import json
import socket
import time
from pathlib import Path

import pytest

from worker_lint_runtime import HealthReport
from worker_lint_runtime._running.reporter import OLDEST, Reporter, probe, write_health

GOOD = HealthReport(True, True, True, (), 7, 0, 1)
STUCK = HealthReport(False, False, False, ("loop: no sign of life for 60 s",), 7, 0, 1)


def test_the_service_manager_hears_of_start_life_and_stop(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(60)
        with Reporter(lambda: GOOD, None, {"NOTIFY_SOCKET": address}):
            assert manager.recv(100) == b"READY=1"
            assert manager.recv(100) == b"WATCHDOG=1\nSTATUS=7 messages"
        assert manager.recv(100) == b"STOPPING=1"


def test_a_stuck_worker_does_not_feed_the_watchdog(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.setblocking(False)
        Reporter(lambda: STUCK, None, {"NOTIFY_SOCKET": address}).report()
        with pytest.raises(BlockingIOError):
            manager.recv(100)


def test_the_health_file_answers_three_questions(tmp_path: Path) -> None:
    file = tmp_path / "health"
    now = time.monotonic()
    write_health(file, GOOD)
    assert [probe(file, question, now + 1) for question in ("live", "ready", "healthy")] == [None] * 3
    write_health(file, STUCK)
    assert probe(file, "live", now + 1) == "not live: loop: no sign of life for 60 s"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"monotonic": "x"}'])
def test_a_file_of_something_else_is_no_answer(tmp_path: Path, content: str) -> None:
    file = tmp_path / "health"
    file.write_text(content, encoding="utf-8")
    assert "not a health file" in str(probe(file, "live", 0))


def test_an_old_file_is_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "health"
    write_health(file, GOOD)
    written = json.loads(file.read_text(encoding="utf-8"))["monotonic"]
    assert probe(file, "live", written + OLDEST) is None
    for age in (OLDEST + 1, -1):  # -1: from before a reboot
        assert "died or hangs" in str(probe(file, "live", written + age))
