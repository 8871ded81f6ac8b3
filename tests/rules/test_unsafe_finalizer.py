"""Finalizers that wait for a thread: when the thread itself keeps the object alive, they cannot run before its end."""

from worker_lint.testing import check_source

SOURCE = """
import threading

class Reporter(threading.Thread):
    def __init__(self, {name}):
        super().__init__()
        self.{name} = {name}
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(5):
            print(self.{name})

    def stop(self):
        self.ended.set()
        self.join()

class Session:
    def __init__(self, address):
        self.address = address
        self.reporter = Reporter({given})

    def shutdown(self):
        self.reporter.stop()

    def __del__(self):
        self.shutdown()
"""


def _codes(name: str, given: str) -> list[str]:
    diagnostics = check_source("STP132", SOURCE.format(name=name, given=given))
    return [one.code for one in diagnostics]


def test_the_thread_knows_nothing_of_the_object() -> None:
    assert _codes("address", "self.address") == ["STP132"]


def test_the_thread_keeps_the_object_alive() -> None:
    assert _codes("session", "self") == []
