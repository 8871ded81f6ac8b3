"""
A child process inherits a connection or the end of a pipe that it must not have.

What it catches
    A connection that is opened in the parent and used in the code of a child process; and a pipe whose end the
    parent gives to a child and keeps open itself, while it waits without limit on the other end.

Why it hurts in production
    Parent and child write to one socket: answers go to the wrong process, frames are mixed, and when the child
    ends its TLS or AMQP goodbye closes the parent's connection, too. And as long as the parent holds the child's end of
    the pipe, the other end never reads EOF: when the child is killed, the parent waits for ever.

What to do instead
    Open connections in the child. Close the child's end in the parent right after `process.start()`, or wait with
    `multiprocessing.connection.wait([pipe, process.sentinel])`.

When to ignore it
    When the library documents that its objects survive a fork.

Limits
    Connections of modelled libraries, in fields that are filled outside the child's code, with `multiprocessing` and
    `billiard`. Pipes in one function. Pools that look at the process id themselves (redis) are let pass.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.flow import find
from worker_lint.analysis.loop_fields import field_named
from worker_lint.analysis.nesting import mentions, own_calls
from worker_lint.analysis.reached import Reached, reached_from
from worker_lint.analysis.visit import given_to, last_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP119",
    severity="warning",
    stage="preview",
    summary="A child process inherits a connection or the end of a pipe that it must not have",
    words=("Process", "Pipe("),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("spawn/forkserver", "lazy creation", "documented reset hook"),
    examples=(
        bad(
            "the process object connects in the parent",
            """
            import multiprocessing
            import pika

            class Worker(multiprocessing.Process):
                def __init__(self, parameters):
                    super().__init__()
                    self.connection = pika.BlockingConnection(parameters)

                def run(self):
                    self.connection.process_data_events()  # bad: self.connection
            """,
        ),
        bad(
            "a child speaks on its parent's connection",
            """
            import multiprocessing
            import pika

            class Manager:
                def __init__(self, parameters):
                    self.connection = pika.BlockingConnection(parameters)

                def start(self):
                    self.process = multiprocessing.Process(target=self.work)
                    self.process.start()

                def work(self):
                    self.report()

                def report(self):
                    self.connection.process_data_events()  # bad: self.connection
            """,
        ),
        bad(
            "the parent keeps the child's end",
            """
            import multiprocessing

            def run(work):
                ours, theirs = multiprocessing.Pipe()
                process = multiprocessing.Process(target=work, args=(theirs,))  # bad: theirs
                process.start()
                return ours.recv()
            """,
        ),
        good(
            "the child connects",
            """
            import multiprocessing
            import pika

            class Worker(multiprocessing.Process):
                def __init__(self, parameters):
                    super().__init__()
                    self.parameters = parameters

                def run(self):
                    self.connection = pika.BlockingConnection(self.parameters)
                    self.connection.process_data_events()
            """,
            silence="lazy creation",
        ),
        good(
            "a pool that starts anew in a child",
            """
            import multiprocessing
            import redis

            class Worker(multiprocessing.Process):
                def __init__(self):
                    super().__init__()
                    self.client = redis.Redis()

                def run(self):
                    self.client.ping()
            """,
            silence="documented reset hook",
        ),
        good(
            "spawned, with the parent's copy closed",
            """
            import multiprocessing

            def run(work):
                context = multiprocessing.get_context("spawn")
                ours, theirs = context.Pipe()
                process = context.Process(target=work, args=(theirs,))
                process.start()
                theirs.close()
                return ours.recv()
            """,
            silence="spawn/forkserver",
        ),
        good(
            "the wait has a limit",
            """
            import multiprocessing

            def run(work):
                ours, theirs = multiprocessing.Pipe()
                process = multiprocessing.Process(target=work, args=(theirs,))
                process.start()
                if ours.poll(10):
                    return ours.recv()
                return None
            """,
        ),
    ),
)

_SAFE = ("redis.", "sqlalchemy.", "kombu.", "celery.", "boto3.", "botocore.", "requests.", "httpx.", "socket.")
"""Pools that look at the process id, connections that open at first use, and listeners meant to be shared."""
_WATCHES = frozenset({"poll", "wait", "is_alive", "select", "register"})
_PROCESS = ("multiprocessing.process.BaseProcess", "billiard.process.BaseProcess")


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The connections that a class opens in the parent and uses in a child."""
    children = list(_children(cls))
    for runs, at in children:
        reached = list(reached_from(runs))
        inside = {here.function for here in reached}
        for here in reached:
            found = next(_inherited(cls, here, inside), None) if here.me is cls else None
            if found is not None and here.function.path == context.path:
                yield _connection(cls, here, *found, at)
                break


