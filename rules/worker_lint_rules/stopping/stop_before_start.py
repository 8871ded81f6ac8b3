"""
A method that ends the object uses what only its start sets, and fails when there was none.

What it catches
    `stop`, `close` and their kin that call a method of a field which is still None, or does not exist yet, when the
    object was never started or its start failed. Every path is followed with the values that `__init__` and the class
    body give. Also a stop that uses what another public method has set to None.

Why it hurts in production
    Stops run when something has gone wrong, often the start itself: the broker was not there, `connect` raised, and the
    `finally` around it calls `close`. That raises AttributeError, which hides the first error and leaves the rest open.

What to do instead
    Set the field to None in `__init__` and ask for None before using it, each release by itself.

When to ignore it
    When whoever gets it has checked that the start has succeeded.

Limits
    Reported is only what something proves: a `with` block whose way in starts nothing, a start that runs on another
    thread or task, a clean-up after the very start that failed, in the class or where the object is made, or an owner
    that keeps the object before it starts it and closes it in its own `close`. A test for what is not known, a handler
    for AttributeError or Exception there or in the clean-up, and an assertion at the start are guards. Left alone are
    fields that others set, and classes internal to a package. Certain is a stop after the very start that failed,
    before one known to run elsewhere, or by an owner that takes its failure and goes on; else it is likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.cleared import Cleared, cleared_before, is_set_elsewhere
from worker_lint.analysis.standing import Misstep, Standing, is_stated
from worker_lint.analysis.starting import given_by_starts, may_come_early
from worker_lint.analysis.stopped_early import Evidence, evidence_of, is_internal
from worker_lint.analysis.stopping import STOP_WORDS, ends_object
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP128",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="A stop uses what only the start sets, and fails before or after a failed start",
    words=STOP_WORDS,
    product_only=True,
    silences=("initialised in __init__", "guards", "set before anything may fail", "proved order"),
    examples=(
        bad(
            "None until it is connected",
            """
            import asyncio

            class Transport:
                def __init__(self):
                    self._writer = None

                async def connect(self, host, port):
                    _, self._writer = await asyncio.open_connection(host, port)

                def close(self):
                    self._writer.close()  # bad: self._writer

            class Client:
                async def connect(self, host, port):
                    self._transport = Transport()
                    await self._transport.connect(host, port)

                def close(self):
                    self._transport.close()
            """,
            is_likely=True,
        ),
        bad(
            "a field that does not exist before",
            """
            import socket
            import threading

            class Heart:
                def __init__(self):
                    self._stopping = threading.Event()

                def start(self):
                    self._link = socket.create_connection(("events", 7000))
                    self._thread = threading.Thread(target=self._stopping.wait)
                    self._thread.start()

                def stop(self):
                    self._stopping.set()
                    self._thread.join()  # bad: self._thread

            def main():
                heart = Heart()
                try:
                    heart.start()
                finally:
                    heart.stop()
            """,
        ),
        bad(
            "in a method that the stop calls",
            """
            import socket
            import threading

            class Heart:
                _thread = None

                def start(self):
                    self._link = socket.create_connection(("events", 7000))
                    self._thread = threading.Thread(target=print)
                    self._thread.start()

                def _wait(self):
                    self._thread.join()  # bad: self._thread

                def stop(self):
                    self._wait()

                def __enter__(self):
                    return self

                def __exit__(self, *error):
                    self.stop()
            """,
            is_likely=True,
        ),
        bad(
            "an assertion in the middle",
            """
            class Client:
                def __init__(self, make):
                    self._make = make
                    self._tasks = []
                    self._transport = None

                def connect(self):
                    try:
                        self._transport = self._make()
                    except OSError:
                        self.close()
                        raise

                def close(self):
                    for task in self._tasks:
                        task.cancel()
                    assert self._transport, "connect first"  # bad: self._transport
                    self._transport.close()
            """,
            is_likely=True,
        ),
        bad(
            "the connection is lost before the stop",
            """
            import asyncio

            class Client(asyncio.Protocol):
                def connection_made(self, transport):
                    self.transport = transport

                def connection_lost(self, error):
                    self.transport = None

                def close(self):
                    self.transport.close()  # bad: self.transport
            """,
            is_likely=True,
        ),
        bad(
            "a thread sets it, some time later",
            """
            import threading
            from http.server import HTTPServer

            class Pages:
                def __init__(self):
                    self._server = None

                def start(self):
                    threading.Thread(target=self._serve).start()

                def _serve(self):
                    self._server = HTTPServer(("", 80), None)
                    self._server.serve_forever()

                def stop(self):
                    self._server.shutdown()  # bad: self._server
            """,
        ),
        good(
            "its driver stops only what has started",
            """
            import multiprocessing
            import signal

            class Reloader:
                def run(self):
                    self.startup()
                    signal.pause()
                    self.shutdown()

                def startup(self):
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)
                    self.process = multiprocessing.Process(target=print)
                    self.process.start()

                def shutdown(self):
                    self.process.terminate()
            """,
            silence="proved order",
        ),
        good(
            "there as soon as it has begun",
            """
            import threading

            class Heart:
                def start(self):
                    self._thread = threading.Thread(target=print)
                    self._thread.start()

                def stop(self):
                    self._thread.join()
            """,
            silence="set before anything may fail",
        ),
        good(
            "a stated condition",
            """
            class Client:
                def __init__(self, make):
                    self._make = make
                    self._transport = None

                def connect(self):
                    self._transport = self._make()

                def close(self):
                    assert self._transport, "connect first"
                    self._transport.close()

                def __enter__(self):
                    return self

                def __exit__(self, *error):
                    self.close()
            """,
        ),
        good(
            "a state that the start changes",
            """
            class Client:
                CLOSED = 0
                OPEN = 1

                def __init__(self, make):
                    self._make = make
                    self._state = Client.CLOSED
                    self._transport = None

                @property
                def is_closed(self):
                    return self._state == Client.CLOSED

                def connect(self):
                    self._transport = self._make()
                    self._state = Client.OPEN

                def close(self):
                    if self.is_closed:
                        return
                    self._transport.close()
            """,
        ),
        good(
            "made at once",
            """
            import threading

            class Heart:
                def __init__(self):
                    self._thread = threading.Thread(target=print)

                def start(self):
                    self._thread.start()

                def stop(self):
                    self._thread.join()
            """,
            silence="initialised in __init__",
        ),
        good(
            "asked for None",
            """
            import threading

            class Heart:
                def __init__(self):
                    self._thread = None

                def start(self):
                    self._link = socket.create_connection(("events", 7000))
                    self._thread = threading.Thread(target=print)

                def detach(self):
                    self._thread = None

                def stop(self):
                    if self._thread is not None:
                        self._thread.join()

                def __enter__(self):
                    return self

                def __exit__(self, *error):
                    self.stop()
            """,
            silence="guards",
        ),
        good(
            "the way in of a context has set it",
            """
            class Client:
                def __init__(self, make):
                    self._make = make
                    self._connection = None

                def __enter__(self):
                    self._connection = self._make()
                    return self

                def __exit__(self, *error):
                    self._connection.close()
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The stop methods that the class itself defines, on an object that has only been made."""
    project = context.project
    named = (method for method in project.values.fields.methods(cls) if ends_object(method.name))
    stops = [method for method in named if not method.name.startswith(("__", "tear"))]
    if not stops or is_internal(cls) or project.hierarchy.is_dynamic(cls):
        return
    standing = Standing(project, cls)
    seen: set[ir.At] = set()
    for stop in stops:
        for misstep in standing.missteps(stop, standing.fresh) if may_come_early(standing.spoken, stop) else ():
            starts = given_by_starts(cls, misstep.place[1], stop)
            if misstep.value in ("none", "missing") and starts and misstep.function.path == context.path:
                if misstep.node.at in seen or is_stated(misstep) or is_set_elsewhere(cls, misstep.place[1]):
                    continue
                evidence = evidence_of(standing, misstep, stop, starts)
                if evidence is not None:
                    seen.add(misstep.node.at)
                    yield _finding(misstep, stop, starts[0], evidence, context)
        for found in cleared_before(cls, stop, standing) if context.wants_likely else ():
            misstep = found.misstep
            if misstep.node.at not in seen and misstep.function.path == found.method.path == context.path:
                if not isinstance(misstep.node, ir.Assert) and not is_set_elsewhere(cls, misstep.place[1]):
                    seen.add(misstep.node.at)
                    yield _cleared(found, stop, context)


def _finding(
    misstep: Misstep, stop: Function, start: tuple[Function, ir.At], evidence: Evidence, context: Context
) -> Finding:
    (method, at), name = start, f"self.{misstep.place[1]}"
    state = "is None" if misstep.value == "none" else "does not exist"
    return Finding(
        at=misstep.node.at,
        message=f"`{name}` {state} here when `{stop.name}` comes before `{method.name}`",
        consequence=f"`{stop.name}` of an object whose start failed raises AttributeError and releases nothing more.",
        help=f"set `{name}` to None in `__init__` and ask for None before using it",
        notes=(Note(method.path, at, f"only `{method.name}` sets it"), Note(evidence.path, evidence.at, evidence.text)),
        confidence="certain" if evidence.is_proven and not isinstance(misstep.node, ir.Assert) else "likely",
        symbol=misstep.function.symbol,
        culprit=("release", context.path, *(str(number) for number in misstep.node.at)),
    )


def _cleared(found: Cleared, stop: Function, context: Context) -> Finding:
    misstep, method = found.misstep, found.method
    name = f"self.{misstep.place[1]}"
    return Finding(
        at=misstep.node.at,
        message=f"`{name}` is None here when `{stop.name}` comes after `{method.name}`",
        consequence=f"`{stop.name}` then raises, and releases nothing more.",
        help=f"ask for None before using `{name}`",
        notes=(Note(method.path, found.at, f"`{method.name}` takes it away"),),
        symbol=misstep.function.symbol,
        culprit=("release", context.path, *(str(number) for number in misstep.node.at)),
    )
