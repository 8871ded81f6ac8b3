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
        ("def serve(args):\n    bind(args.port)\n", [(6, "certain")]),
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


ATTACHED = """
import socket
import subprocess
import threading

class Service:
    def __init__(self, address):
        self.child = {made}
        {started}
        self.link = socket.create_connection(address)

    def work(self):
        while True:
            print("work")

    def once(self):
        print("work")

    def stop(self):
        {ended}
"""


@pytest.mark.parametrize(
    ("made", "started", "ended", "expected"),
    [
        ("threading.Thread(target=self.work)", "self.child.start()", "self.child.join()", "certain"),
        ("threading.Thread(target=self.work, daemon=True)", "self.child.start()", "self.child.join()", "likely"),
        ("threading.Thread(target=self.once)", "self.child.start()", "self.child.join()", "likely"),
        ('subprocess.Popen(["served"])', "pass", "self.child.terminate()", "certain"),
        ('subprocess.Popen(["filter"], stdin=subprocess.PIPE)', "pass", "self.child.terminate()", "likely"),
        ('subprocess.Popen(["tool"])', "pass", "self.child.wait()", "likely"),
    ],
)
def test_what_runs_by_itself_may_end_by_itself(made: str, started: str, ended: str, expected: str) -> None:
    source = ATTACHED.format(made=made, started=started, ended=ended)
    assert [confidence for _, confidence in _found("STP104", source)] == [expected]


def test_the_program_takes_its_daemon_threads_along() -> None:
    def found(*, daemon: bool) -> list[tuple[int, str]]:
        made = f"threading.Thread(target=self.work, daemon={daemon})"
        source = ATTACHED.format(made=made, started="self.child.start()", ended="self.child.join()")
        return _found("STP104", f"{source}\ndef main(address):\n    Service(address)\n")

    assert found(daemon=True) == []
    assert found(daemon=False) == [(10, "certain")]


DEEP = """
import socket
import threading

class Service:
    def __init__(self, address):
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        self.prepare(address)

    def work(self):
        while True:
            print("work")

    def prepare(self, address):
        {prepared}

    def connect(self, address):
        self.link = socket.create_connection(address)

    def stop(self):
        self.thread.join()
        self.link.close()
"""


@pytest.mark.parametrize(
    ("prepared", "confidence"),
    [("self.link = socket.create_connection(address)", "certain"), ("self.connect(address)", "likely")],
)
def test_an_error_from_far_below_may_have_conditions(prepared: str, confidence: str) -> None:
    assert _found("STP104", DEEP.format(prepared=prepared)) == [(9, confidence)]


CHILD = """
import os
import socket

def detach():
    if os.fork():
        os._exit(0)

class Display:
    def serve(self, path):
        {before}
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        self.server = server
"""


@pytest.mark.parametrize(("before", "confidence"), [("detach()", "likely"), ("print(path)", "certain")])
def test_a_forked_child_ends_with_its_error(before: str, confidence: str) -> None:
    assert _found("STP104", CHILD.format(before=before)) == [(13, confidence)]


@pytest.mark.parametrize(("step", "confidence"), [("fetch()", "certain"), ("recv(8192)", "likely")])
def test_a_socket_closes_itself_with_its_frame(step: str, confidence: str) -> None:
    source = FETCH.format(told="If there is none, an Empty exception is raised.").replace("fetch(timeout=0)", step)
    assert _found("STP104", source) == [(6, confidence)]


BEAT = """
import threading

class Beat(threading.Thread):
    def __init__(self, context, address):
        super().__init__(daemon=True)
        self.context = context
        self.address = address

    def run(self):
        self.link = self.context.socket(4)
        {bound}
        while True:
            print(self.link.recv())

    def bind(self):
        try:
            self.link.bind(self.address)
        except OSError as error:
            {clause}

    def stop(self):
        {ended}
"""


