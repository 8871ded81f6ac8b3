"""Rules and workers from templates: what is written is a start, and says what is missing."""

import ast
import importlib
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_lint.cli.new import WORKERS
from worker_lint.cli.skeleton import Place, find_pack, next_code, rule_text
from worker_lint.rule import Rule
from worker_lint.testing import example_faults

Command = Callable[..., Any]
Write = Callable[[Mapping[str, str | bytes]], Path]
PACK = {"shop_rules/__init__.py": '"""Ours."""\n\napi = 1\n', "pyproject.toml": ""}


def test_a_pack_is_begun(lint: Command, tmp_path: Path) -> None:
    result = lint("new", "rule", "retry-forever", "--pack", "shop_rules", "--family", "SHP")
    assert result.code == 0
    assert "(SHP101)" in result.err
    assert 'shop_rules = "shop_rules"' in result.err
    assert sorted(path.name for path in (tmp_path / "shop_rules").iterdir()) == ["__init__.py", "retry_forever.py"]


def test_the_skeleton_is_a_rule_whose_tests_fail(lint: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(PACK)
    lint("new", "rule", "retry-forever", "--family", "SHP")
    monkeypatch.syspath_prepend(root)
    rule: Rule = importlib.import_module("shop_rules.retry_forever").rule
    rule.name = "retry-forever"
    assert (rule.code, rule.stage) == ("SHP101", "preview")
    faults = [fault for example in rule.examples for fault in example_faults(rule, example)]
    assert faults == ["line 1 should be reported"]


def test_the_next_code_and_the_family_of_the_pack(lint: Command, write: Write) -> None:
    root = write({**PACK, "shop_rules/late.py": 'rule = Rule(code="SHP117")\n'})
    assert "(SHP118)" in lint("new", "rule", "retry-more").err
    assert (root / "shop_rules" / "retry_more.py").exists()


def test_nothing_is_overwritten(lint: Command, write: Write) -> None:
    root = write({**PACK, "shop_rules/retry_more.py": 'rule = Rule(code="SHP101")\n'})
    result = lint("new", "rule", "retry-more")
    assert result.code == 2
    assert "is there already" in result.err
    assert (root / "shop_rules" / "retry_more.py").read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["new", "rule", "retry-more"], "the family of the code is not told"),
        (["new", "rule", "retry-more", "--family", "ABS"], "belongs to another pack"),
        (["new", "rule", "retry-more", "--family", "abs"], "no family"),
        (["new", "rule", "Retry", "--family", "SHP"], "no name of a rule"),
        (["new", "rule", "abstract-class-instantiated", "--family", "SHP"], "already"),
        (["new", "rule", "x", "--family", "SHP", "--pack", "no-package"], "can be imported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refusals_leave_nothing_behind(lint: Command, write: Write, arguments: list[str], reason: str) -> None:
    root = write(PACK)
    result = lint(*arguments)
    assert result.code == 2
    assert reason in result.err
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py")) == ["shop_rules/__init__.py"]
    assert not (root / "no-package").exists()


def test_without_a_pack_around_it_asks_for_one(lint: Command, write: Write) -> None:
    write({"pyproject.toml": ""})
    assert "--pack" in lint("new", "rule", "retry-more", "--family", "SHP").err


def test_this_project_is_its_own_pack() -> None:
    pack = find_pack(Path(__file__).parent)
    assert pack is not None
    assert pack.parts[-2:] == ("rules", "worker_lint_rules")


def test_codes_count_in_hundreds() -> None:
    def code(*taken: int) -> str:
        return next_code(Place(Path(), Path(), "SHP", frozenset(taken)))

    assert [code(), code(101, 203), code(199), code(199, 203)] == ["SHP101", "SHP102", "SHP200", "SHP204"]


def test_the_skeleton_has_the_headings_of_every_page() -> None:
    from worker_lint_rules.contracts import raise_notimplemented_constant

    def headings(page: str) -> list[str]:
        return [line for line in page.splitlines()[2:] if line and not line.startswith(" ")]

    page = ast.get_docstring(ast.parse(rule_text("SHP101", "x")))
    assert page is not None
    assert headings(page) == headings((raise_notimplemented_constant.__doc__ or "").strip())


@pytest.mark.parametrize("kind", WORKERS)
def test_a_worker_has_its_name_and_no_diagnostic(lint: Command, tmp_path: Path, kind: str) -> None:
    result = lint("new", "worker", "OrderWorker", "--kind", kind)
    assert (result.code, result.err) == (0, "written: order_worker.py\n")
    text = (tmp_path / "order_worker.py").read_text(encoding="utf-8")
    assert "ExampleWorker" not in text
    assert "OrderWorker" in {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)}
    assert lint("check", "--preview", "--profile", "strict").code == 0
    assert lint("new", "worker", "OrderWorker", "--kind", kind).code == 2


