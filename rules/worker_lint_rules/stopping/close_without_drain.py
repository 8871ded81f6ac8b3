"""
What jobs still use is closed before they have ended.

What it catches
    A stop method that closes a field, such as a channel, a consumer or a client, which jobs that the object has
    handed to a pool use, while the pool is shut down only afterwards, without waiting, or not at all; and the same
    with a task for each message, where the stop neither awaits nor cancels any.

Why it hurts in production
    Messages are in work when the stop comes. Their jobs finish, and the acknowledgement fails on a closed channel:
    the broker delivers them again, and all of them are done twice. What they wanted to publish is lost.

What to do instead
    Stop taking messages, let the pool finish (`shutdown(wait=True)`), then close what the jobs use.

When to ignore it
    When the jobs may be cut off, and doing them twice does no harm.

Limits
    Only pools in fields and tasks, with jobs that are methods of the same object. Certain where a library model knows
    what is closed; what a class of the project keeps open after its close is only likely to fail.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker_lint.analysis import Class, Instance
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.resources.duty import NETWORK, modelled_duty
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.touching import Act, acts_of, code_of, done_by, whole_stops
from worker_lint.analysis.workers import Entry
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP114",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="What jobs still use is closed before they have ended",
    words=("submit", "apply_async", "create_task", "ensure_future"),
    product_only=True,
    silences=("prefetch 1 on one thread", "library drains"),
    examples=(
        bad(
            "the connection is closed under the jobs",
            """
            import pika
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)
                    self.pool = ThreadPoolExecutor()

                def on_message(self, channel, method, properties, body):
                    self.pool.submit(self.work, method, body)

                def work(self, method, body):
                    self.connection.add_callback_threadsafe(print)

                def stop(self):
                    self.connection.close()  # bad: self.connection
                    self.pool.shutdown(wait=True)
            """,
        ),
        bad(
            "the pool is not waited for",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self, producer):
                    self.producer = producer
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(self.work, message)

                def work(self, message):
                    self.producer.send(message)

                def close(self):
                    self.pool.shutdown(wait=False)
                    self.producer.close()  # bad: self.producer
            """,
        ),
        bad(
            "a task for each message",
            """
            import asyncio

            class Consumer:
                def __init__(self, connection):
                    self.connection = connection

                async def on_message(self, message):
                    asyncio.create_task(self.handle(message))

                async def handle(self, message):
                    await asyncio.sleep(1)
                    await self.connection.ack(message)

                async def close(self):
                    await self.connection.close()  # bad: self.connection
            """,
        ),
        good(
            "the tasks are awaited first",
            """
            import asyncio

            class Consumer:
                def __init__(self, connection):
                    self.connection = connection
                    self.tasks = set()

                async def on_message(self, message):
                    self.tasks.add(asyncio.create_task(self.handle(message)))

                async def handle(self, message):
                    await asyncio.sleep(1)
                    await self.connection.ack(message)

                async def close(self):
                    await asyncio.gather(*self.tasks)
                    await self.connection.close()
            """,
        ),
        good(
            "its end has nothing to do with what the jobs ask of it",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Plugins:
                def __init__(self, path):
                    self.store = open(path)
                    self.names = {}

                def find(self, name):
                    return self.names[name]

                def close(self):
                    self.store.close()

            class Bot:
                def __init__(self):
                    self.plugins = Plugins("plugins")
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(self.work, message)

                def work(self, message):
                    self.plugins.find(message)

                def stop(self):
                    self.plugins.close()
                    self.pool.shutdown()
            """,
        ),
        good(
            "the pool first",
            """
            import pika
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)
                    self.pool = ThreadPoolExecutor()

                def on_message(self, channel, method, properties, body):
                    self.pool.submit(self.work, method, body)

                def work(self, method, body):
                    self.connection.add_callback_threadsafe(print)

                def stop(self):
                    self.pool.shutdown()
                    self.connection.close()
            """,
        ),
        good(
            "one message at a time, on the thread that closes",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)
                    self.channel = self.connection.channel()
                    self.channel.basic_qos(prefetch_count=1)

                def on_message(self, channel, method, properties, body):
                    channel.basic_ack(method.delivery_tag)

                def stop(self):
                    self.channel.stop_consuming()
                    self.connection.close()
            """,
            silence="prefetch 1 on one thread",
        ),
        good(
            "what is closed waits for the jobs itself",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self, subscriber):
                    self.subscriber = subscriber
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(self.work, message)

                def work(self, message):
                    self.subscriber.acknowledge(message)

                def stop(self):
                    self.subscriber.drain()
                    self.subscriber.close()
                    self.pool.shutdown()
            """,
            silence="library drains",
        ),
    ),
)

_CLOSES: Final = frozenset({"close", "disconnect", "aclose", "stop", "shutdown", "terminate"})
_WAITS: Final = frozenset(
    {
        "join",
        "wait",
        "result",
        "drain",
        "gather",
        "as_completed",
        "wait_for",
        "flush",
        "acquire",
        "wait_closed",
        "sleep",
    }
)
_SUBMITS: Final = frozenset({"submit", "apply_async"})
_TASKS: Final = frozenset({"create_task", "ensure_future"})
_IDLE: Final = frozenset(
    {"info", "debug", "warning", "error", "exception", "critical", "log", "is_set", "get", "items"}
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The pools of a class whose jobs use what its stop closes first."""
    jobs = list(_jobs(cls))
    stops = whole_stops(cls)
    if any(stop.function.name != "disconnect" for stop in stops):  # an object with another end may connect again
        stops = [stop for stop in stops if stop.function.name != "disconnect"]
    for stop in stops if jobs else ():
        acts = [act for act in done_by(stop) if act.function.path == context.path]
        for entry, pool in jobs:
            found = _closed_early(cls, stop, acts, entry, pool)
            if found is not None:
                early = _finding(stop, entry, pool, *found)
                yield replace(early, confidence="certain") if _is_of_library(cls, found[0].name) else early
                return


