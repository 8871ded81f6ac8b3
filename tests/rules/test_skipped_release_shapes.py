"""What is no skipped release at all, and what ends without one: near misses of single shapes."""

import textwrap

import pytest

from worker_lint.testing import check_source

PIDS = """
import os
import signal

def stop(pids):
    for pid in pids:
        os.kill(pid, {sent})
"""


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("signal.SIGTERM", ["certain"]),
        ("0", []),
        ("signal.SIGUSR1", []),
        ("signal.SIGHUP", ["certain"]),
    ],
)
def test_a_signal_that_ends_nothing_is_no_release(sent: str, expected: list[str]) -> None:
    source = PIDS.format(sent=sent) + "\nstop([1, 2])\n"
    assert [one.confidence for one in check_source("STP102", source)] == expected


POOL = """
class Pool:
    def __init__(self, children):
        self.children = children

    async def release(self, *connections):
        for connection in connections:
            await connection.close()

class User:
    def __init__(self, pool: Pool):
        self.pool = pool

    async def leave(self, one, other):
        await self.pool.release({given})
"""


@pytest.mark.parametrize(("given", "expected"), [("one", 0), ("one, other", 1), ("*one", 1)])
def test_a_loop_that_takes_one_turn_leaves_no_others(given: str, expected: int) -> None:
    assert len(check_source("STP102", POOL.format(given=given))) == expected


ONE = """
class Group:
    def __init__(self, child, other):
        self.child = child
        self.other = other

    def stop(self):
        for child in {items}:
            child.stop()
"""


@pytest.mark.parametrize("items", ["(self.child,)", "[self.child]"])
def test_a_display_of_one(items: str) -> None:
    assert not check_source("STP102", ONE.format(items=items))


FINALLY = """
import pika

class Worker:
    def __init__(self):
        self._first = pika.BlockingConnection()
        self._second = pika.BlockingConnection()

    def stop(self, whole):
        try:
            self._first.close()
        finally:
            {last}
"""


@pytest.mark.parametrize("last", ["self._second.close()", "if whole: self._second.close()"])
def test_what_a_finally_decides_is_not_the_doing_of_the_error(last: str) -> None:
    assert not check_source("STP102", FINALLY.format(last=last))


STREAM = """
import asyncio
import socket

class Duplex:
    def __init__(self, sock: socket.socket, writer: asyncio.StreamWriter, other: {other}):
        self._sock = sock
        self._writer = writer
        self._other = other

    async def aclose(self):
        self._writer.close()
        await self._writer.wait_closed()
        {last}
"""


@pytest.mark.parametrize(
    ("other", "last", "expected"),
    [
        ("int", "self._sock.close()", 0),
        ("asyncio.StreamWriter", "self._other.close()", 1),
    ],
)
def test_a_stream_closes_the_socket_below_it(other: str, last: str, expected: int) -> None:
    assert len(check_source("STP102", STREAM.format(other=other, last=last))) == expected


RUNNER = """
import sys

class Runner:
    def __init__(self):
        self.apps = []

    def add(self, app):
        self.apps.append(app)

    def stop(self):
        for app in self.apps:
            app.stop()
        {last}
"""


