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


SERVER = """
import json

class Server:
    def start(self):
        self.socket.{first}(self.endpoint)
        self.stream.on_recv(self.handle)

    def handle(self, raw):
        sender, text = raw
        try:
            message = json.loads(text)
        except ValueError:
            return self.answer(sender, "no JSON")
        self.work(message)
"""


@pytest.mark.parametrize(("first", "expected"), [("bind", "certain"), ("connect", "likely")])
def test_a_server_that_answers_other_malformed_messages(first: str, expected: str) -> None:
    found = check_source("ERR101", SERVER.format(first=first))
    assert [(one.confidence, "Unpacking" in one.message) for one in found] == [(expected, True)]


PARENT = """
import logging
import os

class Parent:
    def run(self):
        try:
            while not self.stopping:
                self.refork_missing()
                self.{step}()
        except Exception:
            logging.exception("ended")
            {clause}

    def refork_missing(self):
        pid = os.fork()
        if pid == 0:
            self.child()
        self.children.add(pid)

    def reap(self, number, frame):
        self.children.remove(os.waitpid(-1, os.WNOHANG)[0])

    def read_child(self):
        name, queue = os.read(self.pipe, 1000).decode("utf8").split(":")
        self.seen.add((name, queue))

    def read_whole(self):
        name, queue = self.connection.recv().split(":")
        self.seen.add((name, queue))

    def read_pair(self):
        name, queue = self.connection.recv()
        self.seen.add((name, queue))

    def read_broadcast(self):
        message = self._pubsub.get_message(timeout=1)
        self.seen.add(message)
"""


@pytest.mark.parametrize(
    ("code", "step", "clause", "expected"),
    [
        ("ERR101", "read_child", "self.stop()", ["certain"]),
        ("ERR101", "read_whole", "self.stop()", ["likely"]),
        ("ERR101", "read_pair", "self.stop()", []),
        ("ERR102", "read_broadcast", "self.stop()", ["certain"]),
        ("ERR102", "read_broadcast", "self.stop(); raise", []),
    ],
)
def test_a_loop_that_looks_after_processes(code: str, step: str, clause: str, expected: list[str]) -> None:
    found = check_source(code, PARENT.format(step=step, clause=clause))
    assert [one.confidence for one in found] == expected


DATAGRAMS = """
import threading

class Relay:
    def __init__(self, peer):
        self.peer = peer
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping:
            {got} = self.peer.recvfrom(1024)
            self.number = int({part})
"""


@pytest.mark.parametrize(
    ("got", "part", "count"),
    [("data, sender", "sender[1]", 0), ("data, (host, port)", "port", 0), ("data, sender", "data", 1)],
)
def test_the_address_is_no_message(got: str, part: str, count: int) -> None:
    assert len(check_source("ERR101", DATAGRAMS.format(got=got, part=part))) == count
