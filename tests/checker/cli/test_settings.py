"""Settings that reach the analysis: the environment, and the bases of workers."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]

SITE = ".venv/lib/python3.12/site-packages"
QUEUES = {
    f"{SITE}/queues/__init__.py": "from .base import Consumer\n",
    f"{SITE}/queues/base.py": (
        "from abc import ABC, abstractmethod\nfrom queues.more import Named\n\n"
        "class Consumer(Named, ABC):\n    @abstractmethod\n    def consume(self): ...\n\nConsumer()\n"
    ),
    f"{SITE}/queues/more.py": "class Named:\n    name = ''\n",
}
MAIL = "from queues import Consumer\n\nclass Mail(Consumer):\n    pass\n\nMail()\n"


def found(result: Any) -> list[tuple[str, str, int]]:
    return [(row["code"], row["path"], row["line"]) for row in json.loads(result.out)["diagnostics"]]


def test_a_base_is_found_in_the_configured_environment_alone(lint: Command, write: Write) -> None:
    write({**QUEUES, "mail.py": MAIL, "worker-lint.toml": ""})
    assert found(lint("check", "-f", "json")) == []
    write({"worker-lint.toml": 'python = ".venv"\n'})
    first = lint("check", "-f", "json")
    assert found(first) == [("ABS101", "mail.py", 6)]  # and nothing in the environment's own files
    assert lint("check", "-f", "json").out == first.out
    assert lint("check", "-f", "json", "--no-screen", "--no-cache").out == first.out


def test_a_change_in_the_environment_is_seen(lint: Command, write: Write) -> None:
    write({**QUEUES, "mail.py": MAIL, "worker-lint.toml": 'python = ".venv"\n'})
    assert len(found(lint("check", "-f", "json"))) == 1
    write({f"{SITE}/queues/base.py": "class Consumer: ...\n"})
    assert found(lint("check", "-f", "json")) == []


def test_a_missing_environment_is_a_note(lint: Command, write: Write) -> None:
    write({"mail.py": MAIL, "worker-lint.toml": 'python = ".venv"\n'})
    result = lint("check")
    assert result.code == 0
    assert "the environment holds no packages" in result.err


BASE = """class Worker:
    def __init__(self):
        self.draining = False

    def _turn(self):
        return self.draining
"""
OWN = "from base import Worker\n\nclass Mail(Worker):\n    def __init__(self):\n        self.server = None\n"


def test_subclasses_of_worker_bases_are_workers(lint: Command, write: Write) -> None:
    write({"base.py": BASE, "own.py": OWN, "worker-lint.toml": ""})
    assert found(lint("check", "-f", "json", "--select", "ABS113")) == []
    for name in ("base.Worker", "public.Worker"):
        write({"public.py": "from base import Worker\n", "worker-lint.toml": f'worker-bases = ["{name}"]\n'})
        assert found(lint("check", "-f", "json", "--select", "ABS113")) == [("ABS113", "own.py", 4)]
    write({"worker-lint.toml": 'worker-bases = ["elsewhere.Worker"]\n'})
    assert found(lint("check", "-f", "json", "--select", "ABS113")) == []


RETRY = """import time
import errors

def run(queue):
    while True:
        try:
            queue.connect()
        except errors.Lost:
            pass
        queue.drain()
"""


def test_exceptions_are_placed_in_tiers(lint: Command, write: Write) -> None:
    write({"errors.py": "class Lost(Exception): ...\n", "run.py": RETRY, "worker-lint.toml": ""})
    command = ("check", "-f", "json", "--preview", "--select", "ERR106")
    assert found(lint(*command)) == []
    write({"worker-lint.toml": 'tiers.recoverable = ["errors.Lost"]\n'})
    assert found(lint(*command)) == [("ERR106", "run.py", 8)]
    write({"worker-lint.toml": 'tiers.expected = ["errors.Lost"]\n'})
    assert found(lint(*command)) == []


def test_a_tier_takes_exceptions_only(lint: Command, write: Write) -> None:
    write({"errors.py": "class Lost: ...\n", "worker-lint.toml": 'tiers.fatal = ["errors.Lost"]\n'})
    result = lint("check")
    assert result.code == 2
    assert "tiers.fatal: errors.Lost is no exception class" in result.err


SKIP = """import errors

def run(task, log):
    try:
        if task.late:
            raise errors.Skip("late")
        task.run()
    except Exception:
        log.exception("failed")
"""


def test_a_control_exception_of_ones_own_must_pass(lint: Command, write: Write) -> None:
    write({"errors.py": "class Skip(Exception): ...\n", "run.py": SKIP, "worker-lint.toml": ""})
    command = ("check", "-f", "json", "--preview", "--select", "ERR107")
    assert found(lint(*command)) == []
    write({"worker-lint.toml": 'tiers.control-flow = ["errors.Skip"]\n'})
    assert found(lint(*command)) == [("ERR107", "run.py", 8)]


LOOP = """import time
import errors

class Client:
    def _open(self):
        if not self.password:
            raise errors.Denied("no password")
        raise errors.Lost("away")

    def run(self):
        while True:
            try:
                self._open()
            except errors.Lost:
                time.sleep(1)
"""


def test_a_fatal_class_below_a_recoverable_one(lint: Command, write: Write) -> None:
    write({"errors.py": "class Lost(Exception): ...\nclass Denied(Lost): ...\n", "run.py": LOOP})
    write({"worker-lint.toml": 'tiers.recoverable = ["errors.Lost"]\n'})
    command = ("check", "-f", "json", "--preview", "--select", "ERR104")
    assert found(lint(*command)) == []
    write({"worker-lint.toml": 'tiers.recoverable = ["errors.Lost"]\ntiers.fatal = ["errors.Denied"]\n'})
    assert found(lint(*command)) == [("ERR104", "run.py", 14)]
