"""
A run of the rules that follow code goes on from an earlier one, and says what a whole run says.

The edits are those that reach over files: what a helper raises or closes, who overrides a method,
who ends a field from outside, where a name comes from.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_lint.engine.rule_index import read_index
from worker_lint.engine.session import Session
from worker_lint.source import content

Command = Callable[..., Any]
Files = Mapping[str, str | None]

RULES = Path(__file__).parents[3] / "rules" / "worker_lint_rules"
CODES = ",".join(sorted(entry.code for entry in read_index(str(RULES)).values() if entry.resumable))
OPTIONS = ("check", "-j", "1", "-f", "json", "--select", CODES, "--preview")

BASE = """import threading


class Base:
    def __init__(self):
        self._thread = threading.Thread(target=self.run)
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def start(self):
        self._thread.start()

    def run(self):
        while not self._stop.is_set():
            self.work()

    def work(self):
        raise NotImplementedError

    def stop(self):
        self._stop.set()
        self.close()

    def close(self):
        self._thread.join()
"""
HELPER = """import socket


def tidy(thing):
    thing.close()


def connect():
    return socket.create_connection(("host", 1))


def check(value):
    if not value:
        raise ValueError(value)
"""
LEAF = """import time

from pkg.base import Base
from pkg.helper import check, connect, tidy


class Leaf(Base):
    def __init__(self):
        super().__init__()
        self._link = connect()

    def work(self):
        try:
            check(self._link.recv(10))
        except Exception:
            pass
        time.sleep(60)

    def stop(self):
        tidy(self._link)
        super().stop()
"""
BROKER = """import pika

from pkg.helper import check


def on_message(channel, method, properties, body):
    check(body)
    channel.basic_ack(method.delivery_tag)


def main():
    channel = pika.BlockingConnection().channel()
    channel.basic_consume("orders", on_message)
    channel.start_consuming()
"""
TASKS = """import asyncio

from pkg.helper import check


class Errors(Exception):
    pass


async def work(queue):
    while True:
        item = await queue.get()
        try:
            check(item)
        except BaseException:
            pass


async def main(queue):
    asyncio.create_task(work(queue))
"""
USER = """from pkg.leaf import Leaf


def main():
    leaf = Leaf()
    leaf.start()
    try:
        leaf.work()
    finally:
        leaf.stop()
