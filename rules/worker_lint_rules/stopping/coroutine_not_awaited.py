"""
A coroutine function is called and the coroutine thrown away.

What it catches
    A call of a coroutine function, of the project or of a modelled library, as a statement without `await`;
    and a coroutine function given to something that only calls it: `atexit.register`,
    `signal.signal`, `loop.add_signal_handler`, `loop.call_soon_threadsafe`, `Thread(target=…)`.

Why it hurts in production
    Not a line of the called function runs. A consumer is not closed, an offset is not committed, a
    last batch is not flushed, and the only trace is "coroutine was never awaited" on stderr at some
    later garbage collection.

What to do instead
    `await` it; from synchronous code `asyncio.run(…)` or `asyncio.run_coroutine_threadsafe(…, loop)`; in a
    callback keep the task: `self._closing = loop.create_task(…)`.

When to ignore it
    Never: the statement has no effect.

Limits
    A call counts only when every function that it may run is a coroutine function, overrides in
    subclasses included. Decorated coroutine functions are left out unless the decorator is known.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope, Scope
from worker_lint.analysis.callee import dotted_callee, functions_called, functions_meant, gives_coroutine
from worker_lint.analysis.nesting import mentions, own_calls, with_inner
from worker_lint.analysis.statements import walk_statements
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP129",
    severity="error",
    stage="preview",
    summary="A coroutine function is called and the coroutine thrown away",
    words=("async def", "asyncio", "close", "commit", "shutdown", "stop"),
    closure="file",
    product_only=True,
    silences=("returned", "stored", "given to a runner"),
    examples=(
        bad(
            "the stop method forgets an await",
            """
            class Worker:
                async def drain(self):
                    self.pending = []

                async def stop(self):
                    self.drain()  # bad: drain
            """,
        ),
        bad(
            "the base became asynchronous, the caller stayed behind",
            """
            from base import Consumer

            class MailConsumer(Consumer):
                def close(self):
                    self.commit()  # bad: commit
            """,
            files={
                "base.py": """
                class Consumer:
                    async def commit(self):
                        self.offset = 0
                """
            },
        ),
        bad(
            "a coroutine function as signal handler",
            """
            import asyncio
            import signal

            class Worker:
                async def stop(self):
                    self.stopping = True

                async def run(self):
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGTERM, self.stop)  # bad: stop
            """,
        ),
        bad(
            "a coroutine function at exit",
            """
            import atexit

            async def flush():
                print("flushed")

            atexit.register(flush)  # bad: flush
            """,
        ),
        bad(
            "a call in the standard library",
            """
            import asyncio

            async def poll(check):
                while not check():
                    asyncio.sleep(1)  # bad: sleep
            """,
        ),
        good(
            "awaited",
            """
            class Worker:
                async def drain(self):
                    self.pending = []

                async def stop(self):
                    await self.drain()
            """,
        ),
        good(
            "the caller awaits what is returned",
            """
            class Worker:
                async def drain(self):
                    self.pending = []

                def stop(self):
                    return self.drain()
            """,
            silence="returned",
        ),
        good(
            "kept until somebody awaits it",
            """
            class Worker:
                async def drain(self):
                    self.pending = []

                def stop(self):
                    self.draining = self.drain()
            """,
            silence="stored",
        ),
        good(
            "something runs it",
            """
            import asyncio
            import atexit

            async def flush():
                print("flushed")

            def stop():
                asyncio.run(flush())

            atexit.register(stop)
            """,
            silence="given to a runner",
        ),
        good(
            "some subclass is synchronous",
            """
            class Worker:
                async def drain(self):
                    self.pending = []

                def stop(self):
                    self.drain()

            class PlainWorker(Worker):
                def drain(self):
                    self.pending = None
            """,
        ),
        good(
            "a decorator makes a plain function of it",
            """
            from tools import background

            class Worker:
                @background
                async def drain(self):
                    self.pending = []

                def stop(self):
                    self.drain()
            """,
        ),
        good(
            "a handler that starts a task",
            """
            import asyncio
            import signal

            class Worker:
                async def stop(self):
                    self.stopping = True

                def on_signal(self):
                    self.closing = asyncio.ensure_future(self.stop())

                async def run(self):
                    loop = asyncio.get_running_loop()
                    loop.add_signal_handler(signal.SIGTERM, self.on_signal)
            """,
        ),
    ),
)

_TAKES_FUNCTION = {
    "atexit.register": (0, ""),
    "signal.signal": (1, "handler"),
    "weakref.finalize": (1, ""),
    "threading.Thread": (-1, "target"),
    "threading.Timer": (1, "function"),
    "multiprocessing.Process": (-1, "target"),
}
"""What calls a function that it is given and drops the result: the function's place, and its name."""
_LOOP_METHODS = {"add_signal_handler": 1, "call_soon_threadsafe": 0}
"""Methods that only event loops of asyncio have; other loops run coroutines given to `call_later`."""
_SCHEDULES = "asyncio.gather"
"""It starts what it gets at once, whether it is awaited or not."""
_TAKERS = (*_LOOP_METHODS, *(name.rpartition(".")[2] for name in _TAKES_FUNCTION))


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Coroutines dropped in a function and those defined in it."""
    first, _, last, _ = function.node.at
    lines = [line for line in function.project.coroutine_names.dropped_lines(function.module) if first <= line <= last]
    if lines or mentions(function, *_TAKERS):
        for scope in with_inner(function):
            yield from _in_scope(scope)


@rule.on_module
def check_module(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Coroutines dropped at module level."""
    yield from _in_scope(module)