def _jobs(cls: Class) -> Iterator[tuple[Entry, str]]:
    """The methods of the object that its methods hand to a pool in a field, or run as a task for each message."""
    for method in cls.project.values.fields.methods(cls):
        if not mentions(method, *_SUBMITS, *_TASKS):
            continue
        for entry in cls.project.workers.entries(method, cls):
            func = entry.call.func
            known = len(entry.callee.runs) == 1 and entry.callee.runs[0].me is cls
            if entry.kind == "pool" and known and isinstance(func, ir.Attribute) and func.name in _SUBMITS:
                for place in cls.project.places.denotes(entry.site.function, func.value, cls):
                    if len(place) == 2 and place[0] == "self":
                        yield entry, place[1]
            elif entry.kind == "task" and known and _is_for_message(entry):
                yield entry, ""


def _is_for_message(entry: Entry) -> bool:
    """Whether the task is made for one item of work: its coroutine is given a parameter or a loop's item."""
    made = entry.call.args[0] if entry.call.args else None
    if not isinstance(made, ir.Call) or not made.args:
        return False
    function = entry.site.function
    given = {param.name for param in function.node.params[1:]}
    for loop in find(ir.For, function.body):
        given |= {
            node.id for node in own_expressions(ir.Expression(loop.target.at, loop.target)) if isinstance(node, ir.Name)
        }
    is_start = function.name.startswith(("start", "__", "connect", "open", "run", "setup"))
    return not is_start and any(isinstance(argument, ir.Name) and argument.id in given for argument in made.args)


def _closed_early(cls: Class, stop: Runs, acts: list[Act], entry: Entry, pool: str) -> tuple[Act, Act] | None:
    """The first release of what the jobs use with no wait for the pool before it, and the use."""
    used: dict[str, Act] = {}
    for act in code_of(cls, entry.callee.runs[0]):
        if act.called and not is_stop_name(act.called) and act.called not in _IDLE:
            used.setdefault(act.name, act)
    waits = sorted(_waits(stop, acts, pool))
    if not pool and any(act.called == "cancel" or act.name in _kept_in(entry) for act in acts):
        return None  # they are cancelled, or the stop has to do with the collection that keeps them
    for act in acts:
        if act.called in _CLOSES and act.name in used and act.name != pool:
            if any(order < act.order for order in waits) or _is_plain(cls, act.name):
                return None
            if _is_apart(cls, act, used[act.name]):
                continue
            return act, used[act.name]
    return None


