"""
An object that belongs to one thread, or to its event loop, is used from another thread.

What it catches
    Code that a class runs on a thread of its own and that starts tasks, schedules callbacks, sets asyncio events and
    futures or fills asyncio queues directly; a future of one loop that is resolved in code which another loop of
    the same object runs; a pika connection or channel that both a thread and the other methods use.

Why it hurts in production
    The loop of the other thread sleeps in `select` and is not woken: the stop request is seen minutes later, or
    never. Two threads that write to one AMQP connection mix their frames, and the broker closes it
    with an error: all unacknowledged messages come again.

What to do instead
    `loop.call_soon_threadsafe(…)`, `asyncio.run_coroutine_threadsafe(…)`, `connection.add_callback_threadsafe(…)`.

When to ignore it
    When callbacks on the very same thread call the other methods.

Limits
    Threads, timers and pool jobs that the class itself starts, as far as each call surely runs one function. Code that
    runs a loop of its own is taken to use that one; what is handed over as a callback or uses a lock is let pass.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, External, Function, Instance
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.event_loop import is_event_loop
from worker_lint.analysis.flow import find
from worker_lint.analysis.launched import handed_methods
from worker_lint.analysis.loop_fields import Belongs, field_named, future_loops
from worker_lint.analysis.nesting import mentions, own_calls
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.analysis.visit import last_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP121",
    severity="error",
    summary="An object that belongs to one thread, or to its event loop, is used from another thread",
    words=("Thread", "Timer", "to_thread", "run_in_executor", "submit", "run_until_complete", "run_forever"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("thread-safe callback", "created inside"),
    examples=(
        bad(
            "a thread fills the loop's queue",
            """
            import asyncio
            import threading

            class Reader:
                def __init__(self):
                    self.queue = asyncio.Queue()
                    self.thread = threading.Thread(target=self.read)

                def read(self):
                    while True:
                        self.queue.put_nowait(read_port())  # bad: self.queue.put_nowait
            """,
        ),
        bad(
            "a timer starts a task",
            """
            import asyncio
            import threading

            class Client:
                def arm(self):
                    self.timer = threading.Timer(30, self.expire)

                def expire(self):
                    asyncio.create_task(self.reconnect())  # bad: asyncio.create_task

                async def reconnect(self):
                    self.connected = True
            """,
        ),
        bad(
            "the parent waits for a future that the other loop resolves",
            """
            import asyncio

            class ServiceThread:
                def __init__(self):
                    self.parent_loop = asyncio.get_event_loop()
                    self.thread_loop = asyncio.new_event_loop()

                async def start(self):
                    self.running = asyncio.Future(loop=self.parent_loop)

                def run(self):
                    self.thread_loop.run_until_complete(self.serve())

                async def serve(self):
                    self.running.set_result(None)  # bad: self.running.set_result
            """,
        ),
        bad(
            "stop speaks on the connection that the thread consumes from",
            """
            import pika
            import threading

            class Consumer:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)
                    self.channel = self.connection.channel()
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    self.channel.start_consuming()

                def stop(self):
                    self.channel.stop_consuming()  # bad: self.channel
                    self.thread.join()
            """,
        ),
        good(
            "the loop is asked to do it",
            """
            import asyncio
            import pika
            import threading

            class Reader:
                def __init__(self, port, loop, parameters):
                    self.port, self.loop = port, loop
                    self.queue = asyncio.Queue()
                    self.connection = pika.BlockingConnection(parameters)
                    self.thread = threading.Thread(target=self.read)

                def read(self):
                    self.loop.call_soon_threadsafe(self.queue.put_nowait, self.port.read())
                    self.connection.process_data_events()

                def stop(self):
                    self.connection.add_callback_threadsafe(self.finish)

                def finish(self):
                    self.connection.close()
            """,
            silence="thread-safe callback",
        ),
        good(
            "the thread has a loop and a connection of its own",
            """
            import asyncio
            import pika
            import threading

            class Worker:
                def __init__(self, parameters):
                    self.parameters = parameters
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    loop = asyncio.new_event_loop()
                    self.connection = pika.BlockingConnection(self.parameters)
                    loop.call_soon(self.connection.process_data_events)
                    loop.run_forever()
            """,
            silence="created inside",
        ),
        good(
            "the thread has ended before the connection is closed",
            """
            import pika
            import threading

            class Consumer:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)
                    self.thread = threading.Thread(target=self.run)

                def run(self):
                    self.connection.process_data_events()

                def stop(self):
                    self.wait()
                    self.connection.close()

                def wait(self):
                    self.thread.join()
            """,
        ),
    ),
)

_ELSEWHERE = frozenset({"thread", "timer", "pool"})
_OWN_LOOP = frozenset({"run_until_complete", "run_forever", "new_event_loop", "set_event_loop", "run", "Runner"})
_TASKS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_LOOP_CALLS = frozenset({"call_soon", "call_later", "call_at", "create_task", "stop"})
_WAKING = {
    "Queue": {"put_nowait", "get_nowait", "task_done"},
    "Event": {"set"},
    "Future": {"set_result", "set_exception"},
}
_WAKING["PriorityQueue"] = _WAKING["LifoQueue"] = _WAKING["Queue"]


class _Wrong(NamedTuple):
    """A call from the wrong thread, how it came there, and where that thread begins."""

    call: ir.Call
    here: Reached
    entry: ir.At


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The code that the class runs elsewhere, and the objects that it shares with that."""
    starts = list(_threads(cls))
    for runs, at in starts:
        reached = list(reached_from(runs))
        for wrong in _on_no_loop(reached, at):
            if wrong.here.function.path == context.path:
                yield _loop_finding(wrong)
                break
    yield from _confined(cls, [list(reached_from(runs)) for runs, _ in starts if runs.me is cls])
    yield from _of_another_loop(cls)


