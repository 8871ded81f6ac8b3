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
    Certain are locks that all objects share, tasks started without asking for a loop or warning, and fields
    left unset by the outside world, or by checks of a public class that its own file never makes; the rest is
    likely: all waits for threads, what only an assertion leaves unset, tasks of a part that another object may
    lack, and tasks of a finalizer that asks whether the object is open still, and so is a last resort.
"""

from collections.abc import Iterator
from typing import NamedTuple

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Callee, Runs
from worker_lint.analysis.failed_making import Risk, made_by_its_module, risk_before
from worker_lint.analysis.finalizing import (
    fields_read,
    hangs_on_another,
    is_for_all,
    is_last_resort,
    is_lock,
    keeps_alive,
    looks_first,
    makes_single,
    shares_lock,
)
from worker_lint.analysis.nesting import mentions, own_calls
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP132",
    severity="warning",
    stage="certain",
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
            is_likely=True,
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
    """Something that a finalizer must not do, where, what can happen, and whether it surely can."""

    what: str
    here: Reached
    at: ir.At
    harm: str
    is_certain: bool


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
        what = f"`{cls.name}.__del__` reaches {found.what}"
        yield _finding(function, what, found.harm, tuple(notes), is_certain=found.is_certain)
        return
    yield from _half_built(cls, function)


def _finding(function: Function, message: str, harm: str, notes: tuple[Note, ...], *, is_certain: bool) -> Finding:
    return Finding(
        at=function.node.name_at,
        message=message,
        consequence=harm,
        help="release in `close` or `__exit__`; in `__del__` only warn, or use `weakref.finalize`",
        notes=notes,
        symbol=function.symbol,
        confidence="certain" if is_certain else "likely",
    )


def _unsafe(cls: Class, function: Function) -> Iterator[_Unsafe]:
    for here in reached_from(Runs(function, cls)):
        for placed in here.statements():
            if isinstance(placed.statement, ir.With):
                yield from _entered(cls, here, placed.statement)
            for call in own_calls(placed.statement):
                yield from _called(cls, here, call)


def _entered(cls: Class, here: Reached, block: ir.With) -> Iterator[_Unsafe]:
    for item in block.items if not makes_single(block) else ():
        lock = item.context
        if shares_lock(cls, here, lock) and is_lock(here, lock):
            yield _Unsafe(f"`with {ir.dotted_name(lock)}`", here, item.at, _LOCKED, is_for_all(here, lock))


def _called(cls: Class, here: Reached, call: ir.Call) -> Iterator[_Unsafe]:
    callee = callee_in(here, call)
    text = f"`{ir.dotted_name(call.func) or callee.dotted}`"
    if callee.dotted in _TAKES and isinstance(call.func, ir.Attribute):
        if shares_lock(cls, here, call.func.value) and not call.args and not call.keywords:
            yield _Unsafe(text, here, call.at, _LOCKED, is_for_all(here, call.func.value))
    elif callee.dotted in _WAITS and not _is_short(callee, call) and getattr(callee.receiver, "of", None) is not cls:
        if mentions(here.function, "current_thread", "get_ident", "wait=False"):
            return
        if not isinstance(call.func, ir.Attribute) or not keeps_alive(cls, here, call.func.value):
            yield _Unsafe(text, here, call.at, _WAITED, is_certain=False)
    elif callee.dotted in _STARTS or _is_loop_method(callee, call):
        if not any(mentions(one, *_ASKS_LOOP) for one in (here.function, *(way.function for way in here.ways))):
            is_loop = callee.dotted in _STARTS or "loop" in text.lower()  # others have tasks of their own, too
            is_unsure = is_last_resort(here, call.at) or hangs_on_another(cls, here)
            yield _Unsafe(text, here, call.at, _STARTED, is_loop and not is_unsure)


def _is_short(callee: Callee, call: ir.Call) -> bool:
    return callee.dotted.endswith((".wait", ".join")) and bool(call.args or call.keywords)


def _is_loop_method(callee: Callee, call: ir.Call) -> bool:
    name = call.func.name if isinstance(call.func, ir.Attribute) else ""
    return not callee.first and name in _LOOP_METHODS and bool(call.args)


# --- half-built objects ---


def _half_built(cls: Class, function: Function) -> Iterator[Finding]:
    init = next((item for item in cls.project.values.fields.methods(cls) if item.name == "__init__"), None)
    if init is None or cls.project.hierarchy.is_dynamic(cls) or looks_first(function):
        return
    for reading, field, at in fields_read(cls, function):
        if field in cls.block.names or cls.project.hierarchy.may_inherit(cls, field):
            continue
        risk = risk_before(cls, init, field)
        if risk is not None:
            notes = (
                Note(cls.path, risk.at, f"when this fails, `{field}` is not set"),
                Note(cls.path, risk.set_at, f"`{field}` is set here"),
                Note(reading.path, at, f"`{field}` is read here"),
            )
            what = f"`{cls.name}.__del__` reads `{field}`, which a failed `__init__` has not set"
            harm = "AttributeError is printed beside the error that matters."
            yield _finding(function, what, harm, notes, is_certain=_may_be_met(cls, risk))
            return


def _may_be_met(cls: Class, risk: Risk) -> bool:
    """
    Whether those who make the object may meet the failure: the world decides it, or it refuses what others hand in.
    Where the class is private, or its file makes its objects, the maker may see to it that the check holds.
    """
    return risk.cause == "outside" or (
        risk.cause == "check" and not cls.name.startswith("_") and not made_by_its_module(cls)
    )
