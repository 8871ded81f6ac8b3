"""Finalizers that wait for a thread: when the thread itself keeps the object alive, they cannot run before its end."""

import pytest

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


HALF = """
class Client:
    def __init__(self, transport):
        if not transport:
            raise ValueError("no transport")
        self._sock = None
        self._pair = None

    def _reset(self, only=False):
        if not only:
            self._close()
        if self._pair:
            self._pair.close()

    def _close(self):
        if not self._sock:
            return
        self._sock.close()

    def __del__(self):
        self._reset({given})
"""


@pytest.mark.parametrize(("given", "named"), [("", "`_sock`"), ("only=True", "`_pair`")])
def test_the_first_field_that_the_call_leads_to_is_named(given: str, named: str) -> None:
    assert [named in one.message for one in check_source("STP132", HALF.format(given=given))] == [True]
