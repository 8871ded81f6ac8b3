"""What a stop closes while an event loop still watches it."""

from collections.abc import Callable

import pytest

from worker_lint.analysis.project import Project
from worker_lint.analysis.registered import closed_while_watched

LINK = """
import socket
from zmq.eventloop.zmqstream import ZMQStream

class Link:
    def __init__(self, loop, context, address):
        self.loop = loop
        self.sock = socket.create_connection(address)
        {register}

    def stop(self):
        {stop}
{more}
"""
READER = "self.loop.add_reader(self.sock.fileno(), self.read)"
STREAM = "self.stream = ZMQStream(self.sock, loop)"
CLOSE = "self.sock.close()"
CASES: dict[str, tuple[str, str, str, list[str]]] = {
    "a descriptor": (READER, CLOSE, "", ["sock"]),
    "the handler of a loop": ("loop.add_handler(self.sock.fileno(), self.read, loop.READ)", CLOSE, "", ["sock"]),
    "a stream": (STREAM, CLOSE, "", ["sock"]),
    "taken back": (READER, "self.loop.remove_reader(self.sock)\n        self.sock.close()", "", []),
    "the loop ends, too": (READER, "self.sock.close()\n        self.loop.stop()", "", []),
    "the stream is closed": (STREAM, "self.stream.close()\n        self.sock.close()", "", []),
    "the stream is handed on": (STREAM, CLOSE, "    def start(self, hub):\n        hub.adopt(self.stream)", []),
    "somebody else closes the stream": (STREAM, CLOSE, "def end(link: Link):\n    link.stream.close()", []),
    "a stream for a while": ("stream = ZMQStream(self.sock, loop)", CLOSE, "", []),
    "a handler that is no descriptor": ("loop.add_handler(self.sock)", CLOSE, "", []),
}


@pytest.mark.parametrize("case", CASES)
def test_closed_while_watched(project_of: Callable[[str], Project], case: str) -> None:
    register, stop, more, expected = CASES[case]
    project = project_of(LINK.format(register=register, stop=stop, more=more))
    cls = next(cls for cls in project.classes_in("worker.py") if cls.name == "Link")
    assert [one.field for one in closed_while_watched(cls)] == expected