def _threads(cls: Class) -> Iterator[tuple[Runs, ir.At]]:
    for method in cls.project.values.fields.methods(cls):
        if mentions(method, "Thread", "Timer", "to_thread", "run_in_executor", "submit"):
            for entry in cls.project.workers.entries(method, cls):
                if entry.kind in _ELSEWHERE and len(entry.callee.runs) == 1:
                    if not entry.callee.runs[0].function.node.is_async:
                        yield entry.callee.runs[0], entry.call.at


def _calls(reached: list[Reached]) -> Iterator[tuple[Reached, ir.Call]]:
    for here in reached:
        for placed in here.statements():
            for call in own_calls(placed.statement):
                yield here, call


# --- threads without a loop ---


def _on_no_loop(reached: list[Reached], entry: ir.At) -> Iterator[_Wrong]:
    calls = list(_calls(reached))
    if any(last_name(call.func) in _OWN_LOOP for _, call in calls):
        return
    for here, call in calls:
        if callee_in(here, call).dotted in _TASKS or _schedules(here, call) or _wakes(here, call):
            yield _Wrong(call, here, entry)


def _schedules(here: Reached, call: ir.Call) -> bool:
    return (
        isinstance(call.func, ir.Attribute)
        and call.func.name in _LOOP_CALLS
        and is_event_loop(here.function, call.func.value)
    )


def _wakes(here: Reached, call: ir.Call) -> bool:
    if not isinstance(call.func, ir.Attribute):
        return False
    kind = here.function.project.values.of(here.function, call.func.value, here.me)
    if not isinstance(kind, Instance) or not isinstance(kind.of, External) or not kind.of.dotted.startswith("asyncio."):
        return False
    return call.func.name in _WAKING.get(kind.of.dotted.rpartition(".")[2], ())


def _loop_finding(wrong: _Wrong) -> Finding:
    name = ir.dotted_name(wrong.call.func) or last_name(wrong.call.func)
    ways = tuple(Note(way.function.path, way.call.at, "it is called here") for way in wrong.here.ways)
    return Finding(
        at=wrong.call.at,
        message=f"`{name}` runs on a thread that is not the event loop's",
        consequence="The loop is not woken, and its state may be changed in the middle: it hangs or fails at random.",
        help="`loop.call_soon_threadsafe(…)`, or `asyncio.run_coroutine_threadsafe(…)` for a coroutine",
        notes=(Note(wrong.here.function.path, wrong.entry, "the thread begins here"), *ways),
        symbol=wrong.here.function.symbol,
    )


# --- objects of one thread ---


