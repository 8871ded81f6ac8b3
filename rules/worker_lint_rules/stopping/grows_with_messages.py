"""
A field gets a new member for each task or message, and nothing takes members out while the worker runs.

What it catches
    A list, set or dict of the object into which a method puts the task that it starts for one piece of work, and out
    of which nothing but a stop method, if anything, takes them again: no `discard` in a callback, no clean-up
    in a loop, no limit.

Why it hurts in production
    A worker that runs for weeks keeps each finished task, with its result, its exception and the frames of
    its traceback. Memory grows with the number of messages until the process is killed. Stop then waits for
    thousands of tasks that ended long ago, and may meet an old exception there.

What to do instead
    `task.add_done_callback(self._tasks.discard)`, or an `asyncio.TaskGroup`.

When to ignore it
    When the number of tasks over the whole life of the object is small.

Limits
    Only tasks and threads that the method makes from its own arguments, or in an endless loop, so that it
    surely runs more than once. A field that is handed to other code is let pass, as that may take members out;
    waiting for all of them with `asyncio.wait` or `gather` takes none out. What goes round until the object ends
    is one of few, and let pass. Certain is what is known to end, or whose end a callback hears, where it is started
    in an endless loop or for each message; of a thread, which keeps no result, it is only likely.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import find
from worker_lint.analysis.membership import Change, changes_in, collection_kind, is_bounded
from worker_lint.analysis.piling_up import is_for_each, lasts, started_code, surely_ends
from worker_lint.analysis.taken_out import emptied_by, is_given_away, is_shrunk_outside, leaves_in_lambda, shrinks
from worker_lint.analysis.visit import given_to
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP135",
    severity="warning",
    stage="preview",
    summary="A field gets a new member for each task or message, and nothing takes members out",
    words=("create_task", "ensure_future", "submit", "run_in_executor", "Thread"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("bounded deque, cache with limit",),
    examples=(
        bad(
            "the callback counts, but forgets to discard",
            """
            import asyncio

            class Drain:
                def __init__(self, loop):
                    self.loop = loop
                    self.pending = set()
                    self.done = 0

                def add(self, coro, job):
                    task = self.loop.create_task(coro(job))
                    task.add_done_callback(self.on_done)
                    self.pending.add(task)  # bad: self.pending

                def on_done(self, task):
                    self.done += 1

                async def finish(self):
                    await asyncio.wait(self.pending)
                    self.pending = set()
            """,
        ),
        bad(
            "a task for each message of an endless stream",
            """
            import asyncio

            class Consumer:
                def __init__(self, queue):
                    self.queue = queue
                    self.tasks = []

                async def handle(self, message):
                    await message.ack()

                async def run(self):
                    while True:
                        message = await self.queue.get()
                        self.tasks.append(asyncio.create_task(self.handle(message)))  # bad: self.tasks
            """,
        ),
        bad(
            "a thread for each connection, which keeps nothing but itself",
            """
            import threading

            class Server:
                def __init__(self, listener):
                    self.listener = listener
                    self.threads = []

                def serve(self, connection):
                    connection.answer()

                def run(self):
                    while True:
                        thread = threading.Thread(target=self.serve, args=(self.listener.accept(),))
                        self.threads.append(thread)  # bad: self.threads
                        thread.start()
            """,
            is_likely=True,
        ),
        good(
            "one task for each subscription goes round until the stop",
            """
            import asyncio

            class Client:
                def __init__(self):
                    self.open = True
                    self.tasks = []

                def subscribe(self, queue):
                    self.tasks.append(asyncio.create_task(self.listen(queue)))

                async def listen(self, queue):
                    while self.open:
                        print(await queue.get())

                async def close(self):
                    self.open = False
                    for task in self.tasks:
                        task.cancel()
                    self.tasks.clear()
            """,
        ),
        good(
            "a callback takes each out again",
            """
            import asyncio

            class Sender:
                def __init__(self):
                    self.tasks = set()

                async def send(self, event):
                    await event.send()

                async def run(self, events):
                    async for event in events:
                        task = asyncio.create_task(self.send(event))
                        self.tasks.add(task)
                        task.add_done_callback(lambda done: self.tasks.discard(done))
            """,
        ),
        good(
            "the work itself leaves as its last step",
            """
            import threading

            class Server:
                def __init__(self, handler):
                    self.handler = handler
                    self.threads = set()

                def serve(self, sockets):
                    while True:
                        thread = threading.Thread(target=self.handler, args=(self, sockets.accept()))
                        self.threads.add(thread)
                        thread.start()

            def handle(server, connection):
                try:
                    connection.run()
                finally:
                    server.threads.discard(threading.current_thread())
            """,
        ),
        good(
            "finished tasks leave by themselves",
            """
            import asyncio

            class Drain:
                def __init__(self):
                    self.pending = set()

                def add(self, coro, job):
                    task = asyncio.create_task(coro(job))
                    self.pending.add(task)
                    task.add_done_callback(self.pending.discard)
            """,
        ),
        good(
            "a limit of its own",
            """
            import asyncio
            import collections
            import weakref

            class Drain:
                def __init__(self):
                    self.recent = collections.deque(maxlen=10)
                    self.living = weakref.WeakSet()

                def add(self, coro, job):
                    task = asyncio.create_task(coro(job))
                    self.recent.append(task)
                    self.living.add(task)
            """,
            silence="bounded deque, cache with limit",
        ),
        good(
            "one task for each start",
            """
            import asyncio

            class Worker:
                def __init__(self):
                    self.tasks = []

                async def consume(self):
                    await asyncio.sleep(1)

                async def start(self):
                    self.tasks.append(asyncio.create_task(self.consume()))

                async def stop(self):
                    for task in self.tasks:
                        task.cancel()
            """,
        ),
        good(
            "the loop cleans up now and then",
            """
            import asyncio

            class Consumer:
                def __init__(self, queue):
                    self.queue = queue
                    self.tasks = []

                async def handle(self, message):
                    await message.ack()

                async def run(self):
                    while True:
                        message = await self.queue.get()
                        self.tasks.append(asyncio.create_task(self.handle(message)))
                        self.tasks = [task for task in self.tasks if not task.done()]
            """,
        ),
        good(
            "somebody else takes them out",
            """
            import asyncio

            class Drain:
                def __init__(self, reaper):
                    self.pending = set()
                    reaper.watch(self.pending)

                def add(self, coro, job):
                    self.pending.add(asyncio.create_task(coro(job)))
            """,
        ),
    ),
)

_STARTERS = frozenset(
    {"create_task", "ensure_future", "submit", "run_in_executor", "run_coroutine_threadsafe", "Thread"}
)
_ONCE = frozenset({"__init__", "start", "setup", "open", "connect", "run_forever", "__aenter__", "__enter__", "main"})


class _Growing(NamedTuple):
    """Where a started task is put in, and the call that starts it."""

    change: Change
    started: ir.Call


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The collections of started work in a class."""
    text = cls.project.store.text(cls.path)
    if not any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in _STARTERS):
        return
    methods = list(cls.project.workers.methods(cls).values())
    changes = [(runs.function, change) for runs in methods for change in changes_in(runs.function)]
    for method in cls.project.values.fields.methods(cls):
        for growing in _growing(method):
            field = growing.change.field
            kind = collection_kind(cls, field)
            if kind is None or is_bounded(cls, field) or (kind == "dict" and growing.change.name == ""):
                continue
            if shrinks(changes, field) or leaves_in_lambda(methods, field) or is_shrunk_outside(cls, field):
                continue
            runs = started_code(cls, growing.change, growing.started)
            if runs is not None and lasts(runs):
                continue
            if not is_given_away(cls, methods, field):
                is_certain = _keeps_result(growing.started) and _piles_up(cls, method, growing, runs)
                yield _finding(method, growing, emptied_by(changes, field), is_certain=is_certain)
                break


