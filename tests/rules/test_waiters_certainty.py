"""How sure it is that an event stays unset: what fails before it, and who has asked for the same before."""

import pytest

from worker_lint.testing import check_source

SOURCE = """
import socket
import threading

class Refused(Exception):
    pass

class Server:
    def __init__(self, address):
        self.address = address
        self.ready = threading.Event()

    def start(self):
        {asked}
        threading.Thread(target=self.run).start()
        self.ready.wait()

    def has_address(self):
        return bool(self.address)

    def run(self):
        {fails}
        self.ready.set()
"""
GUARD = "if not self.address:\n            raise Refused"
CASES = {
    "a call fails": ("pass", "socket.create_connection(self.address)", ["certain"]),
    "a guard of its own": ("pass", GUARD, ["likely"]),
    "the same guard stands before the start": (GUARD, GUARD, []),
    "a method asks for it before the start": ("if not self.has_address():\n            return", GUARD, []),
    "another guard stands before the start": ("if not self.ready:\n            return", GUARD, ["likely"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_fails_first(case: str) -> None:
    asked, fails, expected = CASES[case]
    diagnostics = check_source("STP125", SOURCE.format(asked=asked, fails=fails))
    assert [one.confidence for one in diagnostics] == expected