HARNESS = {
    "thread": """
import os, queue, sys, threading
from order_worker import OrderWorker
def say(*words):
    os.write(1, " ".join(map(str, (*words, "\\n"))).encode())  # threads do not mix in one write
class Slow(OrderWorker):
    def handle(self, item):
        say("began", item)
        gate.get(timeout=20)
        say("done", item)
gate = queue.Queue()
items = queue.Queue()
for number in range(50):
    items.put(number)
worker = Slow(items, threads=3)
worker.stop_on_signals()
def open_gate():
    sys.stdin.readline()
    for number in range(50):
        gate.put(number)
threading.Thread(target=open_gate, daemon=True).start()
worker.run()
say("left", items.qsize())
""",
    "asyncio": """
import asyncio, sys
from order_worker import OrderWorker
class Slow(OrderWorker):
    async def handle(self, item):
        print("began", item, flush=True)
        await gate
        print("done", item, flush=True)
async def main():
    global gate
    gate = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    items = asyncio.Queue()
    for number in range(50):
        items.put_nowait(number)
    worker = Slow(items, at_once=3)
    worker.stop_on_signals()
    await worker.run()
    print("left", items.qsize(), flush=True)
asyncio.run(main())
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HARNESS)
def test_a_stop_under_load_finishes_what_was_begun_and_loses_nothing(lint: Command, write: Write, kind: str) -> None:
    lint("new", "worker", "OrderWorker", "--kind", kind)
    root = write({"harness.py": HARNESS[kind]})
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "harness.py"], cwd=root, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        began = [process.stdout.readline().split() for _ in range(3)]
        for _ in range(50):  # a handler that takes a lock is caught in the middle of itself sooner or later
            process.send_signal(signal.SIGTERM)
        process.stdin.write("go on\n")
        process.stdin.flush()
        rest = [line.split() for line in process.stdout]
    assert process.returncode == 0
    began += [line for line in rest if line[0] == "began"]
    done = [line[1] for line in rest if line[0] == "done"]
    assert sorted(done) == sorted(line[1] for line in began)
    assert rest[-1] == ["left", str(50 - len(done))]


@pytest.mark.slow
def test_one_bad_item_does_not_kill_the_worker(lint: Command, write: Write) -> None:
    lint("new", "worker", "OrderWorker")
    code = (
        "import queue\nfrom order_worker import InvalidItem, OrderWorker\nhandled = []\n"
        "class Poisoned(OrderWorker):\n    pause = 0.0\n    def handle(self, item):\n        handled.append(item)\n"
        "        if item == 'never':\n            raise InvalidItem\n"
        "        if item == 'later' and handled.count('later') < 3:\n            raise OSError\n"
        "        if item == 'strange':\n            raise KeyError(item)\n"
        "items = queue.Queue()\nfor item in ('never', 'later', 'good', 'strange'):\n    items.put(item)\n"
        "try:\n    Poisoned(items, threads=1).run()\nexcept KeyError as error:\n    print(handled, error)\n"
    )
    root = write({"harness.py": code})
    done = subprocess.run([sys.executable, "harness.py"], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "['never', 'later', 'later', 'later', 'good', 'strange'] 'strange'\n", done.stderr


BROKER = """
import collections, threading
from . import exceptions, spec
class BasicProperties: pass
class ConnectionParameters:
    def __init__(self, host): self.host = host
Method = collections.namedtuple("Method", "delivery_tag")
SCRIPT = []    # of each connection: "refused", "fatal", or the bodies that it delivers before it is lost
ANSWERS = []
class BlockingConnection:
    def __init__(self, parameters):
        script = SCRIPT.pop(0)
        if script == "refused":
            raise exceptions.AMQPConnectionError("refused")
        if script == "fatal":
            raise exceptions.ProbableAuthenticationError("who are you?")
        self.bodies, self.is_open, self.pending, self.done = list(script), True, 0, threading.Event()
        self.callbacks = collections.deque()
    def channel(self): return self
    def basic_qos(self, prefetch_count): pass
    def basic_consume(self, queue, callback): self.callback = callback
    def basic_cancel(self, tag): pass
    def close(self): self.is_open = False
    def basic_ack(self, tag): ANSWERS.append(("ack", tag))
    def basic_nack(self, tag, requeue): ANSWERS.append(("nack", tag, requeue))
    def add_callback_threadsafe(self, callback):
        self.callbacks.append(callback)
        self.done.set()
    def process_data_events(self, time_limit):
        if self.bodies:
            body = self.bodies.pop(0)
            self.pending += 1
            self.callback(self, Method(body.decode()), None, body)
        elif not self.pending:
            self.is_open = False
            raise exceptions.AMQPConnectionError("lost")
        else:
            self.done.wait(10)
            self.done.clear()
            while self.callbacks:
                self.pending -= 1
                self.callbacks.popleft()()
"""
ERRORS = """
class AMQPError(Exception): pass
class AMQPConnectionError(AMQPError): pass
class AuthenticationError(AMQPConnectionError): pass
class IncompatibleProtocolError(AMQPConnectionError): pass
class ProbableAccessDeniedError(AMQPConnectionError): pass
class ProbableAuthenticationError(AMQPConnectionError): pass
"""
FAKE_PIKA = {
    "pika/__init__.py": BROKER,
    "pika/exceptions.py": ERRORS,
    "pika/spec.py": "class Basic:\n    class Deliver: pass\n",
    "pika/adapters/__init__.py": "",
    "pika/adapters/blocking_connection.py": "from pika import BlockingConnection as BlockingChannel\n",
}


def _consumed(lint: Command, write: Write, script: str, handle: str) -> list[str]:
    """What the pika worker does with a scripted broker: its answers, and how it ended."""
    lint("new", "worker", "OrderWorker", "--kind", "pika")
    root = write(FAKE_PIKA)
    code = (
        "import pika\nfrom order_worker import InvalidMessage, OrderWorker\n"
        "class Quick(OrderWorker):\n    pause = 0.0\n    longest_pause = 0.0\n    def handle(self, body):\n"
        f"        {handle}\n"
        f"pika.SCRIPT += {script}\n"
        "try:\n    Quick(pika.ConnectionParameters('x'), 'orders').run()\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "for answer in sorted(pika.ANSWERS, key=lambda one: one[1]):\n    print(*answer)\n"
    )
    (root / "harness.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "harness.py"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_lost_connection_is_opened_anew_until_the_broker_refuses(lint: Command, write: Write) -> None:
    script = "[[b'1', b'2'], 'refused', 'refused', [b'3'], 'fatal']"
    said = _consumed(lint, write, script, "if body == b'2': raise InvalidMessage")
    assert said == ["ProbableAuthenticationError", "ack 1", "nack 2 False", "ack 3"]


@pytest.mark.slow
def test_an_unforeseen_failure_stops_the_worker_and_is_raised(lint: Command, write: Write) -> None:
    said = _consumed(lint, write, "[[b'1']]", "raise KeyError(body)")
    assert said == ["KeyError", "nack 1 True"]
