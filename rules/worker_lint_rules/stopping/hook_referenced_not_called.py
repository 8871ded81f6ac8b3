"""
A method that stops or releases something is named but not called.

What it catches
    `self.consumer.close` or `await worker.stop` as a statement, without parentheses; such a method given to
    a function that only awaits what it gets; and a call of a generator that stops something, whose
    result nobody iterates, so that its body never begins.

Why it hurts in production
    The stop sequence looks complete and does nothing: connections stay open, threads go on, the
    last messages are not flushed. A bound method without parentheses raises nothing, so no test
    of the happy path notices.

What to do instead
    Call it: `self.consumer.close()`, `await worker.stop()`, `yield from self.drain()`.

When to ignore it
    When reading the attribute is the point, as for a property with an effect on reading.

Limits
    Where the receiver is not known, only names such as `close`, `stop` and `shutdown` count, and
    only as a statement of their own. A generator counts that stands in the same file or in a base of the class.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function, Instance, Unknown
from worker_lint.analysis.callee import functions_called, functions_meant, gives_coroutine
from worker_lint.analysis.nesting import Placed, mentions, own_expressions, placed_statements, with_inner
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import STOP_NAMES, is_stop_name
from worker_lint.analysis.visit import given_to
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_NAMES = ("close", "stop", "shutdown", "disconnect", "terminate", "cleanup", "cancel", "drain")
_LINES = (*(f"{name}\n" for name in _NAMES), "close  #", "stop  #")
_LAST = (".close)", ".stop)", ".shutdown)", ".cleanup)")
"""Half of all files speak of closing. What stands behind the name tells where it is not called: few are parsed so."""

rule = Rule(
    code="STP133",
    severity="error",
    stage="certain",
    summary="A method that stops or releases something is named but not called",
    words=(*_LINES, *_LAST, "yield", "\r\n"),
    besides=_NAMES,
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("property",),
    examples=(
        bad(
            "the parentheses are missing",
            """
            class Worker:
                def __init__(self, consumer):
                    self.consumer = consumer

                def stop(self):
                    self.consumer.stop_consuming()
                    self.consumer.close  # bad: close
            """,
        ),
        bad(
            "the hook is given to a helper that only awaits",
            """
            import inspect

            async def settle(value):
                if inspect.isawaitable(value):
                    return await value
                return value

            class Broker:
                plugins = ()

                async def stop(self):
                    for plugin in self.plugins:
                        await settle(plugin.shutdown)  # bad: plugin.shutdown
            """,
        ),
        bad(
            "a coroutine method is awaited without being called",
            """
            class Worker:
                async def stop_consuming(self):
                    self.pending = []

                async def close(self):
                    self.pending = []

                async def stop(self):
                    await self.stop_consuming()
                    await self.close  # bad: self.close
            """,
        ),
        bad(
            "nobody iterates the generator that stops the children",
            """
            class Supervisor:
                children = ()

                def stop_children(self):
                    for child in self.children:
                        child.stop()
                        yield child

                def stop(self):
                    self.stop_children()  # bad: stop_children
            """,
        ),
        good(
            "all are called",
            """
            import inspect

            async def settle(value):
                if inspect.isawaitable(value):
                    return await value
                return value

            class Worker:
                def __init__(self, consumer, plugin):
                    self.consumer = consumer
                    self.plugin = plugin

                def children(self):
                    yield self.consumer

                async def stop(self):
                    self.consumer.close()
                    for child in self.children():
                        child.stop()
                    await settle(self.plugin.shutdown())
            """,
        ),
        good(
            "a property that releases when it is read",
            """
            class Worker:
                @property
                def cleanup(self):
                    self.pending = []

                def stop(self):
                    self.cleanup
            """,
            silence="property",
        ),
        good(
            "an attribute that can be awaited",
            """
            import asyncio

            class Worker:
                def __init__(self):
                    self.shutdown = asyncio.get_event_loop().create_future()

                async def run(self):
                    await self.shutdown
            """,
        ),
        good(
            "the helper calls what it gets",
            """
            async def guarded(release):
                try:
                    await release()
                except OSError:
                    print("not released")

            class Worker:
                def __init__(self, connection):
                    self.connection = connection

                async def stop(self):
                    await guarded(self.connection.close)
            """,
        ),
        good(
            "a test for the attribute",
            """
            def can_stop(worker):
                try:
                    worker.stop
                except AttributeError:
                    return False
                return True
            """,
        ),
    ),
)

_AWAITERS = frozenset({"isawaitable", "iscoroutine", "iscoroutinefunction", "isfuture", "isinstance", "ensure_future"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Statements in the function that name a stop method without running it."""
    if not mentions(function, *_NAMES):
        return
    for scope in with_inner(function):
        for placed in placed_statements(scope.body):
            if isinstance(placed.statement, ir.Expression):
                yield from _in_statement(scope, placed, placed.statement.value)


def _in_statement(scope: Function, placed: Placed, value: ir.Expr) -> Iterator[Finding]:
    match value:
        case ir.Attribute() if value.name in STOP_NAMES and _is_followed(scope, value, _LINES):
            if not _is_feature_test(placed) and not _is_value(scope, value):
                yield _finding(scope, value, "is named here but never called")
        case ir.Await(value=ir.Attribute() as method) if _is_followed(scope, method, _LINES):
            if gives_coroutine(functions_meant(scope, method)):
                yield _finding(scope, method, "is awaited without being called", "This raises TypeError, so the rest")
        case ir.Await(value=ir.Call() as call):
            yield from _given(scope, call)
        case ir.Call():
            yield from _generator(scope, value)
        case _:
            pass


