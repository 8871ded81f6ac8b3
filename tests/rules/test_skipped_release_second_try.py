"""What an error leaves out of a teardown is only likely lost where it gets another turn, or the project knows it."""

import pytest

from worker_lint.testing import built_in_packs, check_files, check_source

FINALIZED = """
import io
import socket
import pika

class Feed({base}):
    def __init__(self, address):
        self.sock = socket.create_connection(address)
        self.link = pika.BlockingConnection()

    def close(self):
        self.link.close()
        self.sock.close()

{more}
"""
FINALIZERS = {
    "none": ("object", "", ["certain"]),
    "it closes the object once more": ("object", "    def __del__(self):\n        self.close()", ["likely"]),
    "by another method": (
        "object",
        "    def __del__(self):\n        self.end()\n    def end(self):\n        self.close()",
        ["likely"],
    ),
    "it sees to something else": ("object", "    def __del__(self):\n        print(self)", ["certain"]),
    "that of a file, which closes it": ("io.RawIOBase", "", ["likely"]),
}


def confidences(source: str) -> list[str]:
    return [one.confidence for one in check_source("STP102", source)]


@pytest.mark.parametrize("case", FINALIZERS)
def test_a_finalizer_that_does_it_again(case: str) -> None:
    base, more, expected = FINALIZERS[case]
    assert confidences(FINALIZED.format(base=base, more=more)) == expected


def test_what_runs_on_may_hold_the_object_so_that_no_finalizer_comes() -> None:
    source = FINALIZED.format(base="object", more="    def __del__(self):\n        self.close()")
    process = "subprocess.Popen(address)"
    running = source.replace("socket.create_connection(address)", process).replace("sock.close()", "sock.kill()")
    assert confidences(running.replace("import io", "import subprocess")) == ["certain"]


def test_a_loop_would_end_at_the_same_item_again() -> None:
    loop = "import os\nclass Pool:\n    def add(self, pid):\n        self.pids.add(pid)\n    def stop(self):\n"
    loop += "        for pid in self.pids:\n            os.kill(pid, 15)\n    def __del__(self):\n        self.stop()\n"
    assert confidences(loop) == ["certain"]


WAIT = """
import socket
import subprocess

class Managed:
    def __init__(self, address, args):
        self.log = socket.create_connection(address)
        self.process = subprocess.Popen(args)

    def {name}(self, timeout=None):
        try:
            self.process.wait({limit})
        except KeyboardInterrupt:
            pass
        self.log.close()
"""


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("wait", "timeout=timeout", ["likely"]),
        ("wait", "timeout", ["likely"]),
        ("wait", "timeout=3", ["certain"]),
        ("close", "timeout=timeout", ["certain"]),
    ],
)
def test_a_wait_for_as_long_as_its_caller_says(name: str, limit: str, expected: list[str]) -> None:
    assert confidences(WAIT.format(name=name, limit=limit)) == expected


SWITCH = """
class Switch:
    def __init__(self):
        self.ports = {}

    async def add_port(self, number, port):
        self.ports[number] = port

    async def close(self):
        for port in self.ports.values():
            await port.close()
"""
ROUTES = """
from switch import Switch

def current() -> Switch: ...

async def add(factory, given, node: Switch):
    made = await factory.make(node)
    {call}
"""


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("await node.add_port(1, made)", ["likely"]),
        ("await node.add_port(1, factory.make(node))", ["likely"]),
        ("await node.add_port(1, given)", ["certain"]),
        ("await given.add_port(1, made)", ["certain"]),
        ("await node.remove_port(made)", ["certain"]),
    ],
)
def test_what_the_code_itself_hands_in(call: str, expected: list[str]) -> None:
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP102"]
    files = {"switch.py": SWITCH, "routes.py": ROUTES.format(call=call)}
    assert [one.confidence for one in check_files(files, rules).diagnostics] == expected
