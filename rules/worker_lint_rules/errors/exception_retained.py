"""
Exceptions are kept with all their frames in a collection that lives as long as the worker.

What it catches
    In a loop that goes on, or in a method: the exception of a clause is put as it is into a list,
    deque, dict or set that a field or a module's variable holds, and nothing in the file takes
    things out of it or bounds it.

Why it hurts in production
    An exception holds its traceback, the traceback every frame, and each frame its local
    variables: the message, the response, the whole batch. The worker grows with each failure,
    fastest when much fails, until the system kills it.

What to do instead
    Keep what is needed as text, or `error.with_traceback(None)`, in a `deque(maxlen=…)`.

When to ignore it
    Where the object that holds the collection lives for one message only.

Limits
    A collection that is emptied, replaced, returned or bounded anywhere in the file is let pass,
    as is one of an object that is made for one piece of work.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import find, place_of, walk
from worker_lint.analysis.tiers import TrySite
from worker_lint.analysis.tiers.loops import is_endless
from worker_lint.analysis.visit import given_to
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR121",
    severity="note",
    stage="preview",
    confidence="likely",
    summary="Exceptions are kept with their frames in a long-lived collection",
    words=("except",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("with_traceback(None)", "emptied somewhere", "bounded", "no endless loop"),
    examples=(
        bad(
            "all failures since the start",
            """
            class Worker:
                def __init__(self, channel):
                    self.channel = channel
                    self.failures = []

                def run(self):
                    while True:
                        message = self.channel.get()
                        try:
                            self.handle(message)
                        except Exception as error:
                            self.failures.append(error)  # bad: self.failures
            """,
        ),
        bad(
            "with the message, in a module's list",
            """
            FAILED = []

            def run(channel, handle):
                while True:
                    message = channel.get()
                    try:
                        handle(message)
                    except ValueError as error:
                        FAILED.append((message.id, error))  # bad: FAILED
            """,
        ),
        good(
            "without its frames",
            """
            class Worker:
                def __init__(self):
                    self.failures = []

                def run(self, channel):
                    while True:
                        try:
                            self.handle(channel.get())
                        except Exception as error:
                            self.failures.append(error.with_traceback(None))
            """,
            silence="with_traceback(None)",
        ),
        good(
            "reported and emptied",
            """
            class Worker:
                def __init__(self):
                    self.failures = []

                def run(self, channel):
                    while True:
                        try:
                            self.handle(channel.get())
                        except Exception as error:
                            self.failures.append(error)

                def report(self):
                    failures, self.failures = self.failures, []
                    return len(failures)
            """,
            silence="emptied somewhere",
        ),
        good(
            "the last hundred",
            """
            from collections import deque

            class Worker:
                def __init__(self):
                    self.failures = deque(maxlen=100)

                def run(self, channel):
                    while True:
                        try:
                            self.handle(channel.get())
                        except Exception as error:
                            self.failures.append(error)
            """,
            silence="bounded",
        ),
        good(
            "one batch",
            """
            class Batch:
                def __init__(self):
                    self.failures = []

                def run(self, items):
                    for item in items:
                        try:
                            item.handle()
                        except Exception as error:
                            self.failures.append(error)
            """,
            silence="no endless loop",
        ),
    ),
)

_ADDS = frozenset({"append", "add", "appendleft", "put", "put_nowait"})
_TAKES = frozenset({"pop", "popleft", "clear", "remove", "discard", "popitem", "get", "get_nowait", "copy"})


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every named clause in an endless loop."""
    for site in context.project.tiers.sites(module.path):
        if not any(is_endless(site.scope, loop) for loop in site.loops):
            continue
        for handler in site.node.handlers:
            for call in _kept(handler):
                place = place_of(call.func.value) if isinstance(call.func, ir.Attribute) else None
                if place is not None and _lives_long(site, place) and not _is_emptied(module, place, context):
                    yield _finding(site, handler, call, ".".join(place), context)


def _kept(handler: ir.Handler) -> Iterator[ir.Call]:
    """The calls that put the exception itself, or a display with it, into something."""
    for call in find(ir.Call, handler.body):
        if handler.name is not None and isinstance(call.func, ir.Attribute) and call.func.name in _ADDS:
            items = [item for arg in call.args for item in (arg.items if isinstance(arg, ir.Collection) else (arg,))]
            if any(isinstance(item, ir.Name) and item.id == handler.name for item in items):
                yield call


def _lives_long(site: TrySite, place: tuple[str, ...]) -> bool:
    """Whether the collection is a field, or a variable of the module."""
    function = site.function
    if function is None:
        return False
    if len(place) == 2:
        return bool(function.node.params) and place[0] == function.node.params[0].name
    bound = function.module.block.names.get(place[0], ())
    return (
        len(place) == 1
        and any(isinstance(one.node, (ir.Collection, ir.Mapping, ir.Call)) for one in bound)
        and place[0] not in function.block.names
    )


def _is_emptied(module: ModuleScope, place: tuple[str, ...], context: Context) -> bool:
    """Whether any code of the file takes things out, replaces it, hands it on, or bounds it."""
    made: list[ir.Assign] = []
    for body in _bodies(module, context):
        for node in walk(*body):
            if isinstance(node, ir.Call) and _takes(node, place):
                return True
            if any(_ends_in(place_of(part), place) for part in _used(node)):
                return True
            if isinstance(node, ir.Assign) and any(_ends_in(place_of(one), place) for one in _flat(node.targets)):
                made.append(node)
    return len(made) != 1 or not _is_unbounded(made[0].value)


def _takes(call: ir.Call, place: tuple[str, ...]) -> bool:
    """Whether a call takes things out of the collection, or gets it as an argument."""
    func = call.func
    if isinstance(func, ir.Attribute) and func.name in _TAKES and _ends_in(place_of(func.value), place):
        return True
    return any(_ends_in(place_of(value), place) for value in given_to(call))


def _used(node: ir.Node) -> tuple[ir.Expr | None, ...]:
    match node:
        case ir.Delete():
            return node.targets
        case ir.For():
            return (node.iter,)
        case ir.Return():
            return (node.value,)
        case _:
            return ()


def _flat(targets: tuple[ir.Expr, ...]) -> tuple[ir.Expr, ...]:
    return tuple(item for one in targets for item in (one.items if isinstance(one, ir.Collection) else (one,)))


def _is_unbounded(value: ir.Expr | None) -> bool:
    """Whether this is a new collection without a limit."""
    if isinstance(value, ir.Call):
        return not value.args and not any(one.name in ("maxlen", "maxsize") for one in value.keywords)
    return isinstance(value, ir.Collection)


def _ends_in(found: tuple[str, ...] | None, place: tuple[str, ...]) -> bool:
    """Whether this is the same field, under whatever name its object goes."""
    return found is not None and found[-1] == place[-1] and len(found) >= len(place)


def _bodies(module: ModuleScope, context: Context) -> Iterator[tuple[ir.Stmt, ...]]:
    yield module.statements
    for function in context.project.functions_in(module.path):
        if isinstance(function, Function):
            yield function.statements


def _finding(site: TrySite, handler: ir.Handler, call: ir.Call, shown: str, context: Context) -> Finding:
    return Finding(
        at=call.at,
        message=f"`{shown}` keeps each exception with all its frames",
        consequence="The variables of every failed call stay in memory: the worker grows with each failure.",
        help=f"keep `repr({handler.name})`, or bound the collection: `deque(maxlen=100)`",
        notes=(Note(context.path, handler.at[:2] + handler.body[0].at[:2], "taken here"),),
        symbol=site.scope.symbol,
    )
