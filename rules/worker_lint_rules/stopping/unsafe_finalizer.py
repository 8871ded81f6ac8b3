"""
A `__del__` method takes a lock, waits, starts a task, or uses what may not be there yet.

What it catches
    A `__del__` that, in itself or in what it calls, takes a lock which other objects share, joins a thread or
    waits, starts a task or runs an event loop; and one that, in itself or in a method of the object, reads a
    field which `__init__` sets only after something that can fail.

Why it hurts in production
    The garbage collector calls `__del__` between any two instructions, on whichever thread happens to
    allocate, also while that thread holds the very lock: it then waits for itself for ever. A task
    cannot be started where no loop runs, so nothing is closed. And the object of a failed `__init__`
    is finalized too: the AttributeError is printed in place of the cause.

What to do instead
    Release in `close` or a context manager. In `__del__` only warn (`ResourceWarning`), or register
    `weakref.finalize`. Give fields a default in the class body.

When to ignore it
    When the object is never collected while others run.

Limits
    Locks of the dying object, and of objects that it made for itself, are let pass: who holds them holds it, too.
    So are locks around nothing but the making of a single object.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.finalizing import (
    fields_read,
    is_conditional,
    is_lock,
    keeps_alive,
    looks_first,
    makes_single,
    shares_lock,
)
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions, own_calls, placed_statements
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP132",
    severity="warning",
    stage="preview",
    summary="A `__del__` method takes a lock, waits, starts a task, or uses what may not be there yet",
    words=("__del__",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("warning only",),
    examples=(
        bad(
            "the finalizer starts a task",
            """
            class Connection:
                def __init__(self, loop):
                    self.loop = loop

                async def close(self):
                    self.open = False

                def __del__(self):  # bad: create_task
                    self.loop.create_task(self.close())
            """,
        ),
        bad(
            "the finalizer gives back a connection, which takes the lock of the pool",
            """
            import threading

            class Pool:
                def __init__(self):
                    self.lock = threading.Lock()

                def give_back(self, connection):
                    with self.lock:
                        connection.free = True

            class Client:
                connection = None

                def __init__(self, pool: Pool):
                    self.pool = pool

                def close(self):
                    self.pool.give_back(self.connection)

                def __del__(self):  # bad: self.lock
                    self.close()
            """,
        ),
        bad(
            "the object is half built",
            """
            import socket

            class Client:
                def __init__(self, address):
                    if not address:
                        raise ValueError("no address")
                    self.socket = socket.create_connection(address)

                def __del__(self):  # bad: socket
                    self.socket.close()
            """,
        ),
        good(
            "it only warns",
            """
            import warnings

            class Connection:
                closed = False

                def __del__(self):
                    if not self.closed:
                        warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2)
            """,
            silence="warning only",
        ),
        good(
            "the lock belongs to the dying object, or to one that it made for itself",
            """
            import threading

            class Buffer:
                def __init__(self):
                    self.lock = threading.Lock()

                def clear(self):
                    with self.lock:
                        self.items.clear()

                def __del__(self):
                    self.clear()

            class Writer:
                def __init__(self):
                    self.buffer = Buffer()

                def __del__(self):
                    self.buffer.clear()
            """,
        ),
        good(
            "the lock is only for the first call, which making the object has already done",
            """
            import threading

            _lock = threading.Lock()
            _context = None

            def context():
                global _context
                with _lock:
                    if _context is None:
                        _context = object()
                    return _context

            class Executor:
                def __del__(self):
                    context()
            """,
        ),
        good(
            "the field has a default",
            """
            import socket

            class Client:
                socket = None

                def __init__(self, address):
                    if not address:
                        raise ValueError("no address")
                    self.socket = socket.create_connection(address)

                def __del__(self):
                    if self.socket is not None:
                        self.socket.close()
            """,
        ),
        good(
            "the first question ends it",
            """
            class Client:
                closed = True

                def __init__(self, address):
                    if not address:
                        raise ValueError("no address")
                    self.lines = []
                    self.closed = False

                def __del__(self):
                    if self.closed:
                        return
                    self.lines.clear()
            """,
        ),
        bad(
            "the method that it calls reads what is not there",
            """
            class Client:
                def __init__(self, address, make):
                    if not address:
                        raise ValueError("no address")
                    self._wake = make(address)

                def close(self):
                    if self._wake:
                        self._wake.close()

                def __del__(self):  # bad: _wake
                    self.close()
            """,
        ),
        good(
            "another field tells that there is nothing to do",
            """
            import socket

            class Client:
                open = False

                def __init__(self, address):
                    if not address:
                        raise ValueError("no address")
                    self.socket = socket.create_connection(address)
                    self.open = True

                def __del__(self):
                    if self.open:
                        self.socket.close()
            """,
        ),
        good(
            "what it reads is set first of all",
            """
            class Client:
                def __init__(self, address, make):
                    self.socket = None
                    if not address:
                        raise ValueError("no address")
                    self.socket = make(address)

                def __del__(self):
                    if self.socket is not None:
                        self.socket.close()
            """,
        ),
    ),
)

_TAKES = {"threading.Lock.acquire", "threading.Semaphore.acquire", "multiprocessing.synchronize.Lock.acquire"}
_WAITS = frozenset(
    {
        "threading.Thread.join",
        "multiprocessing.process.BaseProcess.join",
        "concurrent.futures._base.Executor.shutdown",
        "concurrent.futures.thread.ThreadPoolExecutor.shutdown",
        "concurrent.futures.process.ProcessPoolExecutor.shutdown",
        "queue.Queue.join",
        "threading.Event.wait",
    }
)
_STARTS = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.run"})
_LOOP_METHODS = frozenset({"create_task", "run_until_complete"})
_ASKS_LOOP = ("is_running", "get_running_loop")

_LOCKED = "The collector may run it while its own thread holds that lock: the thread then waits for itself for ever."
_WAITED = "The collector may run it on any thread, also on the one that it waits for, and stops that thread meanwhile."
_STARTED = "Where no loop runs in that thread the task is never run: nothing is closed, and the error is only printed."


class _Unsafe(NamedTuple):
    """Something that a finalizer must not do, where, and what can happen."""

    what: str
    here: Reached
    at: ir.At
    harm: str


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """The finalizer of a class: first what can hang, then what may be missing."""
    cls = function.owner
    if function.name != "__del__" or cls is None:
        return
    found = next(_unsafe(cls, function), None)
    if found is not None:
        notes = [Note(way.function.path, way.call.at, "it is called here") for way in found.here.ways]
        notes.append(Note(found.here.function.path, found.at, found.what))
        yield _finding(function, f"`{cls.name}.__del__` reaches {found.what}", found.harm, tuple(notes))
        return
    yield from _half_built(cls, function)


def _finding(function: Function, message: str, harm: str, notes: tuple[Note, ...]) -> Finding:
    return Finding(
        at=function.node.name_at,
        message=message,
        consequence=harm,
        help="release in `close` or `__exit__`; in `__del__` only warn, or use `weakref.finalize`",
        notes=notes,
        symbol=function.symbol,
    )


def _unsafe(cls: Class, function: Function) -> Iterator[_Unsafe]:
    for here in reached_from(Runs(function, cls)):
        for placed in here.statements():
            if isinstance(placed.statement, ir.With):
                for item in placed.statement.items if not makes_single(placed.statement) else ():
                    if shares_lock(cls, here, item.context) and is_lock(here, item.context):
                        yield _Unsafe(f"`with {ir.dotted_name(item.context)}`", here, item.at, _LOCKED)
            for call in own_calls(placed.statement):
                yield from _called(cls, here, call)


def _called(cls: Class, here: Reached, call: ir.Call) -> Iterator[_Unsafe]:
    callee = callee_in(here, call)
    text = f"`{ir.dotted_name(call.func) or callee.dotted}`"
    if callee.dotted in _TAKES and isinstance(call.func, ir.Attribute):
        if shares_lock(cls, here, call.func.value) and not call.args and not call.keywords:
            yield _Unsafe(text, here, call.at, _LOCKED)
    elif callee.dotted in _WAITS and not _is_short(callee, call) and getattr(callee.receiver, "of", None) is not cls:
        if not mentions(here.function, "current_thread", "get_ident", "wait=False") and not keeps_alive(cls, here):
            yield _Unsafe(text, here, call.at, _WAITED)
    elif callee.dotted in _STARTS or _is_loop_method(callee, call):
        if not any(mentions(one, *_ASKS_LOOP) for one in (here.function, *(way.function for way in here.ways))):
            yield _Unsafe(text, here, call.at, _STARTED)


def _is_short(callee: Callee, call: ir.Call) -> bool:
    return callee.dotted.endswith((".wait", ".join")) and bool(call.args or call.keywords)


def _is_loop_method(callee: Callee, call: ir.Call) -> bool:
    name = call.func.name if isinstance(call.func, ir.Attribute) else ""
    return not callee.runs and name in _LOOP_METHODS and bool(call.args)


# --- half-built objects ---


def _half_built(cls: Class, function: Function) -> Iterator[Finding]:
    init = next((item for item in cls.project.values.fields.methods(cls) if item.name == "__init__"), None)
    if init is None or cls.project.hierarchy.is_dynamic(cls) or looks_first(function):
        return
    for reading, field, at in fields_read(cls, function):
        if field in cls.block.names or cls.project.hierarchy.may_inherit(cls, field):
            continue
        risk = _risk_before(cls, init, field)
        if risk is not None:
            notes = (
                Note(cls.path, risk[0], f"when this fails, `{field}` is not set"),
                Note(cls.path, risk[1], f"`{field}` is set here"),
                Note(reading.path, at, f"`{field}` is read here"),
            )
            what = f"`{cls.name}.__del__` reads `{field}`, which a failed `__init__` has not set"
            yield _finding(function, what, "AttributeError is printed beside the error that matters.", notes)
            return


def _risk_before(cls: Class, init: Function, field: str) -> tuple[ir.At, ir.At] | None:
    """What may fail in `__init__` before it sets the field, and where that is; None when the field comes first."""
    subject = init.node.params[0].name if init.node.params else ""
    risk: ir.At | None = None
    for placed in placed_statements(init.body):
        statement = placed.statement
        if risk is None:
            risk = _risk_in(cls, init, statement)
        if isinstance(statement, ir.Assign):
            names = [ir.dotted_name(target) for target in statement.targets]
            if f"{subject}.{field}" in names:
                return (risk, statement.at) if risk is not None and not is_conditional(placed.around) else None
    return None


def _risk_in(cls: Class, init: Function, statement: ir.Stmt) -> ir.At | None:
    """What in a statement is known to raise: itself, a modelled call, or a function of the project that raises."""
    if isinstance(statement, (ir.Raise, ir.Assert)):
        return statement.at
    for call in own_calls(statement):
        callee = cls.project.calls.of(init, call, cls)
        if callee.is_sure and callee.model is not None and isinstance(callee.model.raises, tuple):
            return call.at
        if len(callee.runs) == 1 and callee.is_sure and callee.creates is None:
            function = callee.runs[0].function
            if not function.node.is_async and any(find(ir.Raise, function.body)):
                return call.at
    return None
