"""Which methods of a class run on threads, and which fields one thread takes away from another."""

from collections.abc import Callable

import pytest

from worker_lint.analysis import Class
from worker_lint.analysis.locking import Locking
from worker_lint.analysis.taken_away import fields_taken_away
from worker_lint.analysis.threaded import reached_on_threads

Named = Callable[[str, str], Class]

CALLED_BACK = """
import threading

class WorkerThread(threading.Thread):
    service: "Service"

    def __init__(self, service: "Service"):
        super().__init__()
        self.service = service

    def run(self):
        self.service.serve()

class Service:
    def serve(self):
        self.step()

    def step(self):
        pass

    def stop(self):
        pass
"""

LINK = """
import socket
import threading

class Link:
    def __init__(self, address):
        self.lock = threading.Lock()
        self.sock = socket.create_connection(address)
        self.thread = threading.Thread(target=self.read)

    def read(self):
        while self.sock.recv(1):
            pass
        self.lose()

    def lose(self):
        {lose}

    def write(self, data):
        {write}
"""
TAKES = "self.sock.close()\n        self.sock = None"
USES = "if self.sock is not None:\n            self.sock.sendall(data)"
HANDLED = """if self.sock:
            try:
                self.sock.sendall(data)
            except AttributeError:
                pass"""


def _taken(cls: Class) -> list[tuple[str, str, str]]:
    found = fields_taken_away(cls, Locking(cls))
    return [(one.field, one.method.name, one.taker.name) for one in found]


def test_a_thread_class_that_is_given_an_object_runs_its_methods(class_named: Named) -> None:
    found = reached_on_threads(class_named(CALLED_BACK, "Service"))
    assert [here.function.name for here in found] == ["serve", "step"]


def test_a_thread_class_runs_its_own_run(class_named: Named) -> None:
    found = reached_on_threads(class_named(CALLED_BACK, "WorkerThread"))
    assert [here.function.name for here in found] == ["run"]


@pytest.mark.parametrize(
    "write",
    [
        USES,
        "if not self.sock:\n            return\n        self.sock.sendall(data)",
        "if self.sock is None:\n            raise OSError\n        self.sock.sendall(data)",
        "if data and self.sock:\n            self.sock.sendall(data)",
    ],
)
def test_what_is_asked_for_may_be_gone(class_named: Named, write: str) -> None:
    cls = class_named(LINK.format(lose=TAKES, write=write), "Link")
    assert _taken(cls) == [("sock", "write", "lose")]


@pytest.mark.parametrize(
    ("lose", "write"),
    [
        (TAKES, "sock = self.sock\n        if sock is not None:\n            sock.sendall(data)"),
        (TAKES, "with self.lock:\n            if self.sock:\n                self.sock.sendall(data)"),
        (TAKES, HANDLED),
        (TAKES, "self.thread.join()\n        if self.sock:\n            self.sock.sendall(data)"),
        (TAKES, "if self.sock is None:\n            self.sock = connect()\n        self.sock.sendall(data)"),
        ("self.sock.close()", USES),
        ("self.sock.close()\n        self.sock = self.reconnect()", USES),
    ],
    ids=["a copy", "a lock", "a handler", "waited", "filled again", "only closed", "replaced"],
)  # fmt: skip
def test_nothing_is_taken_away(class_named: Named, lose: str, write: str) -> None:
    assert _taken(class_named(LINK.format(lose=lose, write=write), "Link")) == []


def test_stop_takes_away_what_the_thread_asks_for(class_named: Named) -> None:
    source = """
    import threading

    class Client:
        def __init__(self, port):
            self.port = port
            self.thread = threading.Thread(target=self.read)

        def read(self):
            while True:
                if self.port is None:
                    break
                self.port.read()

        def close(self):
            self.port.close()
            self.port = None
    """
    assert _taken(class_named(source, "Client")) == [("port", "read", "close")]


def test_stop_has_waited_for_the_thread(class_named: Named) -> None:
    source = """
    import threading

    class Client:
        def __init__(self, port):
            self.port = port
            self.thread = threading.Thread(target=self.read)

        def read(self):
            if self.port is not None:
                self.port.read()

        def stop(self):
            self.thread.join()
            self._release()

        def _release(self):
            self.port.close()
            self.port = None
    """
    assert _taken(class_named(source, "Client")) == []
