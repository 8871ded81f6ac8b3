"""
A class opens something that none of its methods ever releases.

What it catches
    A field to which a class assigns a connection, channel, consumer, producer, file, socket or
    client that it made itself, although it has a method that is there to end it (`stop`,
    `close`, `__exit__` …) and neither that method nor any other code releases the field. Objects
    of the project's own classes count, too, when they hold such a resource and have a method
    that releases it. Also an object of the project that is started by code which stops other things,
    when its class has a method to stop it that nothing calls.

Why it hurts in production
    Whoever calls `stop` believes that everything has ended. Each restart within the process,
    each reload and each test leaves one more descriptor or session open: the process ends with
    "too many open files", or the broker refuses new connections. Buffered output that only a
    close would write is lost.

What to do instead
    Release the field in the method that ends the object, after everything that uses it, so that
    it also happens when an earlier step fails: `contextlib.ExitStack` does both.

When to ignore it
    When the process ends right after the stop and nothing is buffered; write that as the reason.

Limits
    Only what a library model knows to need a release is counted. A field that is handed on,
    returned, or ended by any code at all, under any condition, is not reported. Threads,
    processes, tasks and executors are the matter of `thread-not-joined`. What the class itself makes
    and a thread, a task, an event loop or a cycle keeps open is certain; what the interpreter closes
    with the last reference, as a file, and what a function of the project makes, is only likely.
"""

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.left_behind import holds_only_locks, is_made_here, outlives_owner
from worker_lint.analysis.resources import RUNNING, Held
from worker_lint.analysis.started import Started, started_by_methods, started_for_good
from worker_lint.analysis.stopping import STOP_WORDS, ends_object
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP103",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    summary="A class opens something that none of its methods ever releases",
    words=(*STOP_WORDS, ".startup()", ".start_up()", ".setup()"),
    product_only=True,
    yields_to=("STP127", "STP104", "STP113", "STP118", "STP126", "STP102"),
    silences=(
        "injected",
        "context-managed",
        "handed over",
        "registered on an exit stack",
        "released in a base",
        "released by a helper",
        "daemon by design",
        "one-shot script",
    ),
    examples=(
        bad(
            "a connection that stop forgets",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._running = True
                    self._connection = pika.BlockingConnection(parameters)  # bad: self._connection

                def run(self):
                    while self._running:
                        self._connection.process_data_events(time_limit=1)

                def stop(self):
                    self._running = False
            """,
        ),
        bad(
            "the second of two files",
            """
            class Journal:
                def open(self, path):
                    self._data = open(path + ".data", "ab")
                    self._index = open(path + ".index", "ab")  # bad: self._index

                def write(self, record):
                    self._data.write(record)
                    self._index.write(b"%d" % len(record))

                def close(self):
                    self._data.close()
            """,
            is_likely=True,
        ),
        bad(
            "a client of the project that holds a connection",
            """
            import pika

            class Client:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def close(self):
                    self._connection.close()

            class Worker:
                def __init__(self):
                    self._client = Client()  # bad: self._client
                    self._stopping = False

                def stop(self):
                    self._stopping = True
            """,
        ),
        bad(
            "two are started and one is stopped",
            """
            class Source:
                async def startup(self):
                    pass

                async def shutdown(self):
                    pass

            class Scheduler:
                sources: list[Source]

                async def startup(self): ...

                async def run(self): ...

                async def shutdown(self):
                    self.is_running = False

            async def main(path):
                scheduler = load(path)
                if not isinstance(scheduler, Scheduler):
                    raise TypeError(path)
                for source in scheduler.sources:
                    await source.startup()  # bad: source
                await scheduler.startup()
                try:
                    await scheduler.run()
                finally:
                    await scheduler.shutdown()
            """,
        ),
        good(
            "the connection belongs to the caller",
            """
            class Worker:
                def __init__(self, connection):
                    self._connection = connection
                    self._running = True

                def stop(self):
                    self._running = False
            """,
            silence="injected",
        ),
        good(
            "made by the caller when it is not given",
            """
            import pika

            class Worker:
                def __init__(self, connection=None):
                    self._connection = connection or pika.BlockingConnection()
                    self._running = True

                def stop(self):
                    self._running = False
            """,
        ),
        good(
            "with releases it",
            """
            import socket

            class Probe:
                def run(self, address):
                    with socket.create_connection(address) as self._socket:
                        self._socket.sendall(b"ping")

                def stop(self):
                    self._stopped = True
            """,
            silence="context-managed",
        ),
        good(
            "somebody else gets it",
            """
            import socket

            class Listener:
                def __init__(self, registry, address):
                    self._socket = socket.socket()
                    self._socket.bind(address)
                    registry.adopt(self._socket)

                def stop(self):
                    self._stopped = True
            """,
            silence="handed over",
        ),
        good(
            "the stack closes it",
            """
            import contextlib
            import pika

            class Worker:
                def __init__(self):
                    self._stack = contextlib.ExitStack()
                    self._connection = pika.BlockingConnection()
                    self._stack.callback(self._connection.close)

                def stop(self):
                    self._stack.close()
            """,
            silence="registered on an exit stack",
        ),
        good(
            "the base closes what its subclasses open",
            """
            import pika

            class Base:
                _connection = None

                def stop(self):
                    if self._connection is not None:
                        self._connection.close()

            class Worker(Base):
                def run(self):
                    self._connection = pika.BlockingConnection()
            """,
            silence="released in a base",
        ),
        good(
            "a function of the project closes it",
            """
            import pika

            def close_quietly(thing):
                try:
                    thing.close()
                except Exception:
                    pass

            class Worker:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def stop(self):
                    close_quietly(self._connection)
            """,
            silence="released by a helper",
        ),
        good(
            "closed in a loop over the fields",
            """
            import socket

            class Pair:
                def __init__(self):
                    self._left = socket.socket()
                    self._right = socket.socket()

                def close(self):
                    for end in (self._left, self._right):
                        end.close()
            """,
        ),
        good(
            "a thread that ends with the process",
            """
            import threading

            class Heart:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = threading.Thread(target=self._beat, daemon=True)
                    self._thread.start()

                def _beat(self):
                    while not self._stopping.wait(1):
                        print("beat")

                def stop(self):
                    self._stopping.set()
            """,
            silence="daemon by design",
        ),
        good(
            "nothing is there to end it",
            """
            import pika

            class Report:
                def __init__(self):
                    self._connection = pika.BlockingConnection()

                def print(self):
                    print(self._connection)

            Report().print()
            """,
            silence="one-shot script",
        ),
    ),
)

_OTHER_RULES: Final = RUNNING | {"lock", "event", "queue", "stack", "loop"}
"""What runs by itself is the matter of other rules; locks and queues need no release."""

_WHAT: Final = {"worker": "object", "pool": "pool"}


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Every field of the class that is opened and never released."""
    text = context.project.store.text(cls.path)
    if not text.has_word("self", cls.node.at[0], cls.node.at[2]):
        return
    stop = next((runs.function for runs in context.project.workers.stops(cls) if ends_object(runs.function.name)), None)
    if stop is None:
        return
    fields = context.project.values.fields
    for held in context.project.resources.held(cls):
        if _is_reported(held) and not fields.is_shared(cls, held.place[-1]):
            yield _finding(cls, held, stop, context)


@rule.on_function
def check_started(function: Function, context: Context) -> Iterator[Finding]:
    """What a function starts for good, by a local name."""
    text = context.project.store.text(function.path)
    if any(text.has_word(word, function.node.at[0], function.node.at[2]) for word in _STARTS):
        me = function.owner if isinstance(function.owner, Class) else None
        for one in started_for_good(context.project, function, me):
            yield _started(one, function)


@rule.on_class
def check_fields_started(cls: Class, context: Context) -> Iterator[Finding]:
    """What the methods of a class that has a stop start for good, in fields."""
    text = context.project.store.text(cls.path)
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in _STARTS):
        return
    if any(ends_object(runs.function.name) for runs in context.project.workers.stops(cls)):
        for method, one in started_by_methods(context.project, cls):
            yield _started(one, method)


_STARTS: Final = ("start", "startup", "start_up", "setup")


def _started(one: Started, function: Function) -> Finding:
    code = ir.dotted_name(one.call.func) or one.end.name
    subject = code.rpartition(".")[0]
    return Finding(
        at=one.call.at,
        message=f"`{subject}` is started here and nothing ever calls its `{one.end.name}`",
        consequence=f"What `{one.cls.name}` opened or began is still there after the stop.",
        help=f"call `{subject}.{one.end.name}()` where the others are stopped",
        notes=(Note(one.end.path, one.end.node.name_at, f"`{one.end.name}` is there to end it"),),
        symbol=function.symbol,
        culprit=("resource", one.cls.symbol, *(str(number) for number in one.call.at)),
    )


def _is_reported(held: Held) -> bool:
    """Whether the field is due, ours alone, and never ended."""
    if held.duty.role in _OTHER_RULES or held.duty.takes_work or holds_only_locks(held):
        return False
    return bool(held.acquired) and not held.ends and held.is_ours and held.derived_from is None


def _finding(cls: Class, held: Held, stop: Function, context: Context) -> Finding:
    site = next(site for site in (*held.acquired, *held.created) if site.function.path == context.path)
    calls = " or ".join(f"`{held.name}.{name}()`" for name in held.duty.release[:2])
    return Finding(
        at=site.at,
        message=f"`{held.name}` is opened here and nothing ever releases it",
        consequence=f"After `{stop.name}` the {_WHAT.get(held.duty.role, held.duty.role)} is still open: "
        "each restart in the process leaves another one behind.",
        help=f"call {calls} in `{stop.name}`, also when an earlier step of it fails",
        notes=(Note(stop.path, stop.node.name_at, f"`{stop.name}` ends the object and leaves `{held.name}` open"),),
        symbol=site.method.symbol,
        culprit=("resource", cls.symbol, held.place[-1]),
        confidence="certain" if outlives_owner(held) and is_made_here(held, cls) else "likely",
    )
