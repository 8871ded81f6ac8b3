"""
A second stop fails: it uses what the first one has taken away or ended.

What it catches
    `stop`, `close` and their kin that run on the same object from more than one place (`__exit__`, a finalizer, an
    error path, `atexit`, besides the caller), and that fail the second time: the first run sets a field to
    None and the second calls a method of it or hands it to what ends it; or it ends something whose library
    raises when that is ended again (a pika connection, a scheduler of APScheduler). A property such as `closed` that
    tells of just this field counts as a second place: whoever offers it takes closed objects for usual. Also
    a future that a loop resolves without asking whether its waiter has cancelled it meanwhile.

Why it hurts in production
    A signal and a `finally` both lead to the stop; a `with` block closes what its body has closed before. The
    second one raises in the middle of the shutdown, hides the error that led there, and what it
    would have released after that stays open. A request that ran out of time has cancelled its future: the answer
    that comes late raises InvalidStateError in the reader, which ends, and no answer is read any more.

What to do instead
    Return early when there is nothing left, or take the field out before ending it:
    `connection, self._connection = self._connection, None` and then `if connection is not None`. Ask
    `if not future.done()` before resolving it.

When to ignore it
    When only one of the callers can ever run on the same object.

Limits
    What a second run does is followed from the values that the first one surely leaves. A test that asks for
    anything of the object that is not known counts as a guard, and so does a decorator. Futures count in
    collections of the object out of which their waiter does not take them. Certain is a second stop that the object
    itself makes, on an error or through a callback, one of a public class with a property such as `closed`, and a
    future; the end of a `with` block makes it likely, as does None that is handed to what may take it; it is nothing
    where the project puts each object of the class into one and none is stopped besides.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.resolving import Resolved, resolved_after_cancel
from worker_lint.analysis.second_caller import SecondCaller, comes_for_sure, second_caller
from worker_lint.analysis.standing import CLOSED_NAMES, NOTHING, Misstep, Standing, is_stated, lets_through
from worker_lint.analysis.stopping import STOP_WORDS, ends_object
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP108",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="A second stop fails, because of what the first one has taken away",
    words=(*STOP_WORDS, "set_result", "set_exception"),
    product_only=True,
    yields_to=("STP128",),
    silences=("swap-then-clear", "None or is_open guard", "early return", "lock", "one caller"),
    examples=(
        bad(
            "the way out of the context closes again",
            """
            class Client:
                def __init__(self, make):
                    self._socket = make()

                def close(self):
                    self._socket.close()  # bad: self._socket
                    self._socket = None

                def __enter__(self):
                    return self

                def __exit__(self, *error):
                    self.close()
            """,
            is_likely=True,
        ),
        bad(
            "a tag that is gone",
            """
            class Consumer:
                def __init__(self, queue):
                    self._queue = queue
                    self._tag = queue.consume(self._handle)

                def _handle(self, message):
                    try:
                        message.process()
                    except Exception:
                        self.close()
                        raise

                def close(self):
                    self._queue.cancel(self._tag)  # bad: self._tag
                    self._tag = None
            """,
            is_likely=True,
        ),
        bad(
            "a connection that raises when it is closed twice",
            """
            import atexit
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    atexit.register(self.stop)

                def stop(self):
                    self._connection.close()  # bad: self._connection
            """,
        ),
        bad(
            "a property tells that it is closed",
            """
            class Publisher:
                def __init__(self, socket):
                    self.socket = socket

                def close(self):
                    self.socket.close()  # bad: self.socket
                    self.socket = None

                @property
                def closed(self):
                    return self.socket is None
            """,
        ),
        bad(
            "the waiter has cancelled it",
            """
            import asyncio

            class Client:
                async def flush(self):
                    future = asyncio.Future()
                    await self._flushes.put(future)
                    await asyncio.wait_for(future, 2)

                async def _flusher(self):
                    while True:
                        future = await self._flushes.get()
                        try:
                            await self._writer.drain()
                        finally:
                            future.set_result(None)  # bad: future
            """,
        ),
        good(
            "the waiter takes it out when it gives up, or the loop asks",
            """
            import asyncio

            class Client:
                async def ask(self, number):
                    future = self._pending[number] = asyncio.get_running_loop().create_future()
                    try:
                        return await asyncio.wait_for(future, 2)
                    finally:
                        self._pending.pop(number, None)

                async def flush(self):
                    future = asyncio.Future()
                    self._flushes.append(future)
                    await asyncio.wait_for(future, 2)

                def end(self, error):
                    for future in self._pending.values():
                        future.set_exception(error)

                def done(self):
                    for future in self._flushes:
                        if not future.done():
                            future.set_result(None)
            """,
        ),
        good(
            "opened anew by somebody who has it open",
            """
            class Log:
                def __init__(self, path):
                    self._path = path
                    self._open()

                def _open(self):
                    self._file = open(self._path, "ab")

                def close(self):
                    self._file.close()
                    del self._file

                def reopen(self):
                    self.close()
                    self._open()
            """,
            silence="one caller",
        ),
        good(
            "each of them lives in a with block",
            """
            class Archive:
                def __enter__(self):
                    self.file = open("archive", "wb")
                    return self

                def close(self):
                    self.file.close()
                    self.file = None

                def __exit__(self, *error):
                    self.close()

            def pack(data):
                with Archive() as archive:
                    archive.file.write(data)
            """,
            silence="one caller",
        ),
        good(
            "taken out first",
            """
            class Client:
                def __init__(self, make):
                    self._socket = make()

                def close(self):
                    socket, self._socket = self._socket, None
                    if socket is not None:
                        socket.close()

                def __exit__(self, *error):
                    self.close()
            """,
            silence="swap-then-clear",
        ),
        good(
            "asked before",
            """
            import atexit
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    atexit.register(self.stop)

                def stop(self):
                    if self._connection.is_open:
                        self._connection.close()
            """,
            silence="None or is_open guard",
        ),
        good(
            "a flag",
            """
            class Client:
                def __init__(self, make):
                    self._socket = make()
                    self._closed = False

                def close(self):
                    if self._closed:
                        return
                    self._closed = True
                    self._socket.close()
                    self._socket = None

                def __exit__(self, *error):
                    self.close()
            """,
            silence="early return",
        ),
        good(
            "a lock that is never given back",
            """
            import threading

            class Client:
                def __init__(self, make):
                    self._socket = make()
                    self._once = threading.Lock()

                def close(self):
                    if not self._once.acquire(blocking=False):
                        return
                    self._socket.close()
                    self._socket = None

                def __exit__(self, *error):
                    self.close()
            """,
            silence="lock",
        ),
        good(
            "nothing else calls it",
            """
            class Client:
                def __init__(self, make):
                    self._socket = make()

                def close(self):
                    self._socket.close()
                    self._socket = None
            """,
            silence="one caller",
        ),
        good(
            "the way out looks first",
            """
            class Client:
                def __init__(self, make):
                    self._socket = make()

                @property
                def is_open(self):
                    return self._socket is not None

                def close(self):
                    self._socket.close()
                    self._socket = None

                def __exit__(self, *error):
                    if self.is_open:
                        self.close()
            """,
        ),
    ),
)


@rule.on_class
def check_futures(cls: Class, context: Context) -> Iterator[Finding]:
    """The futures that a loop of the class resolves."""
    for found in resolved_after_cancel(cls):
        if found.resolver.path == context.path:
            yield _resolved(found)


def _resolved(found: Resolved) -> Finding:
    name, resolver, waiter = found.name, found.resolver, found.waiter
    return Finding(
        at=found.at,
        message=f"`{name}` is resolved without asking whether `{waiter.name}` has cancelled it",
        consequence=f"A wait that was given up has cancelled it: InvalidStateError ends the loop of `{resolver.name}`.",
        help=f"`if not {name}.done():` before it",
        notes=(Note(waiter.path, found.wait, "when this wait is given up, the future is cancelled and stays there"),),
        symbol=resolver.symbol,
        confidence="certain",
    )


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The public stop methods of the class, run a second time."""
    project = context.project
    stops = [method for method in project.values.fields.methods(cls) if ends_object(method.name)]
    stops = [method for method in stops if not method.name.startswith("_") and lets_through(method)]
    if not stops or project.hierarchy.is_dynamic(cls):
        return
    standing = Standing(project, cls)
    seen: set[ir.At] = set()
    for stop in stops:
        first = standing.after(stop, NOTHING)
        missteps = standing.missteps(stop, first) if first else ()
        missteps = tuple(one for one in missteps if not is_stated(one))
        other = second_caller(cls, stop, standing, first, missteps) if missteps else None
        for misstep in missteps if other is not None else ():
            if misstep.function.path == context.path and misstep.node.at not in seen and other is not None:
                seen.add(misstep.node.at)
                yield _finding(misstep, stop, other, context)


def _finding(misstep: Misstep, stop: Function, other: SecondCaller, context: Context) -> Finding:
    method, at = other.method, other.at
    name = f"self.{misstep.place[1]}"
    fact = {
        "none": f"`{name}` is None here in a second `{stop.name}`",
        "missing": f"`{name}` no longer exists here in a second `{stop.name}`",
        "handed": f"`{name}` is None when a second `{stop.name}` hands it on",
        "ended": f"`{name}` is ended twice by a second `{stop.name}`",
    }[misstep.value]
    return Finding(
        at=misstep.node.at,
        message=fact,
        consequence=f"`{method.name}` lets everybody expect a closed one, and a second `{stop.name}` of it raises."
        if method.name in CLOSED_NAMES
        else f"`{method.name}` stops it besides the caller: the second one raises and releases nothing more.",
        help=f"return early from `{stop.name}` when it has run, or take the field out before ending it",
        notes=(Note(method.path, at, f"because of `{method.name}` a second `{stop.name}` is to be expected"),),
        symbol=misstep.function.symbol,
        confidence="certain" if comes_for_sure(misstep, other) else "likely",
        culprit=("release", context.path, *(str(number) for number in misstep.node.at)),
    )
