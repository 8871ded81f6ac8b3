"""What an error in a teardown leaves out: its cause, its places, loops and sequences."""

from __future__ import annotations

from typing import Any

import pytest

from worker_lint.analysis.skipping import Skip, Skipping

HEAD = """
import os
import pika
import socket
import subprocess
import threading

class Child:
    def __init__(self):
        self._connection = pika.BlockingConnection()

    def stop(self):
        self._connection.close()

class Calm:
    def stop(self):
        self.stopped = True

class Hooks:
    def stop(self):
        raise NotImplementedError

class Worker:
    def __init__(self, given, on_stop, child_given: Hooks):
        self.child_given = child_given
        self.process = subprocess.Popen(["beat"])
        self.socket = socket.socket()
        self.a = pika.BlockingConnection()
        self.b = pika.BlockingConnection()
        self.child = Child()
        self.thread = threading.Thread()
        self.calm = [Calm()]
        self.children = [Child()]
        self.given = given
        self.on_stop = on_stop

    def _quiet(self, thing):
        try:
            thing.close()
        except Exception:
            pass

    def stop(self, pids=()):
        {code}

    def work(self):
        {code}
"""
LEFT = {
    "the second of two": ("self.a.close(); self.b.close()", ["self.b"]),
    "two after one": ("self.a.close(); self.b.close(); self.child.stop()", ["self.b", "self.child"]),
    "after a child that releases": ("self.child.stop(); self.b.close()", ["self.b"]),
    "after a callback": ("self.on_stop(); self.b.close()", ["self.b"]),
    "through locals": ("a, self.a = self.a, None; a.close(); self.b.close()", ["self.b"]),
    "a local connection": ("c = pika.BlockingConnection(); self.a.close(); c.close()", ["c", "self.a"]),
    "before it was made": ("self.a.close(); c = pika.BlockingConnection(); c.close()", []),
    "a wait that may be too short": ("self.process.wait(timeout=5); self.b.close()", ["self.b"]),
    "a wait without an end": ("self.process.wait(); self.b.close()", []),
    "the close of a socket whose peer has gone": ("self.socket.shutdown(2); self.socket.close()", ["self.socket"]),
    "behind a look for it": (
        "try: self.a.close()\n        except Exception: pass\n        if self.b is not None: self.b.close()",
        [],
    ),
    "where there is none": ("if self.b is None: self.a.close()\n        if self.b: self.b.close()", []),
    "none of several": (
        "try: self.a.close()\n        except Exception: pass\n        for c in self.children: self._quiet(c)",
        [],
    ),
    "a child that was given": ("self.child_given.stop(); self.b.close()", ["self.b"]),
    "after an exit stack": (
        "import contextlib\n        with contextlib.ExitStack() as s: s.callback(self.a.close)\n        self.b.close()",
        ["self.b"],
    ),
    "after an exit stack of what is calm": (
        "import contextlib\n        with contextlib.ExitStack() as s:\n            s.callback(self.calm[0].stop)",
        [],
    ),
    "a name that comes to mean another": ("c = self.a; c.close(); c = self.b; c.close()", ["self.b"]),
    "the stop of what the caller gave": ("self.given.stop(); self.b.close()", ["self.b"]),
    "the close of what the caller gave": ("self.given.close(); self.b.close()", []),
    "the same thing": ("self.a.close(); self.a.close()", []),
    "caught, and the clause hands it to somebody": (
        "try:\n            self.a.close(); self.process.wait()\n"
        "        except Exception: self.given(self.process.pid)".replace("; ", ";"),
        [],
    ),
    "caught, and the clause tells of it": (
        "try:\n            self.a.close(); self.b.close()\n        except Exception: print(self.b)".replace("; ", ";"),
        ["self.b"],
    ),
    "a future that somebody has cancelled": (
        "from concurrent.futures import Future\n        f: Future = self.calm[0]; f.exception(); self.b.close()",
        [],
    ),
    "a thread that is joined": ("self.thread.join(); self.b.close()", []),
    "a helper that swallows": ("self._quiet(self.a); self.b.close()", []),
    "only one of them": ("self.a.close() if self.a else self.b.close()", []),
    "a mistake is no failure": ("int('x'); self.b.close()", []),
    "finally": ("try: self.a.close()\n        finally: self.b.close()", []),
    "caught, and a choice that has nothing to do with the error": (
        "try: self.a.close()\n        except Exception: pass\n        if self.on: self.b.close()",
        [],
    ),
    "caught, and the clause leaves": (
        "try: self.a.close()\n        except Exception: return\n        self.b.close()",
        ["self.b"],
    ),
}