def _growing(method: Function) -> Iterator[_Growing]:
    for change in changes_in(method):
        if change.kind == "adds" and change.name in {"add", "append", ""} and change.item is not None:
            started = _started(change)
            if started is not None and _is_repeated(method, change, started):
                yield _Growing(change, started)


def _started(change: Change) -> ir.Call | None:
    """The call that starts what is put in: the item itself, or what the local was given."""
    item = change.item
    if isinstance(item, ir.Name):
        sources = change.function.project.values.bindings(change.function).places.get((item.id,), [])
        item = sources[0].expr if len(sources) == 1 and sources[0].how == "value" else None
    if isinstance(item, ir.Call):
        name = item.func.name if isinstance(item.func, ir.Attribute) else ir.dotted_name(item.func) or ""
        return item if name in _STARTERS else None
    return None


def _is_repeated(method: Function, change: Change, started: ir.Call) -> bool:
    """Whether the place runs for piece after piece of work: in an endless loop, or from the method's own arguments."""
    for outer in change.placed.around:
        if isinstance(outer, ir.While) or (isinstance(outer, ir.For) and outer.is_async):
            return True
    if method.name in _ONCE or any(isinstance(outer, ir.For) for outer in change.placed.around):
        return False
    params = {param.name for param in change.function.node.params[1:]}
    made = [node for argument in started.args for node in find(ir.Call, (argument,))]
    inside = [one for call in made for one in given_to(call)]
    inside += list(started.args[1:]) + [keyword.value for keyword in started.keywords]
    return any(name.id in params for name in find(ir.Name, inside))


def _keeps_result(started: ir.Call) -> bool:
    """Whether what is started holds its result and its exception when it has ended; a thread drops all it had."""
    name = started.func.name if isinstance(started.func, ir.Attribute) else ir.dotted_name(started.func)
    return name is not None and name.rpartition(".")[2] != "Thread"


def _piles_up(cls: Class, method: Function, growing: _Growing, runs: Runs | None) -> bool:
    """Whether it is known both that each ends and that more and more are started."""
    return surely_ends(runs, growing.change) and is_for_each(cls, method, growing.change)


def _finding(method: Function, growing: _Growing, emptied: Change | None, *, is_certain: bool) -> Finding:
    change, is_thread = growing.change, not _keeps_result(growing.started)
    note = (Note(emptied.function.path, emptied.at, "only this takes members out"),) if emptied is not None else ()
    return Finding(
        at=change.at,
        message=f"`self.{change.field}` keeps all that `{method.name}` starts, also what has ended",
        consequence=_THREADS if is_thread else _RESULTS,
        help=_LEAVE if is_thread else f"let each leave when it ends: `add_done_callback(self.{change.field}.discard)`",
        notes=note,
        symbol=method.symbol,
        confidence="certain" if is_certain else "likely",
    )


_RESULTS = "Results, exceptions and frames stay in memory: it grows with every message."
_THREADS = "Each thread object stays in memory: it grows with every message."
_LEAVE = "let each leave as its last step, in a `finally`, or keep those alone that are alive"
