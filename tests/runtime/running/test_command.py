"""The command, as a process: what it runs, what it says, how it exits."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker_lint_runtime import SqliteBroker

MODULE = """
from worker_lint_runtime import BaseWorker, FatalError, WorkerSettings
import threading

class Echo(BaseWorker):
    queue = "q"
    settings = WorkerSettings(stop_timeout=20)

    def process_message(self, message):
        print(message.body.decode(), flush=True)
        if message.body == b"fatal":
            raise FatalError("no way on")

class Hanging(BaseWorker):
    queue = "q"
    settings = WorkerSettings(stop_timeout=0.1)

    def process_message(self, message):
        print("hangs", flush=True)
        threading.Event().wait()

class NoSetup(Echo):
    def setup(self):
        raise OSError("no database")

class NoQueue(BaseWorker):
    def process_message(self, message): ...

class Half(BaseWorker, abstract=True): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken.py").write_text("from jobs import BaseWorker\nclass Bad(BaseWorker): ...\n", encoding="utf-8")
    return tmp_path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "worker_lint_runtime", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ask(folder: Path, *arguments: str) -> tuple[int, str]:
    process = start(folder, *arguments)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def publish(folder: Path, *bodies: bytes) -> None:
    broker = SqliteBroker(folder / "q.db")
    for body in bodies:
        broker.publish("q", body)
    broker.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("worker", "signals", "code"),
    [("Echo", 1, 0), ("Hanging", 1, 80), ("Hanging", 3, 80)],
)
def test_signals_stop_it(folder: Path, worker: str, signals: int, code: int) -> None:
    publish(folder, b"hello")
    process = start(folder, "run", f"jobs:{worker}", "--url", "sqlite:q.db", "--logs", "json")
    assert process.stdout is not None
    assert process.stdout.readline().strip() in {"hello", "hangs"}
    for _ in range(signals):
        process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    entries = [json.loads(line) for line in errors.splitlines()]
    assert "stopping: SIGTERM" in [entry["message"] for entry in entries]
    broker = SqliteBroker(folder / "q.db")
    assert broker.depth("q").ready == (0 if worker == "Echo" else 1)
    broker.close()


@pytest.mark.slow
def test_a_fatal_error_is_seen_in_the_exit_code(folder: Path) -> None:
    publish(folder, b"fatal")
    code, errors = ask(folder, "run", "jobs:Echo", "--url", "sqlite:q.db")
    assert code == 70
    assert "FatalError: no way on" in errors


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "url", "code", "text"),
    [
        ("jobs:Echo", "sqlite:missing/q.db", 75, "unable to open database file"),
        ("jobs:NoSetup", "memory:", 75, "no database"),
        ("jobs:Echo", "kafka://there", 78, "no broker for the scheme 'kafka'; there are amqp"),
        (
            "jobs:Echo",
            "amqp://guest:secret@localhost?hearbeat=1",
            78,
            "***@localhost?hearbeat=1': no option 'hearbeat'",
        ),
        ("jobs:Echo", "redis://127.0.0.1:1/0", 75, "redis://127.0.0.1:1: "),
        ("jobs:Echo", "amqp://127.0.0.1:1/", 75, "amqp://127.0.0.1:1: "),
        ("jobs:Echo", "sqlite:q.db?leese=1", 78, "no option 'leese'; there are delivery_limit, lease"),
        ("jobs:Echo", "sqlite:q.db?lease=x", 78, "lease is no number: 'x'"),
        ("jobs:Ekko", "memory:", 78, "jobs has no worker class Ekko; it has Echo"),
        ("jobs:Half", "memory:", 78, "Half is abstract"),
        ("jobs:NoQueue", "memory:", 78, "NoQueue.queue names no queue"),
        ("jobs", "memory:", 78, "write package.module:Class"),
        ("nowhere:Echo", "memory:", 78, "No module named 'nowhere'"),
        ("broken:Bad", "memory:", 78, "ABS102 abstract-method-unimplemented: process_message"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(folder: Path, target: str, url: str, code: int, text: str) -> None:
    given, errors = ask(folder, "run", target, "--url", url)
    assert given == code
    last = errors[errors.index("worker-lint-runtime: ") :]
    assert text in last
    assert "Traceback" not in last


@pytest.mark.slow
def test_health_is_answered_from_the_file(folder: Path) -> None:
    process = start(folder, "run", "jobs:Echo", "--url", "sqlite:q.db", "--health-file", "health")
    try:
        deadline = time.monotonic() + 60
        while ask(folder, "health", "health", "ready")[0] != 0:
            assert time.monotonic() < deadline
        assert ask(folder, "health", "health")[0] == 0
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    code, errors = ask(folder, "health", "health")
    assert code == 1
    assert "no health file, so no worker runs" in errors
    assert process.returncode == 0


@pytest.mark.slow
def test_an_operator_can_look_quiet_and_stop_it(folder: Path) -> None:
    publish(folder, b"hello")
    options = ("--url", "sqlite:q.db", "--control", "door", "--probes", "0", "--logs", "json")
    process = start(folder, "run", "jobs:Echo", *options)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "hello"
    shown = start(folder, "dump", "door")
    text, _ = shown.communicate(timeout=60)
    assert (shown.returncode, "thread worker-handler-1" in text) == (0, True)
    assert ask(folder, "quiet", "door") == (0, "")
    publish(folder, b"not any more")
    assert ask(folder, "stop", "door") == (0, "")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, ""), errors
    assert ask(folder, "dump", "door")[0] == 1


@pytest.mark.slow
def test_a_signal_shows_the_stacks(folder: Path) -> None:
    publish(folder, b"hello")
    process = start(folder, "run", "jobs:Hanging", "--url", "sqlite:q.db")
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "hangs"
    assert process.stderr is not None
    process.send_signal(signal.SIGUSR1)
    assert any("in process_message" in line for line in process.stderr)  # ends early, or with the process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 80


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--probes", "http"), 78, "write PORT or HOST:PORT"),
        (("--control", "jobs.py"), 75, "there is a file that is no socket"),
        (("--control", "missing/door"), 75, "No such file or directory"),
    ],
)
def test_what_cannot_be_opened_beside_the_worker(folder: Path, options: tuple[str, ...], code: int, text: str) -> None:
    given, errors = ask(folder, "run", "jobs:Echo", "--url", "memory:", *options)
    assert (given, text in errors, "Traceback" in errors) == (code, True, False), errors


@pytest.mark.slow
def test_wrong_usage(folder: Path) -> None:
    assert ask(folder, "run")[0] == 64