def _is_apart(cls: Class, closed: Act, used: Act) -> bool:
    """Whether the end of an object of the project has to do with none of the fields that the jobs' call uses."""
    kind = cls.project.values.field(cls, closed.name)
    if not isinstance(kind, Instance) or not isinstance(kind.of, Class):
        return False
    ends, uses = (cls.project.calls.method(kind.of, act.called or "") for act in (closed, used))
    if len(ends.runs) != 1 or len(uses.runs) != 1 or not ends.is_sure or not uses.is_sure:
        return False
    fields = [{act.name for act in code_of(kind.of, callee.runs[0])} for callee in (ends, uses)]
    return bool(fields[0]) and bool(fields[1]) and not fields[0] & fields[1]


def _waits(stop: Runs, acts: list[Act], pool: str) -> Iterator[tuple[ir.At, ...]]:
    """Where the stop waits for jobs, or for anything at all that may mean them."""
    for act in acts:
        call = act.use.call if act.use is not None else None
        if act.name == pool and act.called == "shutdown" and call is not None:
            if any(keyword.name == "cancel_futures" for keyword in call.keywords):
                yield ()  # jobs are meant to be cut off, whatever comes first
            elif not _is_without_wait(call):
                yield act.order
        if act.name == pool and (
            act.called in {"join", "__exit__"} or (act.use is not None and act.use.how == "passed")
        ):
            yield act.order
    for here in reached_from(stop):
        before = tuple(way.call.at for way in here.ways)
        for placed in here.statements():
            for call in own_calls(placed.statement):
                if (ir.dotted_name(call.func) or "?").rpartition(".")[2] in _WAITS | {"?"}:
                    yield (*before, call.at)


def _kept_in(entry: Entry) -> set[str]:
    """The fields that the code which makes the task has to do with, any of which may keep it."""
    function = entry.site.function
    owner = function.owner
    return {act.name for act in acts_of(function, owner) if act.called in {"add", "append"} or act.kind == "assigned"}


def _is_without_wait(call: ir.Call) -> bool:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.name == "wait")]
    return any(isinstance(value, ir.Constant) and value.value is False for value in given)


def _is_plain(cls: Class, name: str) -> bool:
    """Whether the field holds an event, a lock or a queue, which jobs may go on to use."""
    duty = cls.project.resources.duty(cls.project.values.field(cls, name))
    return duty is not None and duty.role in {"lock", "event", "queue", "stack", "loop", "pool"}


def _is_of_library(cls: Class, name: str) -> bool:
    """Whether the field holds something of a library that is known to be of no use once it is closed."""
    duty = modelled_duty(cls.project, cls.project.values.field(cls, name))
    return duty is not None and duty.role in {*NETWORK, "file", "socket"}


def _finding(stop: Runs, entry: Entry, pool: str, closed: Act, used: Act) -> Finding:
    job = entry.callee.runs[0].function.name
    jobs = f"jobs of `self.{pool}`" if pool else f"tasks of `{job}`"
    first = (
        f"`self.{pool}.shutdown(wait=True)` first" if pool else "keep the tasks, and `await asyncio.gather` them first"
    )
    return Finding(
        at=closed.at,
        message=f"`self.{closed.name}` is closed before the {jobs} have ended",
        consequence=f"Those of `{job}` that are in work fail on it: what they do is lost, or delivered and done again.",
        help=f"{first}, then close `self.{closed.name}`",
        notes=(
            Note(entry.site.function.path, entry.call.at, f"`{job}` is set going here"),
            Note(used.function.path, used.at, f"and uses `self.{closed.name}` here"),
        ),
        symbol=closed.function.symbol,
    )
