"""What the start of a program, or a clause that ends only what is there, leaves open is no certain leak."""

import pytest

from worker_lint.testing import built_in_packs, check_files, check_source

RUN = """
import pika

class Worker:
    def __init__(self, log):
        self.log = log
        self.link = pika.BlockingConnection()
        try:
            self.second = pika.BlockingConnection()
        except Exception:
{clause}
            raise
"""
CLAUSES = {
    "nothing is ended": ("pass", 1),
    "ended": ("self.link.close()", 0),
    "ended, when it is there": ("if self.link is not None:\n    self.link.close()", 0),
    "ended, when it is true": ("if self.link:\n    self.link.close()", 0),
    "left, when it is not there": ("if self.link is None:\n    pass\nelse:\n    self.link.close()", 0),
    "ended, when it is not there": ("if self.link is None:\n    self.link.close()", 1),
    "ended, when another is there": ("if self.log is not None:\n    self.link.close()", 1),
}


@pytest.mark.parametrize("case", CLAUSES)
def test_a_clause_that_ends_what_is_there(case: str) -> None:
    code, found = CLAUSES[case]
    clause = "\n".join(f"            {line}" for line in code.splitlines())
    assert len(check_source("STP104", RUN.format(clause=clause))) == found


NET = """
import socket

def bind_socket(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(address)
    return sock
"""
SERVE = """
import os
import sys
from net import bind_socket

def serve(address):
{body}
    return bind_socket(address)
"""


def _confidences(files: dict[str, str]) -> list[str]:
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP104"]
    return [one.confidence for one in check_files(files, rules).diagnostics]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    pass", ["certain"]),
        ("    if not address:\n        sys.exit(1)", ["likely"]),
        ("    sys.exit", ["certain"]),
    ],
)
def test_whose_caller_ends_the_process_where_something_is_missing(body: str, expected: list[str]) -> None:
    assert _confidences({"net.py": NET, "serving.py": SERVE.format(body=body)}) == expected


@pytest.mark.parametrize(("path", "expected"), [("app/__main__.py", ["likely"]), ("app/again.py", ["certain"])])
def test_what_a_module_runs_that_is_a_program(path: str, expected: list[str]) -> None:
    files = {"net.py": NET, "serving.py": SERVE.format(body="    pass"), "app/__init__.py": ""}
    assert _confidences(files | {path: "from serving import serve\n\nserve(('', 80))\n"}) == expected


PROGRAM = """
import socket

class Program:
    def run(self):
        self.open_socket()
        {more}

    def open_socket(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind("at")
        self.sock = sock

    def again(self):
        self.{again}()

{maker}:
    program = Program()
    program.run()
"""


@pytest.mark.parametrize(
    ("again", "maker", "expected"),
    [
        ("again", "def main()", ["likely"]),
        ("open_socket", "def main()", ["certain"]),
        ("again", "def made()", ["certain"]),
    ],
)
def test_a_public_method_of_the_object_that_is_the_program(again: str, maker: str, expected: list[str]) -> None:
    source = PROGRAM.format(more="pass", again=again, maker=maker)
    assert [one.confidence for one in check_source("STP104", source)] == expected