def _is_followed(scope: Function, attribute: ir.Attribute, words: tuple[str, ...]) -> bool:
    """Whether one of the words is the end of the attribute's name and what stands behind it."""
    at = attribute.at
    rest = f".{attribute.name}{scope.project.store.text(scope.path).line(at[2])[at[3] - 1 :]}\n"
    return any(0 <= rest.find(word) <= len(attribute.name) for word in words)


def _is_value(scope: Function, attribute: ir.Attribute) -> bool:
    """Whether reading the attribute may do something, or it is no method: known of the project's own classes."""
    project = scope.project
    for receiver in project.names.expr(scope, attribute.value):
        if isinstance(receiver, Instance) and isinstance(receiver.of, Class):
            if not functions_meant(scope, attribute):
                return True  # a property, a field, or something else than a method
        elif not isinstance(receiver, Unknown):
            return True
    return False


def _is_feature_test(placed: Placed) -> bool:
    """Whether the statement only asks for the attribute: a handler around it expects that it is missing."""
    return any(
        (ir.dotted_name(part) or "") in {"AttributeError", "Exception"}
        for statement in placed.around
        if isinstance(statement, ir.Try) and len(statement.body) == 1
        for handler in statement.handlers
        for part in (handler.exception.items if isinstance(handler.exception, ir.Collection) else (handler.exception,))
    )


def _given(scope: Function, call: ir.Call) -> Iterator[Finding]:
    """A stop method given to a function of the project that does nothing with it but await it."""
    for position, argument in enumerate(call.args):
        if not isinstance(argument, ir.Attribute) or argument.name not in STOP_NAMES or _is_value(scope, argument):
            continue
        if not _is_followed(scope, argument, _LAST):
            continue
        functions = functions_called(scope, call)
        if functions and all(_only_awaits(function, position) for function in functions):
            yield _finding(scope, argument, "is given to a function that never calls it", notes=_notes(functions))


def _notes(functions: tuple[Function, ...]) -> tuple[Note, ...]:
    return tuple(
        Note(item.path, item.node.name_at, f"`{item.name}` awaits what it gets and calls nothing") for item in functions
    )


def _only_awaits(function: Function, position: int) -> bool:
    """Whether the function awaits the parameter at this place somewhere and neither calls it nor hands it on."""
    params = function.node.params
    index = position + (1 if function.owner is not None else 0)
    if index >= len(params) or params[index].kind not in {"positional", "positional-only"}:
        return False
    name = params[index].name
    awaited = False
    for statement in walk_statements(function.body):
        for node in own_expressions(statement):
            if isinstance(node, ir.Await) and ir.dotted_name(node.value) == name:
                awaited = True
            if isinstance(node, ir.Call) and _calls_or_passes(node, name):
                return False
            if isinstance(node, ir.Lambda) and name in node.captured:
                return False
        if isinstance(statement, (ir.FunctionDef, ir.Assign)) and function.node.is_generator:
            return False
    return awaited


def _calls_or_passes(call: ir.Call, name: str) -> bool:
    if ir.dotted_name(call.func) == name:
        return True
    if (ir.dotted_name(call.func) or "").rpartition(".")[2] in _AWAITERS:
        return False
    given = given_to(call)
    return any(ir.dotted_name(item.value if isinstance(item, ir.Starred) else item) == name for item in given)


def _generator(scope: Function, call: ir.Call) -> Iterator[Finding]:
    """A call of a plain generator function as a statement, where either name is about stopping."""
    name = (ir.dotted_name(call.func) or "").rpartition(".")[2]
    if not name or not (is_stop_name(name) or is_stop_name(scope.name)) or not _may_see_generator(scope):
        return
    functions = functions_called(scope, call)
    if functions and all(item.node.is_generator and _is_near(scope, item) for item in functions):
        yield Finding(
            at=call.at,
            message=f"`{name}` is a generator that nobody iterates here",
            consequence="Its body never begins, so nothing is stopped or released.",
            help=f"iterate it: `{'async ' if functions[0].node.is_async else ''}for … in {_text(scope, call)}: …`",
            notes=tuple(Note(item.path, item.node.name_at, f"`{name}` is defined here") for item in functions),
            symbol=scope.symbol,
        )


def _may_see_generator(scope: Function) -> bool:
    """Whether the text of a file in which `_is_near` holds has a generator at all: asked before a call is resolved."""
    store, owner = scope.project.store, scope.owner
    if "yield" in store.text(scope.path).source:
        return True
    bases = scope.project.hierarchy.order(owner) if owner is not None else ()
    return any(isinstance(base, Class) and "yield" in store.text(base.path).source for base in bases)


def _is_near(scope: Function, generator: Function) -> bool:
    """Whether it stands in the same file, or in one that the class comes from: the screen has looked there."""
    owner = scope.owner
    return generator.path == scope.path or (
        owner is not None and generator.owner is not None and generator.owner in scope.project.hierarchy.order(owner)
    )


def _finding(scope: Function, method: ir.Attribute, what: str, harm: str = "", notes: tuple[Note, ...] = ()) -> Finding:
    text = _text(scope, method)
    return Finding(
        at=method.at,
        message=f"`{text}` {what}",
        consequence=f"{harm} of the stop sequence is skipped." if harm else "Nothing is stopped or released here.",
        help=f"call it: `{text}()`",
        notes=notes,
        symbol=scope.symbol,
    )


def _text(scope: Function, node: ir.Expr) -> str:
    return ir.dotted_name(node) or scope.project.store.text(scope.path).segment(node.at).split("\n")[0]
