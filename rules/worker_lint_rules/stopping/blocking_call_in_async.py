"""
A coroutine makes a call that blocks the event loop.

What it catches
    In an `async def`: calls that a library model calls blocking, such as those of synchronous broker clients,
    `Thread.join`, `Queue.get`, `Lock.acquire`, `time.sleep`, `subprocess.run`; and a lock of
    `threading` that is held over an `await`. Also `self.store.close()`, or another method, called directly
    where the same class hands that object's methods to threads elsewhere: it knows that they block.

Why it hurts in production
    While it waits, the whole loop stands still: heartbeats are not sent, so the broker closes the connection
    and delivers all unacknowledged messages again; SIGTERM handlers of the loop do not run. A
    thread lock held over an `await` stops the loop for ever as soon as a second task asks for it.

What to do instead
    `await asyncio.to_thread(…)`, `loop.run_in_executor(…)`, or the library's asynchronous client; `asyncio.Lock`.

When to ignore it
    At the start or the end of the program, when nothing else runs on the loop.

Limits
    Only calls whose object is known. Waits with a limit of zero are no waits, and an `RLock` stops no task of the
    loop that has it. Certain are requests to others that nothing limits or explains, a `time.sleep` beside an awaited
    sleep, what is left out of three or more methods that go to threads, and a lock held over an `await` that surely
    waits; not at the start or end of a program. Waits for threads and child processes are only likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.flow import Place, find
from worker_lint.analysis.lock_over_await import awaits_holding, stops_others_surely
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions, placed_statements, with_inner
from worker_lint.analysis.nobody_waits import is_just_submitted, is_known_ready, is_lone_prompt, nobody_waits
from worker_lint.analysis.shared_loop import is_adapter, is_unlike, returns_at_once, surely_stops_others
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP134",
    severity="warning",
    stage="preview",
    summary="A coroutine makes a call that blocks the event loop",
    words=("async def",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("to_thread", "executor"),
    examples=(
        bad(
            "a synchronous broker client",
            """
            import pika

            async def publish(parameters, body):
                connection = pika.BlockingConnection(parameters)  # bad: BlockingConnection
                print(connection, body)
            """,
        ),
        bad(
            "stop waits for a thread",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.thread = threading.Thread(target=print)

                async def stop(self):
                    self.thread.join()  # bad: Thread.join
            """,
        ),
        bad(
            "a thread lock over an await",
            """
            import threading

            class Cache:
                def __init__(self):
                    self.lock = threading.Lock()

                async def get(self, key, fetch):
                    with self.lock:  # bad: self.lock
                        return await fetch(key)
            """,
        ),
        bad(
            "back-off with the wrong sleep",
            """
            import time

            async def connect(client):
                while not await client.connect():
                    time.sleep(5)  # bad: time.sleep
            """,
        ),
        bad(
            "an adapter that sends all calls to threads, but for these",
            """
            import asyncio

            class AsyncStore:
                def __init__(self, store):
                    self.store = store

                async def __aexit__(self, *details):
                    self.store.__exit__(*details)  # bad: self.store.__exit__

                async def get(self, key):
                    return await asyncio.to_thread(self.store.get, key)
            """,
        ),
        good(
            "a socket that does not block",
            """
            import asyncio

            class Stream:
                def __init__(self, sock):
                    self.sock = sock
                    self.sock.setblocking(False)

                async def resolve(self, address):
                    return await asyncio.to_thread(self.sock.connect, address)

                async def close(self):
                    self.sock.close()
            """,
        ),
        good(
            "a question at the terminal in a tool that does one thing",
            """
            import asyncio

            async def migrate(steps):
                if input("go on? ") == "y":
                    for step in steps:
                        await step()

            def main(steps):
                asyncio.run(migrate(steps))
            """,
        ),
        good(
            "the first step of all that the loop runs",
            """
            import asyncio
            import time

            async def register(rank):
                time.sleep(rank)
                await asyncio.sleep(0)

            async def serve(rank):
                await register(rank)
                await asyncio.sleep(60)

            def main(rank):
                asyncio.run(serve(rank))
            """,
        ),
        good(
            "an adapter that calls what does not wait",
            """
            import asyncio

            class AsyncStore:
                def __init__(self, store):
                    self.store = store

                async def get(self, key):
                    if self.store.is_empty():
                        return None
                    return await asyncio.to_thread(self.store.get, key)

                async def close(self):
                    await asyncio.to_thread(self.store.close)
            """,
        ),
        good(
            "on another thread",
            """
            import asyncio
            import threading

            class Worker:
                def __init__(self):
                    self.thread = threading.Thread(target=print)

                async def stop(self):
                    await asyncio.to_thread(self.thread.join)
            """,
            silence="to_thread",
        ),
        good(
            "in an executor",
            """
            import asyncio
            import queue

            tasks = queue.Queue()

            async def take():
                return await asyncio.get_running_loop().run_in_executor(None, lambda: tasks.get())
            """,
            silence="executor",
        ),
        good(
            "a fallback, a switch for tests, and the end of the program",
            """
            import asyncio
            import os
            import time
            import threading

            SLEEP_FOR_TESTING = os.environ.get("SLEEP_FOR_TESTING")

            async def main(consumer):
                thread = threading.Thread(target=print)
                if SLEEP_FOR_TESTING:
                    time.sleep(int(SLEEP_FOR_TESTING))
                try:
                    await consumer.run()
                finally:
                    thread.join()

            asyncio.run(main(object()))
            """,
        ),
        good(
            "it does not wait",
            """
            import queue
            import threading

            tasks = queue.Queue()
            lock = threading.Lock()

            async def take():
                if lock.acquire(blocking=False):
                    return tasks.get(block=False)
                return None
            """,
        ),
        good(
            "it is known to be there",
            """
            import queue
            import subprocess
            import threading

            tasks = queue.Queue()

            async def drain():
                while not tasks.empty():
                    yield tasks.get()

            def new_lock(locks, key):
                async def lock():
                    made = threading.Lock()
                    made.acquire()
                    locks[key] = made

                return lock
            """,
        ),
        good(
            "a thread lock held for a moment",
            """
            import threading

            class Cache:
                def __init__(self):
                    self.lock = threading.Lock()
                    self.items = {}

                async def put(self, key, value, store):
                    with self.lock:
                        self.items[key] = value
                    await store(key)
            """,
        ),
    ),
)

