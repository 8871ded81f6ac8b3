"""How sure it is that a finalizer can do harm: who shares the lock, who meets the failure, who knows of it."""

import textwrap

import pytest

from worker_lint.testing import built_in_packs, check_files

CASES = {
    "one lock for all objects": (
        """
        import threading

        _lock = threading.Lock()

        class Client:
            def __del__(self):
                with _lock:
                    print("gone")
        """,
        ["certain"],
    ),
    "nothing is made while the lock is held": (
        """
        import threading

        _lock = threading.Lock()
        _open = set()

        class Client:
            def __del__(self):
                with _lock:
                    _open.discard(id)
        """,
        ["likely"],
    ),
    "a class that others make refuses what it is given": (
        """
        class Client:
            def __init__(self, address):
                if not address:
                    raise ValueError("no address")
                self.closed = False

            def __del__(self):
                print(self.closed)
        """,
        ["certain"],
    ),
    "an assertion is what its author thinks never fails": (
        """
        class Client:
            def __init__(self, address):
                assert address
                self.closed = False

            def __del__(self):
                print(self.closed)
        """,
        ["likely"],
    ),
    "an assertion, and then the world": (
        """
        class Client:
            def __init__(self, address):
                assert address
                self.file = open(address)
                self.closed = False

            def __del__(self):
                print(self.closed)
        """,
        ["certain"],
    ),
    "a part of another object that it may lack": (
        """
        class Streams:
            def __init__(self, loop):
                self.loop = loop

            async def end(self):
                self.ended = True

            def leave(self):
                self.loop.create_task(self.end())

        class Connection:
            def __init__(self, loop, several):
                self.streams = Streams(loop) if several else None

            def leave(self):
                if self.streams:
                    self.streams.leave()

        class Answer:
            def __init__(self, loop, several):
                self.connection = Connection(loop, several)

            def __del__(self):
                self.connection.leave()
        """,
        ["likely"],
    ),
    "a part that another object always has": (
        """
        class Streams:
            def __init__(self, loop):
                self.loop = loop

            async def end(self):
                self.ended = True

            def leave(self):
                self.loop.create_task(self.end())

        class Connection:
            def __init__(self, loop, several):
                self.streams = Streams(loop)

            def leave(self):
                self.streams.leave()

        class Answer:
            def __init__(self, loop, several):
                self.connection = Connection(loop, several)

            def __del__(self):
                self.connection.leave()
        """,
        ["certain"],
    ),
    "each time, also for a closed one": (
        """
        class Client:
            def __init__(self, loop):
                self.loop = loop

            async def close(self):
                self.open = False

            def __del__(self):
                self.loop.create_task(self.close())
        """,
        ["certain"],
    ),
    "a last resort for those who forgot to close it": (
        """
        class Client:
            def __init__(self, loop):
                self.loop = loop
                self.is_closed = False

            async def close(self):
                self.is_closed = True

            def __del__(self):
                if not self.is_closed:
                    self.loop.create_task(self.close())
        """,
        ["likely"],
    ),
    "its own file makes it and may have asked before": (
        """
        class Client:
            def __init__(self, address):
                if not address:
                    raise ValueError("no address")
                self.closed = False

            def __del__(self):
                print(self.closed)

        def clients(addresses):
            return [Client(address) for address in addresses if address]
        """,
        ["likely"],
    ),
    "its own file makes it, but the world decides": (
        """
        import socket

        class Client:
            def __init__(self, address):
                self.link = socket.create_connection(address)
                self.closed = False

            def __del__(self):
                print(self.closed)

        def clients(addresses):
            return [Client(address) for address in addresses]
        """,
        ["certain"],
    ),
    "what fails is caught": (
        """
        import socket

        class Client:
            def __init__(self, address):
                try:
                    self.link = socket.create_connection(address)
                except OSError:
                    self.link = None
                self.closed = False

            def __del__(self):
                print(self.closed)
        """,
        [],
    ),
    "a pair sets the field before": (
        """
        import tempfile

        class Client:
            def __init__(self, address):
                self.file, self.name = tempfile.mkstemp()
                if not address:
                    raise ValueError("no address")
                self.name = address

            def __del__(self):
                print(self.name)
        """,
        [],
    ),
    "a method sets the field before": (
        """
        class Client:
            def __init__(self, address):
                self.reset()
                if not address:
                    raise ValueError("no address")
                self.closed = True

            def reset(self):
                self.closed = True

            def __del__(self):
                print(self.closed)
        """,
        [],
    ),
    "a last resort behind a warning": (
        """
        import warnings

        class Client:
            def __init__(self, loop):
                self.loop = loop

            async def close(self):
                self.open = False

            def __del__(self):
                warnings.warn("not closed", ResourceWarning)
                self.loop.create_task(self.close())
        """,
        ["likely"],
    ),
    "the thread that is joined was started by a function of another file with a method of the object": (
        """
        from threads import spawn

        class Client:
            def __init__(self):
                self.thread = spawn(self.run)

            def run(self):
                print("running")

            def __del__(self):
                self.thread.join()
        """,
        [],
    ),
    "the object of the lock is filled, too": (
        """
        import threading

        class Table:
            def __init__(self):
                self.lock = threading.Lock()

            def add(self, key, item):
                with self.lock:
                    print(key)

            def clear(self):
                with self.lock:
                    print("cleared")

        class Client:
            def __init__(self):
                self.table = Table()

            def put(self, key, item):
                self.table.add(key, item)

            def __del__(self):
                self.table.clear()
        """,
        [],
    ),
}
THREADS = """
import threading

def spawn(target) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread
"""


@pytest.mark.parametrize("case", CASES)
def test_confidence(case: str) -> None:
    source, expected = CASES[case]
    rules = [rule for rule in built_in_packs().rules if rule.code == "STP132"]
    files = {"client.py": textwrap.dedent(source), "threads.py": THREADS}
    assert [one.confidence for one in check_files(files, rules).diagnostics] == expected