@pytest.mark.parametrize(
    ("last", "expected"),
    [("print()", ["certain"]), ("sys.exit(0)", ["likely"])],
)
def test_the_process_goes_on(last: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", RUNNER.format(last=last))] == expected


UNUSED = """
import os

class Manager:
    def __init__(self, pids):
        self.pids = pids

    def tell(self, number):
        for pid in self.pids:
            os.kill(pid, number)
{user}
"""


@pytest.mark.parametrize(
    ("user", "expected"), [("", ["likely"]), ("\ndef end(given):\n    Manager(given).tell(9)", ["certain"])]
)
def test_somebody_runs_it(user: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", UNUSED.format(user=user))] == expected


GIVEN = """
class Group:
    def close(self, writers):
        for writer in writers:
            writer.shutdown()
{user}
"""


@pytest.mark.parametrize(("user", "expected"), [("", ["certain"]), ("\nGroup().close([open(name)])", ["likely"])])
def test_the_project_knows_what_it_gives_itself(user: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", GIVEN.format(user=user))] == expected


PORTAL = """
from anyio import to_thread
from anyio.from_thread import BlockingPortal

class Adapter:
    def __init__(self, original):
        self.original = original
        self.portal = BlockingPortal()

    async def nothing(self):
        return 1

    async def stop(self):
{body}
"""
EXITS = {
    "an await before it": ("await to_thread.run_sync(print)\nawait self.portal.__aexit__(None, None, None)", 1),
    "a finally": (
        "try:\n    await to_thread.run_sync(print)\nfinally:\n    await self.portal.__aexit__(None, None, None)",
        0,
    ),
    "nothing to wait for": ("await self.nothing()\nawait self.portal.__aexit__(None, None, None)", 0),
    "an error handed on": ("await to_thread.run_sync(print)\nawait self.portal.__aexit__(*sys.exc_info())", 0),
    "of a task that nothing waits in": ("await to_thread.run_sync(print)\nawait self.original.__aexit__(None)", 0),
}


@pytest.mark.parametrize("case", EXITS)
def test_a_scope_that_is_left_by_hand(case: str) -> None:
    body, expected = EXITS[case]
    found = check_source("STP102", PORTAL.format(body=textwrap.indent(body, "        ")))
    assert [one.confidence for one in found] == ["likely"] * expected


REMOVED = """
import os
import sys

def run(config, server):
    server.run()
{body}
    if not server.started:
        sys.exit(3)
"""
FILES = {
    "at once": ("os.remove(config.uds)", 1),
    "where it is wanted": ("if config.uds:\n    os.remove(config.uds)", 1),
    "after a look": ("if os.path.exists(config.uds):\n    os.remove(config.uds)", 0),
    "in a try": ("try:\n    os.remove(config.uds)\nexcept OSError:\n    pass", 0),
    "what was made here": ("open(config.uds, 'w')\nos.remove(config.uds)", 0),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_may_have_gone(case: str) -> None:
    body, expected = FILES[case]
    found = check_source("STP102", REMOVED.format(body=textwrap.indent(body, "    ")))
    assert [one.confidence for one in found] == ["likely"] * expected


LISTEN = """
import asyncio
import signal

class Broker:
    async def listen(self, event): ...

    async def shutdown(self): ...

def start():
    event = asyncio.Event()
    broker = Broker()

    def handler(signum, frame):
        {does}

    signal.signal(signal.SIGTERM, handler)
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(broker.listen(event))
    except KeyboardInterrupt:
        loop.run_until_complete(broker.shutdown())
"""


@pytest.mark.parametrize(("does", "expected"), [("event.set()", ["certain"]), ("raise KeyboardInterrupt", ["likely"])])
def test_work_that_a_signal_asks_to_end_returns(does: str, expected: list[str]) -> None:
    assert [one.confidence for one in check_source("STP102", LISTEN.format(does=does))] == expected


PARENT = """
import os
import signal
import time

class Child:
    def __init__(self, pid):
        self.pid = pid
        self.done = False

class Parent:
    def __init__(self):
        self.children = []
        self.stopping = False
        self.run()

    def stop(self):
        self.stopping = True
        for child in self.children:
            try:
                os.kill(child.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    def fork(self):
        self.children.append(Child(os.fork()))

    def run(self):
        while not self.stopping:
{work}
{last}
"""
WAITS = "        while self.children:\n            time.sleep(1)"
LOOPS = {
    "nothing takes the error": ("            self.fork()", WAITS, 1),
    "a clause in the loop": (
        "            try:\n                self.fork()\n            except OSError:\n                pass",
        WAITS,
        0,
    ),
    "nothing fails": ("            time.sleep(1)", WAITS, 0),
    "nobody sees to the children": ("            self.fork()", "        self.stopping = False", 0),
}


@pytest.mark.parametrize("case", LOOPS)
def test_the_parent_of_forked_processes(case: str) -> None:
    work, last, expected = LOOPS[case]
    found = check_source("STP102", PARENT.format(work=work, last=last))
    assert [one.confidence for one in found] == ["likely"] * expected


ENDS = """
import socket
import pika

class Link:
    def __init__(self, address):
        self.sock = socket.create_connection(address)
        self.connection = pika.BlockingConnection()

    def close(self):
        self.sock.shutdown(2)
        self.connection.close()

    def {name}(self):
        {first}
        self.connection.close()
"""


@pytest.mark.parametrize(
    ("name", "first", "expected"),
    [("terminate", "pass", ["likely"]), ("restart", "pass", ["certain"]), ("terminate", "self.close()", ["certain"])],
)
def test_another_method_ends_it(name: str, first: str, expected: list[str]) -> None:
    found = check_source("STP102", ENDS.format(name=name, first=first))
    assert [one.confidence for one in found if one.span.line == 11] == expected
