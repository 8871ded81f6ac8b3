"""What a leak has to be to be beyond doubt, and what is no leak: links, main functions, what closes itself."""

import pytest

from worker_lint.testing import check_source


def _found(code: str, source: str) -> list[tuple[int, str]]:
    """The lines that a rule reports in a file, each with its confidence."""
    diagnostics = check_source(code, source)
    return [(one.span.line, one.confidence) for one in diagnostics]


FACTORY = """
import socket

def open_server(address):
    server = socket.socket()
    server.bind({address})
    server.listen(1)
    return server
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [("address", [(6, "certain")]), ('("127.0.0.1", 0)', []), ('("127.0.0.1", 80)', [(6, "certain")])],
)
def test_the_system_picks_a_free_port(address: str, expected: list[tuple[int, str]]) -> None:
    assert _found("STP104", FACTORY.format(address=address)) == expected


ZERO = """
import zmq

class Server:
    def __init__(self, context, url):
        self.url = {url}
        self.context = zmq.Context()
        self.pull = self.context.socket(zmq.PULL)
        self.pull.bind(self.url)

    def close(self):
        self.pull.close()
"""


@pytest.mark.parametrize(("url", "expected"), [("url", [(9, "likely")]), ('"inproc://server"', [])])
def test_a_link_within_the_process_does_not_fail(url: str, expected: list[tuple[int, str]]) -> None:
    assert _found("STP104", ZERO.format(url=url)) == expected


ASKED = """
import {module}

def ask(address):
    client = {module}.{made}()
    client.connect(address)
    client.send(b"?")
    client.close()
"""


def test_a_client_that_never_connected_holds_nothing() -> None:
    assert _found("STP104", ASKED.format(module="socket", made="socket")) == [(6, "likely")]
    assert _found("STP104", ASKED.format(module="mqtt", made="Client")) == [(7, "likely")]


def test_a_plain_local_is_closed_with_its_frame_and_a_connection_is_not() -> None:
    publish = """
    import pika

    def {name}(parameters):
        connection = pika.BlockingConnection(parameters)
        channel = connection.channel()
        channel.basic_publish("", "jobs", b"1")
        connection.close()
    """
    assert _found("STP104", publish.format(name="publish")) == [(6, "certain")]
    assert _found("STP104", publish.format(name="main")) == []


SCRIPT = """
import socket

class Server:
    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.bind(("::", port))

def {caller}():
    Server(80)
"""


def test_the_constructor_of_a_script_fails_with_the_script() -> None:
    assert _found("STP104", SCRIPT.format(caller="main")) == []
    assert _found("STP104", SCRIPT.format(caller="serve")) == [(7, "likely")]


def test_a_constructor_takes_plain_sockets_with_it_and_no_threads() -> None:
    source = """
    import socket
    import {module}

    class Server:
        def __init__(self, port):
            self.held = {made}
            self.link = socket.create_connection(("peer", port))
    """
    made = "pika.BlockingConnection()"
    assert _found("STP104", source.format(module="pika", made=made)) == [(8, "certain")]
    assert _found("STP104", source.format(module="select", made="socket.socket()")) == [(8, "likely")]


def test_the_next_turn_closes_what_the_last_one_left() -> None:
    source = """
    import socket

    class Link:
        def __init__(self):
            self.sock = None

        def renew(self, address):
            if self.sock:
                self.sock.close()
            self.sock = socket.socket()
            self.sock.connect(address)
    """
    assert _found("STP104", source) == []


def test_making_it_is_no_error_on_the_way() -> None:
    source = """
    import socket

    def first(addresses):
        sock = None
        for address in addresses:
            try:
                sock = socket.create_connection(address)
            except OSError:
                print("not", address)
        return sock
    """
    assert _found("STP104", source) == []


OWNER = """
import kafka
import threading

class Mark:
    def __init__(self):
        self.lock = threading.Lock()

    def take(self):
        self.lock.acquire()

    def stop(self):
        self.lock.release()