def _children(cls: Class) -> Iterator[tuple[Runs, ir.At]]:
    if any(cls.project.hierarchy.derives_from(cls, name) for name in _PROCESS):
        own = cls.project.calls.method(cls, "run")
        if len(own.runs) == 1:
            yield Runs(own.runs[0].function, cls), own.runs[0].function.node.name_at
    for method in cls.project.values.fields.methods(cls):
        if mentions(method, "Process"):
            for entry in cls.project.workers.entries(method, cls):
                if entry.kind == "process" and len(entry.callee.runs) == 1 and entry.callee.runs[0].me is cls:
                    yield entry.callee.runs[0], entry.call.at


def _inherited(cls: Class, here: Reached, inside: set[Function]) -> Iterator[tuple[ir.Call, str, Note]]:
    """The calls on a connection in a field that only code outside the child fills."""
    for placed in here.statements():
        for call in own_calls(placed.statement):
            field = field_named(here.function, call.func.value) if isinstance(call.func, ir.Attribute) else ""
            duty = cls.project.resources.duty(cls.project.values.field(cls, field)) if field else None
            if duty is None or duty.role not in {"connection", "channel", "consumer", "producer"}:
                continue
            if duty.model is None or duty.cls is not None or duty.name.startswith(_SAFE) or not duty.when_created:
                continue
            assigned = cls.project.values.fields.assigned(cls, field)
            made = [(one.scope, one.source.expr) for one in assigned if isinstance(one.source.expr, ir.Call)]
            if made and all(scope not in inside for scope, _ in made):
                yield call, field, Note(made[0][0].module.path, made[0][1].at, "the parent opens it here")


def _connection(cls: Class, here: Reached, call: ir.Call, field: str, made: Note, at: ir.At) -> Finding:
    return Finding(
        at=call.at,
        message=f"`self.{field}` was opened in the parent process and is used in the child",
        consequence="Both write to one socket: frames are mixed, and the child's end closes the parent's connection.",
        help="open it in the code of the child",
        notes=(made, Note(cls.path, at, "the child begins here")),
        symbol=here.function.symbol,
        confidence="likely",
    )


# --- pipes ---


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """The pipes that a function makes for its children."""
    if not mentions(function, "Pipe("):
        return
    for made in find(ir.Assign, function.body):
        if isinstance(made.value, ir.Call) and last_name(made.value.func) == "Pipe" and len(made.targets) == 1:
            target = made.targets[0]
            if isinstance(target, ir.Collection) and len(target.items) == 2:
                names = [item.id for item in target.items if isinstance(item, ir.Name)]
                if len(names) == 2:
                    yield from _kept(function, names)


def _kept(function: Function, names: list[str]) -> Iterator[Finding]:
    """The end given to a child and never closed here, when the other end is read without a limit."""
    calls = list(find(ir.Call, function.body, inner=True))
    if any(last_name(call.func) in _WATCHES or ir.dotted_name(call.func) == "close" for call in calls):
        return
    for theirs, ours in (names, names[::-1]):
        given = next((call for call in calls if last_name(call.func) == "Process" and _gives(call, theirs)), None)
        reads = [call for call in calls if ir.dotted_name(call.func) in {f"{ours}.recv", f"{ours}.recv_bytes"}]
        if given is None or not reads or _gives(given, ours) or not _is_process(function, given):
            continue
        uses = [node for node in find(ir.Name, function.body, inner=True) if node.id == theirs]
        within = [node for node in find(ir.Name, (given,), inner=True) if node.id == theirs]
        if len(uses) == len(within) + 1:  # the assignment, and the hand-over: it is never closed
            yield Finding(
                at=given.at,
                message=f"the parent keeps `{theirs}` open, which it gives to the child",
                consequence=f"When the child is killed, `{ours}.recv()` never sees the end and waits for ever.",
                help=f"`{theirs}.close()` right after `start()`",
                notes=(Note(function.path, reads[0].at, "the parent waits here"),),
                symbol=function.symbol,
            )


def _gives(call: ir.Call, name: str) -> bool:
    values = given_to(call)
    return any(node.id == name for node in find(ir.Name, values))


def _is_process(function: Function, call: ir.Call) -> bool:
    return any(
        entry.call.at == call.at and entry.kind == "process" for entry in function.project.workers.entries(function)
    )