_UNLESS_DONE = frozenset({"concurrent.futures._base.Future.result", "concurrent.futures._base.Future.exception"})
_NOT_JUDGED = ("asyncio.", "socket.socket.", "queue.Queue.put", "os.waitpid", "multiprocessing.queues.Queue.put")
"""Loops are no clients; sockets may be non-blocking; a queue without a size never makes `put` wait."""
_HANDS_OVER = ("to_thread", "run_sync", "run_in_executor", "run_sync_in_worker_thread")
_ENTERS = frozenset({"__enter__", "__exit__", "connect", "open"})
_ENDS = frozenset({"close", "shutdown", "disconnect"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Blocking calls in coroutine functions, those defined inside others too."""
    if not mentions(function, "async def"):
        return
    for scope in with_inner(function):
        if scope.node.is_async:
            for placed in placed_statements(scope.body):
                if isinstance(placed.statement, ir.With) and not placed.statement.is_async:
                    yield from _held(scope, placed.statement)
                awaited = {node.value.at for node in own_expressions(placed.statement) if isinstance(node, ir.Await)}
                for call in own_calls(placed.statement):
                    if call.at in awaited:
                        continue  # whatever the annotation says, it gives way
                    model = _blocking_model(scope, call)  # few calls have one: the other questions walk whole bodies
                    if model is not None and not is_known_ready(scope, placed, call):
                        if not nobody_waits(scope, placed, call):
                            yield from _blocking(scope, placed, call, model)


@rule.on_class
def check_class(cls: Class, context: Context) -> Iterator[Finding]:
    """Objects whose methods the class hands to threads in one place and calls directly in another."""
    text = cls.project.store.text(cls.path)
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in _HANDS_OVER):
        return
    methods = [method for method in cls.project.values.fields.methods(cls) if method.node.is_async]
    handed: dict[Place, dict[str, Note]] = {}
    for method in methods:
        for call in find(ir.Call, method.body):
            for place, name in _handed(cls, method, call):
                handed.setdefault(place, {})[name] = Note(method.path, call.at, "its methods are run on a thread here")
    for method in methods if handed else ():
        yield from _direct(cls, method, handed)


def _handed(cls: Class, method: Function, call: ir.Call) -> Iterator[tuple[Place, str]]:
    """The field and the method that a call hands to a thread."""
    if (ir.dotted_name(call.func) or "").rpartition(".")[2] in _HANDS_OVER:
        for argument in call.args[:2]:
            if isinstance(argument, ir.Attribute):
                for place in cls.project.places.denotes(method, argument.value, cls):
                    if len(place) == 2 and place[0] == "self":
                        yield place, argument.name


def _direct(cls: Class, method: Function, handed: dict[Place, dict[str, Note]]) -> Iterator[Finding]:
    awaited = {node.value.at for node in find(ir.Await, method.body)}
    calls = [(call, placed) for placed in placed_statements(method.body) for call in own_calls(placed.statement)]
    for call, placed in calls:
        if not isinstance(call.func, ir.Attribute) or call.at in awaited:
            continue
        for place in cls.project.places.denotes(method, call.func.value, cls):
            known = {} if is_unlike(cls, placed, place[-1]) else handed.get(place, {})
            if known and (call.func.name in known or call.func.name in _ENTERS or call.func.name in _ENDS):
                name = f"{'.'.join(place)}.{call.func.name}"
                yield Finding(
                    at=call.at,
                    message=f"`{name}` is called on the event loop, other methods of it on threads",
                    consequence="If it waits as the others do, no other task runs until it returns.",
                    help=f"hand it to a thread, too: `await asyncio.to_thread({name})`",
                    notes=(known.get(call.func.name) or next(iter(known.values())),),
                    symbol=method.symbol,
                    confidence="certain" if is_adapter(method, call, known) else "likely",
                )


def _held(scope: Function, block: ir.With) -> Iterator[Finding]:
    for lock, awaited in awaits_holding(scope, block):
        name = ir.dotted_name(lock) or "the lock"
        yield Finding(
            at=lock.at,
            message=f"the thread lock `{name}` is held over an `await`",
            consequence="A second task that asks for it stops the whole loop, so it is never given back.",
            help="use `asyncio.Lock` with `async with`, or leave the block before the `await`",
            notes=(Note(scope.path, awaited.at, "other tasks run here while it is held"),),
            symbol=scope.symbol,
            confidence="certain" if stops_others_surely(scope, lock, awaited) else "likely",
        )


def _blocking_model(scope: Function, call: ir.Call) -> ModelFunction | None:
    """The model of a call that surely blocks, if it is one to be judged."""
    callee = scope.project.calls.of(scope, call)
    model = callee.model
    if model is None or not callee.is_sure or not model.facts.blocking or model.coroutine:
        return None
    return None if model.name.startswith(_NOT_JUDGED) or returns_at_once(model, call) else model


def _blocking(scope: Function, placed: Placed, call: ir.Call, model: ModelFunction) -> Iterator[Finding]:
    if is_lone_prompt(scope, model.name):
        return
    if model.name in _UNLESS_DONE and not is_just_submitted(scope, call):
        return
    short = ".".join(model.name.split(".")[-2:])
    yield Finding(
        at=call.at,
        message=f"`{short}` blocks the event loop",
        consequence="Until it returns no other task runs: no heartbeat, no acknowledgement, no stop request.",
        help=f"`await asyncio.to_thread({ir.dotted_name(call.func) or short}, …)`, or an asynchronous client",
        symbol=scope.symbol,
        confidence="certain" if surely_stops_others(scope, placed, call, model) else "likely",
    )