"""
TREE = {
    "anchor.py": "raise NotImplemented\n",
    "pkg/__init__.py": "",
    "pkg/base.py": BASE,
    "pkg/helper.py": HELPER,
    "pkg/leaf.py": LEAF,
    "pkg/broker.py": BROKER,
    "pkg/tasks.py": TASKS,
    "main.py": USER,
}
PARTS = (
    ("        return 1\n", "        raise ValueError\n"),
    ("class Limits:\n", "from pkg.leaf import Leaf\n\n\nclass Limits(Leaf):\n"),
    ("    thing.close()\n", "    pass\n"),
    ("        raise ValueError(value)\n", "        return\n"),
    ("        raise ValueError(value)\n", "        raise SystemExit(value)\n"),
    ("def tidy(thing):\n", "def tidy(thing):\n    check(thing)\n"),
    ("def check(value):", "def checked(value):"),
    ('    return socket.create_connection(("host", 1))\n', "    return None\n"),
    ("        self._thread.join()\n", "        pass\n"),
    ("        self._stop.set()\n", ""),
    ("        self._stop.set()\n        self.close()\n", "        self.close()\n        self._stop.set()\n"),
    ("        super().stop()\n", ""),
    ("        tidy(self._link)\n", "        self._link.close()\n"),
    ("    def stop(self):\n", "    def close(self):\n"),
    ("class Leaf(Base):", "class Leaf:"),
    ("class Leaf(Base):\n", "class Leaf(Base):\n    def close(self):\n        pass\n\n"),
    ("        leaf.stop()\n", "        leaf._link.close()\n        leaf._thread.join()\n"),
    ("from pkg.leaf import Leaf\n", "from pkg.base import Base as Leaf\n"),
    ("from pkg.helper import check\n", "from pkg.other import check\n"),
    ("import threading\n", "import threading\n\nfrom pkg.helper import tidy\n"),
    ("        self.work()\n", "        self.work()\n            self._lock.acquire()\n"),
    ("    check(body)\n", "    channel.basic_ack(method.delivery_tag)\n    check(body)\n"),
    ("class Errors(Exception):", "class Errors(BaseException):"),
    ("            check(item)\n", "            raise Errors\n"),
    ("", "# moved down\n"),
    ("import threading\n", "import threading\n\nPAUSE: float = 0.5\n"),
    ("\ndef tidy(thing):\n", "\ndef closed(thing):\n    thing.close()\n\n\ndef tidy(thing):\n"),
    ("import check, connect, tidy", "import check, closed as tidy, connect"),
    ("def main():\n", "class Twig(Leaf):\n    def run(self):\n        self._thread.join()\n\n\ndef main():\n"),
)
OTHER = "from pkg.helper import check as checked\n\n\ndef check(value):\n    checked(value)\n    raise OSError\n"
PATHS = (*(path for path in TREE if path != "anchor.py"), "pkg/other.py", "limits.py")


@pytest.fixture(autouse=True)
def _known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each write below gets a time of its own, so no file has to be left alone for two seconds.
    monkeypatch.setattr(content, "SETTLING_NANOSECONDS", 0)


def write(root: Path, files: Files, clock: Iterator[int]) -> None:
    """Writes files, each at a time of its own."""
    for name, text in files.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
            os.utime(root / name, (now := next(clock), now))


def commit(root: Path) -> None:
    """Puts all files into a repository."""
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for step in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "start")):
        subprocess.run(["git", *step], cwd=root, check=True)


@pytest.mark.parametrize(
    "edit",
    [
        {"pkg/helper.py": HELPER.replace("    thing.close()\n", "    pass\n")},
        {"pkg/helper.py": HELPER.replace("        raise ValueError(value)\n", "        return\n")},
        {"pkg/leaf.py": LEAF.replace("        super().stop()\n", "")},
        {"main.py": USER.replace("leaf.stop()", "leaf._link.close()")},
        {"pkg/broker.py": f"# moved down\n{BROKER}"},
        {"pkg/tasks.py": TASKS.replace("BaseException", "ValueError")},
        {"pkg/helper.py": f"{HELPER}\n\nLIMIT = 3\n\n\ndef is_many(value):\n    return value > LIMIT\n"},
        {"pkg/base.py": BASE.replace("import threading\n", "import threading\n\nPAUSE: float = 0.5\n")},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edit_is_no_whole_run(lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edit: Files) -> None:
    monkeypatch.chdir(tmp_path)
    clock = iter(range(1_000_000_000, 2_000_000_000, 1_000))
    write(tmp_path, {**TREE, "pkg/other.py": OTHER}, clock)
    lint(*OPTIONS)
    write(tmp_path, edit, clock)
    cold = lint(*OPTIONS, "--no-cache")
    monkeypatch.setattr(Session, "_whole", None)
    assert lint(*OPTIONS) == cold


UNREAD = "LIMIT = 3\n\n\nclass Limits:\n    most = 3\n\n    def least(self):\n        return 1\n"


@pytest.mark.parametrize(
    "text",
    [
        f"# moved down\n{UNREAD}",
        UNREAD.replace("return 1", "raise ValueError"),
        f"{UNREAD}\n\nclass Others(Limits):\n    pass\n",
        f"from pkg.leaf import Leaf\n{UNREAD}\n\nLeaf().stop()\n",
    ],
    ids=str,
)
def test_an_edit_of_a_file_that_nobody_asked_for_is_no_whole_run(
    lint: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    # Git still has what was there: no record of it was kept.
    monkeypatch.chdir(tmp_path)
    clock = iter(range(1_000_000_000, 2_000_000_000, 1_000))
    write(tmp_path, {**TREE, "limits.py": UNREAD}, clock)
    commit(tmp_path)
    lint(*OPTIONS)
    write(tmp_path, {"limits.py": text}, clock)
    cold = lint(*OPTIONS, "--no-cache")
    monkeypatch.setattr(Session, "_whole", None)
    assert lint(*OPTIONS) == cold


EDITS = st.lists(
    st.dictionaries(
        st.sampled_from(PATHS), st.lists(st.sampled_from(PARTS), min_size=1, max_size=3), min_size=1, max_size=2
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@pytest.mark.parametrize("with_git", [False, True])
@given(edits=EDITS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_chain_of_edits(
    lint: Command,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    with_git: bool,  # noqa: FBT001  # a parameter of the test
    edits: list[dict[str, list[tuple[str, str]]]],
) -> None:
    root, clock = tmp_path_factory.mktemp("tree"), iter(range(1_000_000_000, 2_000_000_000, 1_000))
    monkeypatch.chdir(root)
    write(root, {**TREE, "pkg/other.py": OTHER, "limits.py": UNREAD}, clock)
    if with_git:
        commit(root)
    lint(*OPTIONS)
    for edit in edits:
        for path, parts in edit.items():
            text = (root / path).read_text(encoding="utf-8")
            for old, new in parts:
                text = text.replace(new, old, 1) if new and new in text else text.replace(old, new, 1)
            write(root, {path: text}, clock)
        assert lint(*OPTIONS) == lint(*OPTIONS, "--no-cache")
