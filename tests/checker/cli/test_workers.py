"""`worker-lint workers`: how the tool sees a worker."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str]], Path]

SOURCE = """\
import threading

import pika


class OrderWorker:
    def __init__(self, url):
        self._stop = threading.Event()
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._beats = threading.Thread(target=self._beat)
        self._beats.start()

    def _beat(self):
        while not self._stop.is_set():
            self._connection.process_data_events()

    def stop(self):
        self._stop.set()
        self._channel.close()
        try:
            self._connection.close()
        except Exception:
            print("closed by the broker")
        self._beats.join()


class Lockable:
    def __init__(self):
        self._lock = threading.Lock()
"""


@pytest.fixture(autouse=True)
def _tree(write: Write) -> None:
    write({"orders.py": SOURCE})


def test_roles_resources_and_the_stop_are_told(lint: Command) -> None:
    shown = lint("workers").out
    assert shown.startswith("orders.OrderWorker  orders.py:6\n")
    assert "_beat on a thread  from __init__:11" in shown
    assert "self._connection  connection, pika.adapters.blocking_connection.BlockingConnection" in shown
    assert "released in stop:20" in shown
    assert shown.endswith("1 worker\n"), "a class that only has a lock is none"


def test_each_step_tells_what_its_error_leaves_out(lint: Command) -> None:
    (worker,) = json.loads(lint("workers", "--format", "json").out)["workers"]
    (stop,) = worker["stops"]
    steps = {step["line"]: step for step in stop["steps"]}
    assert [steps[line]["does"] for line in sorted(steps)] == [
        "sets self._stop",
        "releases self._channel",
        "releases self._connection",
        "releases self._beats",
    ]
    assert steps[20]["skipped"] == ["self._connection", "self._beats"]
    assert (steps[22]["caught"], steps[22]["skipped"]) == (23, [])
    assert steps[25]["raises"] == []


def test_a_name_chooses(lint: Command) -> None:
    assert "OrderWorker" in lint("workers", ".", "order").out
    refused = lint("workers", ".", "Nobody")
    assert (refused.code, refused.out) == (2, "")
    assert "has 'Nobody' in its name" in refused.err


def test_a_path_without_python_is_refused(lint: Command) -> None:
    assert lint("workers", "nowhere").code == 2
