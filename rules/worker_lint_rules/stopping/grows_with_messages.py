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
    waiting for all of them with `asyncio.wait` or `gather` takes none out. It is certain for tasks that the stop alone
    takes out; a field that nothing ever empties may have been meant for few.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import find
from worker_lint.analysis.membership import Change, changes_in, collection_kind, is_bounded
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.places import Use
from worker_lint.analysis.stopping import is_stop_name
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
            is_likely=True,
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
_LOOKS = frozenset(
    {"wait", "gather", "as_completed", "len", "list", "tuple", "set", "sorted", "any", "all", "bool", "iter", "sum"}
)
"""Functions that look at a collection and leave it as it is."""
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
            if _shrinks(changes, field) or _leaves_in_lambda(methods, field) or _is_shrunk_outside(cls, field):
                continue
            if not any(_is_handed_over(use) for use in _uses(cls, methods, field)):
                yield _finding(method, growing, _emptied(changes, field))
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


def _shrinks(changes: list[tuple[Function, Change]], field: str) -> bool:
    """Whether anything but a stop method takes members out, or puts another collection in the place."""
    for method, change in changes:
        if change.field == field and change.kind != "adds" and method.name != "__init__":
            if change.name in {"discard", "remove", "pop", "popleft", "popitem"} or not is_stop_name(method.name):
                return True
    return False


def _leaves_in_lambda(methods: list[Runs], field: str) -> bool:
    """Whether a lambda, such as a callback for the end of the work, takes its argument out of the field."""
    for runs in methods:
        for made in find(ir.Lambda, runs.function.body) if mentions(runs.function, "lambda") else ():
            for call in find(ir.Call, (made.body,)):
                name, _, taken = (ir.dotted_name(call.func) or "").rpartition(".")
                if name.endswith(f".{field}") and taken in {"discard", "remove", "pop"}:
                    return True
    return False


def _is_shrunk_outside(cls: Class, field: str) -> bool:
    """Whether code outside the class, such as the work itself as its last step, takes members out of the field."""
    if not field.startswith("_"):
        taken = rf"(?<!\bself)\.{re.escape(field)}\.(?:discard|remove|pop|popleft|popitem|clear)\("
        return cls.project.uses.is_written(cls, (f".{field}.",), taken)
    return False


def _emptied(changes: list[tuple[Function, Change]], field: str) -> Change | None:
    found = (one for method, one in changes if one.field == field and one.kind != "adds" and method.name != "__init__")
    return next(found, None)


def _uses(cls: Class, methods: list[Runs], field: str) -> Iterator[Use]:
    for runs in methods:
        yield from (use for use in cls.project.places.uses(runs.function, cls) if use.place == ("self", field))


def _is_handed_over(use: Use) -> bool:
    """Whether other code gets the collection, and so may take members out."""
    if use.how in {"stored", "returned", "held"}:
        return not isinstance(use.statement, ir.AugAssign)
    if use.how == "passed" and use.call is not None:
        func = use.call.func
        name = func.name if isinstance(func, ir.Attribute) else ir.dotted_name(func) or ""
        return name not in _LOOKS
    return use.how == "called" and use.name in {"difference_update", "intersection_update", "remove", "sort"}


def _keeps_result(started: ir.Call) -> bool:
    """Whether what is started is a task, which holds its result and its exception, and is one of many."""
    name = started.func.name if isinstance(started.func, ir.Attribute) else ir.dotted_name(started.func)
    return name in {"create_task", "ensure_future"}


def _finding(method: Function, growing: _Growing, emptied: Change | None) -> Finding:
    change = growing.change
    note = (Note(emptied.function.path, emptied.at, "only this takes members out"),) if emptied is not None else ()
    return Finding(
        at=change.at,
        message=f"`self.{change.field}` keeps all that `{method.name}` starts, also what has ended",
        consequence="Results, exceptions and frames stay in memory: it grows with every message.",
        help=f"let each leave when it ends: `add_done_callback(self.{change.field}.discard)`",
        notes=note,
        symbol=method.symbol,
        confidence="certain" if emptied is not None and _keeps_result(growing.started) else "likely",
    )
