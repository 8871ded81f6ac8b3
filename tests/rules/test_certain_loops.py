"""What makes it certain that one message ends a loop for good."""

import pytest

from worker_lint.testing import check_source

GREENLET = """
import gevent

class Listener:
    def __init__(self, server, log):
        self.server = server
        self.log = log
        self.handlers = {{}}
        gevent.spawn(self.listen).link_exception({link})

    def on_error(self, greenlet):
        {answer}

    def listen(self):
        while True:
            message = self.server.recv()
            if message.kind == "hello":
                self.log.info("%s is ready", message.client)
            elif message.kind in self.handlers:
                self.handlers[message.kind](message)
"""

CHILD = """
import logging
import os
import traceback

class Worker:
    def fork(self):
        pid = os.fork()
        if pid == 0:
            self.child()
        return pid

    def child(self):
        try:
            while not self.stopping:
                payload = self.broker.{read}
                if payload is not None:
                    task = self.tasks[payload[1]]
                    self.process(task)
        except Exception:
            {clause}
"""


@pytest.mark.parametrize(
    ("link", "answer", "expected"),
    [
        ("self.on_error", "self.log.critical('ended', exc_info=greenlet.exc_info)", "certain"),
        ("self.on_error", "gevent.spawn(self.listen)", "likely"),
        ("on_error", "pass", "likely"),
    ],
)
def test_a_greenlet_that_the_handler_of_somebody_else_ends(link: str, answer: str, expected: str) -> None:
    (found,) = check_source("ERR101", GREENLET.format(link=link, answer=answer))
    assert (found.confidence, "`self.handlers[…]`" in found.message) == (expected, True)


@pytest.mark.parametrize(
    ("read", "clause", "expected"),
    [
        ("blpop(self.keys, timeout=1)", "logging.error(traceback.format_exc())", "certain"),
        ("blpop(self.keys, timeout=1)", "logging.error(traceback.format_exc()); self.stop()", "likely"),
        ("recv()", "logging.error(traceback.format_exc())", "likely"),
    ],
)
def test_a_child_that_a_message_of_a_broker_ends(read: str, clause: str, expected: str) -> None:
    (found,) = check_source("ERR101", CHILD.format(read=read, clause=clause))
    assert found.confidence == expected
