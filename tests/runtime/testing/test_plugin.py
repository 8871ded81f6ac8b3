"""The fixtures for pytest, in a test run of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import threading

END = threading.Event()

def test_clock(worker_clock):
    worker_clock.advance(5)
    assert worker_clock.monotonic() == 5

def test_broker(worker_broker, no_leftovers):
    worker_broker.publish("q", b"")
    worker_broker.fail("consume", OSError("away"))
    try:
        worker_broker.consume("q", 1)
    except OSError as error:
        assert str(error) == "away"
    assert worker_broker.consume("q", 1).receive(0) is not None

def test_leftover(no_leftovers):
    threading.Thread(target=END.wait, name="forgotten", daemon=True).start()
"""


@pytest.mark.slow
def test_the_fixtures_work(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "worker_lint_runtime.testing.plugin", "test_it.py"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # where the runtime is installed, it would load twice
    done = subprocess.run(command, env=alone, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed, 1 error" in done.stdout, done.stdout
    assert "threads are left: forgotten (STP110 thread-not-joined)" in done.stdout
