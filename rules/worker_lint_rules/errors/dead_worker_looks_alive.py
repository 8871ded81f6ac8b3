"""
The main loop waits for the stop flag only, and never notices that its workers died.

What it catches
    A function that starts threads, processes or tasks with an endless loop of their own and then
    waits for an event, a flag or a signal, for as long as it takes. The loop of the worker may end by
    an error, and nothing ever looks whether it still runs.

Why it hurts in production
    The consumer thread dies of a broken connection at three in the morning. The main thread waits
    for its stop event, the process is up, the health check is green. Nobody works on the queue until
    somebody looks at its length.

What to do instead
    Wait in steps and look: `while not stop.wait(1): if not thread.is_alive(): …`. Or let the worker set
    the stop event in a `finally`. For tasks: `asyncio.wait({task, stop}, return_when=FIRST_COMPLETED)`
    or a TaskGroup.

When to ignore it
    Where a supervisor looks from outside whether work is done.

Limits
    The workers must be started by the same function or by methods that it calls on itself. Any
    question after a worker (`is_alive`, `exitcode`, `poll`, `done`), an excepthook or a done callback in the
    class or file is taken for a liveness check.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.tiers import ends_process
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.loops import is_always, is_endless
from worker_lint.analysis.tiers.observing import unguarded
from worker_lint.analysis.workers import Entry
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR118",
    severity="warning",
    stage="preview",
    summary="The main loop waits for the stop flag only, and never notices that its workers died",
    words=("wait", "sleep", "pause"),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR117",),
    silences=(
        "liveness check",
        "the worker sets the flag at its end",
        "the worker catches all",
        "one-shot work",
        "something else is done while waiting",
        "a done callback",
    ),
    examples=(
        bad(
            "a consumer that dies unseen",
            """
            import threading
            import redis

            class Worker:
                def __init__(self):
                    self.client = redis.Redis()
                    self.stopping = threading.Event()

                def _consume(self):
                    while not self.stopping.is_set():
                        self.handle(self.client.blpop("jobs", timeout=1))

                def run(self):
                    thread = threading.Thread(target=self._consume, daemon=True)
                    thread.start()
                    self.stopping.wait()  # bad: `_consume` may end by an error

                def stop(self):
                    self.stopping.set()
            """,
        ),
        bad(
            "several processes and a flag",
            """
            import multiprocessing
            import time
            import redis

            def consume(name):
                client = redis.Redis()
                while True:
                    print(client.blpop(name))

            class Pool:
                running = True

                def run(self, names):
                    for name in names:
                        multiprocessing.Process(target=consume, args=(name,)).start()
                    while self.running:  # bad: `consume` may end by an error
                        time.sleep(1)

                def stop(self):
                    self.running = False
            """,
        ),
        bad(
            "a task beside the stop event",
            """
            import asyncio

            class Service:
                def __init__(self, reader):
                    self.reader = reader
                    self.stopped = asyncio.Event()

                async def _pump(self):
                    while True:
                        await self.handle(await self.reader.read())

                async def serve(self):
                    pump = asyncio.create_task(self._pump())
                    await self.stopped.wait()  # bad: `_pump` may end by an error
                    pump.cancel()
            """,
        ),
        good(
            "looks after its thread",
            """
            import threading
            import redis

            class Worker:
                def __init__(self):
                    self.client = redis.Redis()
                    self.stopping = threading.Event()

                def _consume(self):
                    while not self.stopping.is_set():
                        self.handle(self.client.blpop("jobs", timeout=1))

                def run(self):
                    thread = threading.Thread(target=self._consume, daemon=True)
                    thread.start()
                    while not self.stopping.wait(1):
                        if not thread.is_alive():
                            raise SystemExit(1)
            """,
            silence="liveness check",
        ),
        good(
            "the worker tells at its end",
            """
            import threading
            import redis

            class Worker:
                def __init__(self):
                    self.client = redis.Redis()
                    self.stopping = threading.Event()

                def _consume(self):
                    try:
                        while not self.stopping.is_set():
                            self.handle(self.client.blpop("jobs", timeout=1))
                    finally:
                        self.stopping.set()

                def run(self):
                    thread = threading.Thread(target=self._consume, daemon=True)
                    thread.start()
                    self.stopping.wait()
            """,
            silence="the worker sets the flag at its end",
        ),
        good(
            "one bad message ends nothing",
            """
            import threading

            class Worker:
                def _consume(self):
                    while not self.stopping.is_set():
                        try:
                            self.handle(self.client.get())
                        except Exception:
                            self.log.exception("lost")

                def run(self):
                    self.stopping = threading.Event()
                    threading.Thread(target=self._consume, daemon=True).start()
                    self.stopping.wait()
            """,
            silence="the worker catches all",
        ),
        good(
            "a job that ends",
            """
            import threading
            import requests

            class Warmer:
                def _warm(self):
                    requests.get("https://example.org")

                def run(self):
                    self.stopping = threading.Event()
                    threading.Thread(target=self._warm).start()
                    self.stopping.wait()
            """,
            silence="one-shot work",
        ),
        good(
            "the main loop works, too",
            """
            import threading
            import time
            import redis

            class Worker:
                running = True

                def _consume(self):
                    client = redis.Redis()
                    while self.running:
                        self.handle(client.blpop("jobs", timeout=1))

                def run(self):
                    self.thread = threading.Thread(target=self._consume)
                    self.thread.start()
                    while self.running:
                        self.check(self.thread)
                        time.sleep(1)
            """,
            silence="something else is done while waiting",
        ),
        good(
            "the task reports",
            """
            import asyncio

            class Service:
                async def _pump(self):
                    while True:
                        await self.handle(await self.reader.read())

                async def serve(self):
                    self.stopped = asyncio.Event()
                    pump = asyncio.create_task(self._pump())
                    pump.add_done_callback(lambda _: self.stopped.set())
                    await self.stopped.wait()
            """,
            silence="a done callback",
        ),
    ),
)

_STARTERS = ("Thread", "Process", "create_task", "ensure_future", "start_new_thread")
_LOOKS = (
    *("is_alive", "exitcode", "sentinel", "sentinels", "poll", "returncode", "done", "exception", "excepthook"),
    *("add_done_callback", "SIGCHLD", "waitpid", "gather", "TaskGroup", "FIRST_COMPLETED", "FIRST_EXCEPTION"),
    *("result", "as_completed", "watchdog", "heartbeat", "last_seen", "health", "healthy"),
)
"""Words by which a class or file looks whether something still runs."""

_WAITS = frozenset({"threading.Event.wait", "asyncio.locks.Event.wait", "multiprocessing.synchronize.Event.wait"})
_PAUSES = frozenset({"signal.pause", "signal.sigwait"})
_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "asyncio.tasks.sleep"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Functions that start something and then wait for the end."""
    if not mentions(function, "wait", "sleep", "pause", "sigwait") or _looks_after(function):
        return
    waiting = next((at for at in _waits(function)), None)
    if waiting is None:
        return
    for entry in _started(function, context):
        if entry.site.function is function and entry.call.at > waiting:
            continue
        found = _dies(entry)
        if found is not None:
            target, failing = found
            yield Finding(
                at=waiting,
                message=f"`{target.name}` may end by an error, and this waits on",
                consequence="Nothing works any more, the process looks alive, and nobody starts it again.",
                help="wait in steps and look whether it still runs, or let it end the wait in a `finally`",
                notes=(
                    Note(target.path, failing.at, f"an error here ends `{target.name}`"),
                    Note(entry.site.function.path, entry.call.at, "started here"),
                ),
                symbol=function.symbol,
            )
            return