class Owner:
    def __init__(self, path):
        self.held = {made}

    def run(self):
        self.held.take()

    def close(self):
        print("closed")
"""


@pytest.mark.parametrize(
    ("made", "expected"),
    [("kafka.KafkaProducer()", [(17, "certain")]), ('open(path, "ab")', [(17, "likely")]), ("Mark()", [])],
)
def test_what_only_a_release_ends(made: str, expected: list[tuple[int, str]]) -> None:
    assert _found("STP103", OWNER.format(made=made)) == expected


def test_what_all_objects_share_is_not_one_objects_to_stop() -> None:
    source = """
    import threading

    class Loop:
        def start(self):
            self.thread = threading.Thread(target=print)
            self.thread.start()

        def stop(self):
            self.thread.join()

    class Connection:
        _loop = None

        @classmethod
        def prepare(cls):
            cls._loop = Loop()

        def __init__(self):
            self._loop.start()

        def close(self):
            print("closed")
    """
    assert _found("STP103", source) == []


POOL = """
from concurrent.futures import ThreadPoolExecutor

class Service:
    def __init__(self):
        self.pool = ThreadPoolExecutor()

    def start(self):
        self.pool.submit(print)

    def {stop}(self):
        print("ended")
"""


def test_a_pool_may_last_from_one_start_to_the_next() -> None:
    assert _found("STP110", POOL.format(stop="stop")) == [(11, "likely")]
    assert _found("STP110", POOL.format(stop="shutdown")) == [(11, "certain")]


CHILD = """
import subprocess

class Shell:
    def run(self):
        self.child = subprocess.Popen(["shell"], stdout=subprocess.PIPE)
        {after}

    def stop(self):
        self.child.terminate()
"""


def test_whoever_reads_the_output_to_its_end_has_waited() -> None:
    assert _found("STP118", CHILD.format(after="print()")) == [(10, "certain")]
    assert _found("STP118", CHILD.format(after="for line in self.child.stdout: print(line)")) == []


KILLS = """
import os
{imported}

def end(pids):
    for pid in pids:
        os.kill({pid}, 15)
"""


def test_windows_knows_no_such_error() -> None:
    assert _found("STP118", KILLS.format(imported="import sys", pid="pid")) == [(7, "certain")]
    assert _found("STP118", KILLS.format(imported="from ctypes import windll", pid="pid")) == []


TAKEN = """
async def save({pools}, query):
    connection = await {giver}.acquire()
    await connection.execute(query)
    await {taker}.release(connection)
"""


def test_a_pool_takes_back_what_it_gave() -> None:
    assert _found("STP104", TAKEN.format(pools="pool", giver="pool", taker="pool")) == [(4, "certain")]
    assert _found("STP104", TAKEN.format(pools="one, other", giver="one", taker="other")) == [(4, "likely")]


def test_a_child_that_nobody_waits_for_can_be_signalled() -> None:
    assert _found("STP118", KILLS.format(imported="import sys", pid="pid.pid")) == [(7, "likely")]


LOOP = """
class Worker:
    def __init__(self, source):
        self.source = source
        self.stopped = False

    def {name}(self):
        while True:
            print(self.source.receive())

    def stop(self):
        self.stopped = True
"""


def test_an_endless_method_of_any_name_is_likely_the_loop() -> None:
    assert _found("STP105", LOOP.format(name="run")) == [(12, "certain")]
    assert _found("STP105", LOOP.format(name="consume")) == [(12, "likely")]


UNFINISHED = """
import pika

class Server:
    def __init__(self, parameters):
        self.taking = pika.BlockingConnection(parameters)
        self.giving = pika.BlockingConnection(parameters)

    def {end}(self):
        self.taking.close()
        self.giving.close()
"""


def test_a_finalizer_may_end_what_a_constructor_left() -> None:
    assert _found("STP104", UNFINISHED.format(end="close")) == [(7, "certain")]
    assert _found("STP104", UNFINISHED.format(end="__del__")) == [(7, "likely")]