@pytest.mark.parametrize(
    ("bound", "clause", "ended", "expected"),
    [
        ("self.bind()", "raise", "pass", [(12, "likely")]),
        ("self.link.bind(self.address)", "raise", "pass", [(12, "likely")]),
        ("self.bind()", "print(error)", "pass", []),
        ("self.bind()", "raise", "self.link.close()", []),
        ("print(self.address)", "raise", "pass", []),
    ],
)
def test_a_thread_that_ends_leaves_its_link_open(
    bound: str, clause: str, ended: str, expected: list[tuple[int, str]]
) -> None:
    assert _found("STP104", BEAT.format(bound=bound, clause=clause, ended=ended)) == expected


SERVER = """
import socket

def open_server(host, port):
    sock = socket.socket()
    sock.bind({address})
    return sock

def serve({given}):
    return open_server({given}.host, {given}.port)
"""


@pytest.mark.parametrize(
    ("address", "given", "confidence"),
    [
        ("(host, port)", "site", "certain"),
        ("(host, port)", "args", "likely"),
        ("(host, 0)", "site", "likely"),
    ],
)
def test_the_options_of_the_command_line_are_there_at_the_start(address: str, given: str, confidence: str) -> None:
    assert _found("STP104", SERVER.format(address=address, given=given)) == [(6, confidence)]


ENTERED = """
class Scheduler:
    async def __aenter__(self):
        self.group = make_group()
        {entered}
        {after}
        return self

    async def __aexit__(self, *error):
        await self.group.__aexit__(*error)
"""


@pytest.mark.parametrize(
    ("entered", "after", "expected"),
    [
        ("await self.group.__aenter__()", "await self.group.start(self.run)", [(6, "likely")]),
        ("await self.group.__aenter__()", "self.group.start_soon(self.run)", []),
        ("await self.group.__aenter__()", "self.tracer.__enter__()", [(6, "likely")]),
        ("await self.group.__aenter__()", "super().__enter__()", []),
        ("self.tasks = await self.group.__aenter__()", "await self.connect()", [(6, "likely")]),
        ("await self.prepare()", "await self.group.__aenter__()", []),
        ("await self.exit_stack.__aenter__()", "await self.exit_stack.enter_async_context(self.other)", []),
        (
            "await self.group.__aenter__()",
            "try:\n            await self.group.start(self.run)\n        except BaseException:\n            pass",
            [],
        ),
    ],
)
def test_what_is_entered_by_hand_is_not_left_by_itself(
    entered: str, after: str, expected: list[tuple[int, str]]
) -> None:
    assert _found("STP104", ENTERED.format(entered=entered, after=after)) == expected


ADAPTER = """
class Store:
    async def start(self, broker): ...

class Adapter(Store):
    async def start(self, broker):
        self.portal = make_portal()
        await self.portal.__aenter__()
        await self.original.start(broker)

    async def stop(self):
        await self.portal.__aexit__(None, None, None)

async def run(stack, store, broker):
    {run}
"""


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("await store.start(broker)\n    stack.push(lambda *error: store.stop())", [(9, "likely")]),
        ("stack.push(lambda *error: store.stop())\n    await store.start(broker)", []),
        ("await store.start(broker)", []),
    ],
)
def test_whoever_starts_it_arranges_for_the_stop_after_that(run: str, expected: list[tuple[int, str]]) -> None:
    assert _found("STP104", ADAPTER.format(run=run)) == expected


PRIVATE = """
import socket

class Link:
    def open(self, address):
        {opened}

    def _connect(self, address):
        sock = socket.socket()
        sock.connect(address)
        return sock
"""


@pytest.mark.parametrize(
    ("opened", "confidence"), [("self.sock = self._connect(address)", "certain"), ("pass", "likely")]
)
def test_what_nobody_runs_leaves_nothing(opened: str, confidence: str) -> None:
    assert _found("STP104", PRIVATE.format(opened=opened)) == [(10, confidence)]