def _in_scope(scope: Scope) -> Iterator[Finding]:
    lines = scope.project.coroutine_names.dropped_lines(scope.module)
    for statement in walk_statements(scope.statements):
        if isinstance(statement, ir.Expression) and isinstance(statement.value, ir.Call):
            if statement.at[0] in lines:
                yield from _dropped(scope, statement.value)
        for call in own_calls(statement):
            yield from _handed_over(scope, call)


def _dropped(scope: Scope, call: ir.Call) -> Iterator[Finding]:
    functions = functions_called(scope, call)
    name = (ir.dotted_name(call.func) or "").rpartition(".")[2]
    if gives_coroutine(functions):
        yield _finding(scope, call, name, functions)
    elif not functions and _is_modelled_coroutine(scope, call):
        yield _finding(scope, call, name, ())


def _is_modelled_coroutine(scope: Scope, call: ir.Call) -> bool:
    callee = scope.project.calls.of(scope, call)
    return callee.model is not None and callee.is_sure and bool(callee.model.coroutine) and callee.dotted != _SCHEDULES


def _handed_over(scope: Scope, call: ir.Call) -> Iterator[Finding]:
    """A coroutine function given to something that calls it and drops the coroutine."""
    given = _given_function(scope, call)
    if isinstance(given, ir.Lambda):
        called = given.body.func if isinstance(given.body, ir.Call) else None
        given = called
    if not isinstance(given, (ir.Name, ir.Attribute)):
        return
    functions = functions_meant(scope, given)
    if not gives_coroutine(functions):
        return
    name = (ir.dotted_name(given) or "").rpartition(".")[2]
    caller = (ir.dotted_name(call.func) or "").rpartition(".")[2]
    yield Finding(
        at=given.at,
        message=f"`{caller}` calls the coroutine function `{name}` and drops the coroutine",
        consequence=f"Not a line of `{name}` runs.",
        help="give it a plain function that keeps a task: `self._stopping = loop.create_task(…)`",
        notes=tuple(Note(item.path, item.node.name_at, f"`{name}` is `async`") for item in functions),
        symbol=scope.symbol,
    )


def _given_function(scope: Scope, call: ir.Call) -> ir.Expr | None:
    """The argument that the callee is going to call, if that is all that it does with it."""
    name = call.func.name if isinstance(call.func, ir.Attribute) else ir.dotted_name(call.func) or ""
    if name in _LOOP_METHODS and not functions_called(scope, call):
        index, keyword = _LOOP_METHODS[name], ""
    elif name in _TAKERS:
        index, keyword = _TAKES_FUNCTION.get(dotted_callee(scope, call), (-1, ""))
    else:
        return None
    by_name = next((item.value for item in call.keywords if item.name and item.name == keyword), None)
    if by_name is not None or not 0 <= index < len(call.args):
        return by_name
    return None if any(isinstance(item, ir.Starred) for item in call.args) else call.args[index]


def _finding(scope: Scope, call: ir.Call, name: str, functions: tuple[Function, ...]) -> Finding:
    text = ir.dotted_name(call.func) or name
    inside = isinstance(scope, Function) and scope.node.is_async
    return Finding(
        at=call.at,
        message=f"`{text}()` is a coroutine that is never awaited",
        consequence=f"Not a line of `{name}` runs.",
        help=f"`await {text}(…)`" if inside else f"run it: `asyncio.run({text}(…))`, or make the caller `async`",
        notes=tuple(Note(item.path, item.node.name_at, f"`{name}` is `async`") for item in functions),
        symbol=scope.symbol,
    )