def _looks_after(function: Function) -> bool:
    """Whether the class around it, or the file of a plain function, asks what became of something."""
    text = function.project.store.text(function.path)
    owner = function.owner
    first, last = (owner.node.at[0], owner.node.at[2]) if owner is not None else (1, len(text.source))
    return any(text.has_word(word, first, last) for word in _LOOKS) or "excepthook" in text.source


def _waits(function: Function) -> Iterator[ir.At]:
    """Where it waits for something without an end, and does nothing else."""
    for statement in walk_statements(function.body):
        if isinstance(statement, ir.While):
            if _only_sleeps(function, statement):
                yield statement.test.at
        elif isinstance(statement, ir.Expression):
            call = statement.value.value if isinstance(statement.value, ir.Await) else statement.value
            if isinstance(call, ir.Call) and not call.args and not call.keywords:
                if dotted_callee(function, call) in _WAITS | _PAUSES:
                    yield call.at


def _only_sleeps(function: Function, loop: ir.While) -> bool:
    """Whether a loop is left by its condition alone and only sleeps, waits or logs between two looks at it."""
    if not is_endless(function, loop) or (not is_always(loop.test) and any(find(ir.Call, loop.orelse))):
        return False
    slept = False
    for statement in loop.body:
        match statement:
            case ir.Expression(value=ir.Await(value=ir.Call() as call)) | ir.Expression(value=ir.Call() as call):
                dotted = dotted_callee(function, call)
                if dotted in _SLEEPS | _WAITS:
                    slept = True
                elif not is_logging(call):
                    return False
            case ir.Simple(kind="pass") | ir.Expression(value=ir.Constant()):
                pass
            case _:
                return False
    return slept or _waits_in_test(function, loop.test)


def _waits_in_test(function: Function, test: ir.Expr) -> bool:
    return any(dotted_callee(function, call) in _WAITS for call in find(ir.Call, (test,)))


def _started(function: Function, context: Context) -> Iterator[Entry]:
    """What it starts itself, and what the methods start that it calls on its own object."""
    workers, me = context.project.workers, function.owner
    if mentions(function, *_STARTERS):
        yield from workers.entries(function, me)
    if isinstance(me, Class):
        for call in find(ir.Call, function.statements):
            if isinstance(call.func, ir.Attribute) and isinstance(call.func.value, ir.Name):
                for runs in context.project.calls.of(function, call, me).runs:
                    if runs.function.owner is not None and mentions(runs.function, *_STARTERS):
                        yield from workers.entries(runs.function, me)


def _dies(entry: Entry) -> tuple[Function, ir.Node] | None:
    """The loop that an error ends, and what raises it, where nothing tells the others."""
    if entry.kind not in ("thread", "process", "task") or len(entry.callee.runs) != 1:
        return None
    target = entry.callee.runs[0].function
    loops = [loop for loop in find(ir.While, target.statements) if is_endless(target, loop)]
    if not loops or _looks_after(target) or _tells(target):
        return None
    failing = unguarded(target)
    return (target, failing) if failing is not None else None


def _tells(target: Function) -> bool:
    """Whether the way out of the function by an error does something: sets a flag, ends the process, reports."""
    for node in find(ir.Try, target.statements):
        if any(find(ir.Call, node.final)) or any(find(ir.Assign, node.final)):
            return True
        if any(ends_process(target, handler.body) for handler in node.handlers):
            return True
    return any(any(find(ir.While, node.body)) for node in find(ir.With, target.statements))