def _confined(cls: Class, threads: list[list[Reached]]) -> Iterator[Finding]:
    used: dict[str, tuple[Reached, ir.Call]] = {}
    inside: set[Function] = set()
    for reached in threads:
        inside.update(here.function for here in reached)
        for here, call in _calls(reached):
            field = _owned_field(here, call)
            if field and not any(_is_locked(outer) for outer in _around(here, call)):
                used.setdefault(field, (here, call))
    handed = handed_methods(cls) if used else frozenset()
    for method in cls.project.values.fields.methods(cls) if used else ():
        if method in inside or method.name in handed or method.name.startswith("__"):
            continue
        for here, call in _calls([Reached(method, cls)]):
            field = _owned_field(here, call)
            if field not in used or any(_is_locked(outer) for outer in _around(here, call)):
                continue
            if not _is_made_inside(cls, field, inside) and not _waited(cls, method, call):
                yield _confined_finding(method, call, field, *used[field])
                break


def _owned_field(here: Reached, call: ir.Call) -> str:
    """The field whose object only its own thread may use, when the call is a method of it."""
    model = callee_in(here, call).model
    if model is None or model.facts.thread != "owner" or not isinstance(call.func, ir.Attribute):
        return ""
    return field_named(here.function, call.func.value)


def _is_made_inside(cls: Class, field: str, inside: set[Function]) -> bool:
    scopes = {one.scope for one in cls.project.values.fields.assigned(cls, field)}
    return not scopes or any(scope in inside for scope in scopes)


def _around(here: Reached, call: ir.Call) -> tuple[ir.Stmt, ...]:
    """The compound statements around the call and around those that lead to it."""
    placed = next(one for one in here.statements() if any(other is call for other in own_calls(one.statement)))
    return (*here.around, *placed.around)


def _is_locked(outer: ir.Stmt) -> bool:
    """Whether the statement holds something named as a lock: then the two take turns."""
    if not isinstance(outer, ir.With):
        return False
    names = (node.name for item in outer.items for node in find(ir.Attribute, (item.context,)))
    return any("lock" in name.lower() or "mutex" in name.lower() for name in names)


def _waited(cls: Class, method: Function, call: ir.Call) -> bool:
    """Whether the method has waited for the thread before, or asks which thread it is on."""
    for here in reached_from(Runs(method, cls)):
        first = here.ways[0].call if here.ways else None
        for one in find(ir.Call, here.function.body):
            if last_name(one.func) in {"join", "is_alive", "current_thread", "get_ident"}:
                if (first or one).at < call.at:
                    return True
    return False


def _confined_finding(method: Function, call: ir.Call, field: str, here: Reached, other: ir.Call) -> Finding:
    return Finding(
        at=call.at,
        message=f"`self.{field}` is used here while a thread of the object uses it, too",
        consequence="The two mix their frames: the broker closes the connection and delivers everything again.",
        help="`connection.add_callback_threadsafe(…)`, so that the thread itself does it",
        notes=(Note(here.function.path, other.at, "the thread uses it here"),),
        symbol=method.symbol,
    )


# --- two loops in one object ---


def _of_another_loop(cls: Class) -> Iterator[Finding]:
    methods = [one for one in cls.project.values.fields.methods(cls) if mentions(one, "run_until_complete")]
    loops = future_loops(cls) if methods else {}
    for method in methods if loops else ():
        for call in find(ir.Call, method.body):
            if last_name(call.func) != "run_until_complete" or not isinstance(call.func, ir.Attribute):
                continue
            running = field_named(method, call.func.value)
            for made in call.args[:1]:
                runs = cls.project.calls.of(method, made, cls).runs if isinstance(made, ir.Call) else ()
                if running and len(runs) == 1:
                    yield from _resolved(list(reached_from(runs[0])), loops, running, call.at)


def _resolved(reached: list[Reached], loops: dict[str, Belongs], running: str, at: ir.At) -> Iterator[Finding]:
    for here, call in _calls(reached):
        if not isinstance(call.func, ir.Attribute) or call.func.name not in _WAKING["Future"]:
            continue
        field = field_named(here.function, call.func.value)
        known = loops.get(field)
        if known is None or known.loop == running or mentions(here.function, "get_running_loop", "get_event_loop"):
            continue
        owner = known.loop
        name = ir.dotted_name(call.func)
        yield Finding(
            at=call.at,
            message=f"`{name}` runs on `self.{running}`, but the future belongs to `self.{owner}`",
            consequence="The loop that waits for it is not woken, so it may wait for ever.",
            help=f"`self.{owner}.call_soon_threadsafe({name}, …)`",
            notes=(
                Note(known.function.path, known.at, f"it belongs to `self.{owner}`"),
                Note(known.function.path, at, f"`self.{running}` runs this code"),
            ),
            symbol=here.function.symbol,
        )
