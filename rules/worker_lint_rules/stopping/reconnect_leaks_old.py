"""
A method makes a new thread or task over the one in the same field, which still goes on.

What it catches
    A public `start` that keeps a new thread or task in a field each time it runs, asks nothing before, and leaves the
    old one going round; a callback that a library calls at each new connection and that does the same. The
    stop of the object ends what stands in the field: the newest.

Why it hurts in production
    The connection drops and comes back forty times a day, and each time one more heartbeat begins: a hundred
    threads send the same beat. After a second `start` every message is handled twice, and the `stop` waits for one
    of the two: the other works on with what has been closed, or keeps the process from ending.

What to do instead
    Ask first: `if self._thread is not None and self._thread.is_alive(): return`; or end the old one before.

When to ignore it
    When whoever runs it has ended the old one before, or nobody can run it twice.

Limits
    Only loops that go on until they are told to end, in fields that a stop of the object ends. Reconnections count
    where no error ends the old loop: most loops die with their connection. Whatever is asked before, in whatever
    way, counts as a guard, and so does a base class that is not known.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.started_over import StartedOver, started_over
from worker_lint.rule import Context, Finding, Note, Rule, bad, good

rule = Rule(
    code="STP126",
    severity="warning",
    stage="preview",
    closure="file",
    confidence="likely",
    summary="A second start sets a thread or task going over one that still goes on",
    words=("Thread", "create_task", "ensure_future"),
    product_only=True,
    silences=("old known dead", "None on that path", "asked before"),
    examples=(
        bad(
            "a second start, a second poller",
            """
            import threading

            class Poller:
                def __init__(self, source):
                    self._source = source
                    self._stopping = threading.Event()
                    self._thread = None

                def start(self):
                    self._thread = threading.Thread(target=self._run)  # bad: a new thread
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(5):
                        self._source.poll()

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
        ),
        bad(
            "a task for each start",
            """
            import asyncio

            class Beat:
                async def start(self):
                    self._task = asyncio.create_task(self._beat())  # bad: self._task

                async def _beat(self):
                    while True:
                        await asyncio.sleep(10)

                async def close(self):
                    self._task.cancel()
            """,
        ),
        bad(
            "one more heartbeat at each connection",
            """
            import threading
            import time

            class Session:
                def __init__(self, client):
                    self._client = client
                    self._client.on_connect = self._connected
                    self._beating = True

                def _connected(self, client, *details):
                    client.subscribe("orders")
                    self._begin()

                def _begin(self):
                    self._beat = threading.Thread(target=self._go, daemon=True)  # bad: a new thread
                    self._beat.start()

                def _go(self):
                    while self._beating:
                        try:
                            self._client.publish("alive")
                        except Exception:
                            pass
                        time.sleep(10)

                def close(self):
                    self._beating = False
                    self._beat.join()
            """,
        ),
        good(
            "it asks for the old one",
            """
            import threading

            class Poller:
                _thread = None

                def __init__(self, source):
                    self._source = source
                    self._stopping = threading.Event()

                def start(self):
                    if self._thread is not None:
                        return
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(5):
                        self._source.poll()

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
            silence="None on that path",
        ),
        good(
            "another method refuses",
            """
            import asyncio

            class Beat:
                _open = True

                def _check(self):
                    if not self._open:
                        raise RuntimeError("closed")

                async def start(self):
                    self._check()
                    self._task = asyncio.create_task(self._beat())

                async def _beat(self):
                    while True:
                        await asyncio.sleep(10)

                async def close(self):
                    self._task.cancel()
            """,
            silence="asked before",
        ),
        good(
            "the old one is ended first",
            """
            import asyncio

            class Beat:
                _task = None

                async def start(self):
                    self._end()
                    self._task = asyncio.create_task(self._beat())

                async def _beat(self):
                    while True:
                        await asyncio.sleep(10)

                def _end(self):
                    if self._task is not None:
                        self._task.cancel()

                async def close(self):
                    self._end()
            """,
            silence="old known dead",
        ),
        good(
            "the loop dies with its connection",
            """
            import threading

            class Session:
                def __init__(self, client):
                    self._client = client
                    self._client.on_connect = self._connected

                def _connected(self, *details):
                    self._reader = threading.Thread(target=self._read, daemon=True)
                    self._reader.start()

                def _read(self):
                    while True:
                        print(self._client.receive())

                def close(self):
                    self._reader.join()
            """,
        ),
        good(
            "the thread looks whether it is still the one",
            """
            import threading

            class Poller:
                def __init__(self, source):
                    self._source = source

                def start(self):
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while True:
                        if self._thread is not threading.current_thread():
                            return
                        self._source.poll()

                def stop(self):
                    thread, self._thread = self._thread, None
                    thread.join()
            """,
        ),
        good(
            "a run that ends by itself",
            """
            import threading

            class Upload:
                def start(self, parts):
                    self._parts = list(parts)
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while self._parts:
                        print(self._parts.pop())

                def stop(self):
                    self._thread.join()
            """,
        ),
        good(
            "made and started in one",
            """
            import asyncio

            class Beat:
                async def start(self):
                    self._task = asyncio.create_task(self._beat())

                async def _beat(self):
                    while True:
                        await asyncio.sleep(10)

                async def close(self):
                    self._task.cancel()

            async def beating():
                beat = Beat()
                await beat.start()
                return beat
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The threads and tasks that methods of the class keep in fields."""
    for found in started_over(cls):
        if found.launched.path == context.path:
            yield _finding(found)


def _finding(found: StartedOver) -> Finding:
    launched, method = found.launched, found.method
    field, kind = f"self.{launched.place[1]}", launched.kind
    function, loop = found.loop
    notes = [
        Note(function.path, loop.at[:2] + loop.at[:2], f"the old {kind} goes round here"),
        Note(found.end.function.path, found.end.at, f"the stop ends the newest {kind} only"),
    ]
    when = f"a second `{method.name}`"
    if found.again is not None:
        other, at = found.again
        notes.insert(0, Note(other.path, at, "this is called at each such event, not once"))
        when = f"each further run of `{method.name}`"
    return Finding(
        at=launched.at,
        message=f"{when} makes a new {kind} over the one in `{field}`, which goes on",
        consequence=f"Two of them do the same work, and the stop ends one: the other {kind} is lost and goes on.",
        help=f"ask for `{field}` first and return, or end the old {kind} before",
        notes=tuple(notes),
        symbol=method.symbol,
        culprit=("resource", method.owner.symbol if method.owner is not None else "", launched.place[1]),
    )
