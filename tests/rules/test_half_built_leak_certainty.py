"""How sure it is that an error leaves something open: what leaves the function, and whether the process goes on."""

import pytest

from worker_lint.testing import check_source


def _found(code: str, source: str) -> list[tuple[int, str]]:
    """The lines that a rule reports in a file, each with its confidence."""
    return [(one.span.line, one.confidence) for one in check_source(code, source)]


ATTEMPTS = """
import socket

class Link:
    def open(self, ports):
        sock = socket.socket()
        is_bound = {first}
        for port in ports:
            try:
                sock.bind(("", port))
                is_bound = True
            except OSError:
                {clause}
        if not is_bound:
            raise RuntimeError("no port")
        self.sock = sock
"""


@pytest.mark.parametrize(
    ("first", "clause", "expected"),
    [
        ("True", "pass", []),
        ("False", "pass", [(10, "likely")]),
        ("False", "raise", [(10, "certain")]),
        ("True", 'raise RuntimeError("no port") from None', [(10, "certain")]),
    ],
)
def test_an_error_that_is_swallowed_is_not_what_leaves(
    first: str, clause: str, expected: list[tuple[int, str]]
) -> None:
    assert _found("STP104", ATTEMPTS.format(first=first, clause=clause)) == expected


LISTENERS = """
import socket

def bind(port):
    sock = socket.socket()
    sock.bind(("::", port))
    return sock

class Listener:
    def start(self):
        self._open(53)

    def _open(self, port):
        self.sock = bind(port)

    def stop(self):
        self.sock.close()

class Service:
    def __init__(self):
        self.listener = Listener()
"""


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("def main():\n    Service()\n", [(6, "likely")]),
        ("def main():\n    Service()\n\ndef reload():\n    Service()\n", [(6, "certain")]),
        ("def main():\n    Service()\n\ndef probe():\n    bind(80)\n", [(6, "certain")]),
        ("", [(6, "certain")]),
    ],
)
def test_the_start_of_a_program_ends_with_its_first_error(made: str, expected: list[tuple[int, str]]) -> None:
    assert _found("STP104", f"{LISTENERS}\n{made}") == expected


FETCH = '''
class Channel:
    def get(self, queue):
        """{told}"""
        receiver = self.connection.receiver(queue)
        message = receiver.fetch(timeout=0)
        receiver.close()
        return message
'''


@pytest.mark.parametrize(
    ("told", "confidence"),
    [("Reads one message.", "likely"), ("If there is none, an Empty exception is raised.", "certain")],
)
def test_a_function_that_says_that_it_raises(told: str, confidence: str) -> None:
    assert _found("STP104", FETCH.format(told=told)) == [(6, confidence)]