REFUSALS = """
import pika

class Refused(Exception): ...

class Sender:
    def __init__(self):
        self.b = pika.BlockingConnection()
        self.closed = False

    def stop(self):
        {call}
        self.b.close()

    def ask(self):
        if not self.closed:
            self.send(b"bye")

    def send(self, data, kind=None):
        {code}
"""
CALL = "self.send(b'bye')"
REFUSED = {
    "a condition of the world": (CALL, "if self.b.call(): raise Refused", True),
    "the kind of an argument": (CALL, "if not isinstance(data, bytes): raise Refused", False),
    "the kind of an argument, at last": (CALL, "if isinstance(data, bytes): return 1\n        raise Refused", False),
    "an error as the answer": (CALL, "if isinstance(data, Exception): raise Refused", True),
    "the size of an argument": (CALL, "size = len(data) + 4\n        if not 7 <= size < 99: raise Refused", False),
    "the size of what is sent": (
        CALL, "text = data.encode()\n        size = len(text)\n        if size > 64: raise Refused", False,
    ),
    "a number that may be an answer": (CALL, "if data >= 400: raise Refused", True),
    "the answer to an argument": (CALL, "size = self.b.call(data)\n        if size > 64: raise Refused", True),
    "an argument that nobody knows": (CALL, "try: kind()\n        except KeyError: raise Refused", False),
    "a failure, given another name": (CALL, "try: kind()\n        except OSError: raise Refused", True),
    "a state": (CALL, "if self.closed: raise Refused", True),
    "a state that the caller has asked for": ("self.ask()", "if self.closed: raise Refused", False),
    "a state that was asked for just before": (
        "if self.closed:\n            return\n        self.send(b'bye')", "if self.closed: raise Refused", False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_function_refuses_is_no_failure(project_of: Any, method_of: Any, case: str) -> None:
    call, code, is_found = REFUSED[case]
    found = skips_of(project_of(REFUSALS.format(call=call, code=code)), method_of, "Sender.stop")
    assert len(found) == is_found


def skips_of(project: Any, method_of: Any, name: str) -> list[Skip]:
    function, cls = method_of(project, name)
    return list(Skipping(project, function, cls).skips())


@pytest.mark.parametrize("case", LEFT)
def test_what_a_sequence_leaves_out(project_of: Any, method_of: Any, case: str) -> None:
    code, expected = LEFT[case]
    project = project_of(HEAD.format(code=code.replace("; ", "\n        ")))
    found = skips_of(project, method_of, "Worker.stop")
    assert sorted({".".join(place) for skip in found for place, _ in skip.places}) == expected


LOOPS = {
    "children that somebody else made": ("for c in self.given:\n            c.stop()", True),
    "children that release something": ("for c in self.children:\n            c.stop()", True),
    "children that cannot fail": ("for c in self.calm:\n            c.stop()", False),
    "a kill": ("for pid in pids:\n            os.kill(pid, 15)", True),
    "a kill of a process that may have gone": (
        "for pid in pids:\n            try: os.kill(pid, 15)\n            except ProcessLookupError: pass",
        False,
    ),
    "guarded": ("for c in self.given:\n            try: c.stop()\n            except Exception: pass", False),
    "guarded by some class": (
        "for c in self.given:\n            try: c.stop()\n            except OSError: pass",
        False,
    ),
    "guarded, but for what is passed on": (
        "for c in self.given:\n            try: c.stop()\n            except MemoryError: raise{}".format(
            "\n            except Exception: pass"
        ),
        False,
    ),
    "only passed on": (
        "for c in self.given:\n            try: c.stop()\n            except MemoryError: raise",
        True,
    ),
    "cancelled": ("for c in self.given:\n            c.cancel()", False),
}


@pytest.mark.parametrize("case", LOOPS)
def test_what_a_loop_leaves_out(project_of: Any, method_of: Any, case: str) -> None:
    code, is_found = LOOPS[case]
    found = skips_of(project_of(HEAD.format(code=code)), method_of, "Worker.stop")
    assert [skip.is_loop for skip in found] == [True] * is_found


def test_outside_of_a_teardown_only_releases_count(project_of: Any, method_of: Any) -> None:
    project = project_of(HEAD.format(code="self.on_stop()\n        self.b.close()"))
    assert skips_of(project, method_of, "Worker.work") == []
    assert len(skips_of(project, method_of, "Worker.stop")) == 1
