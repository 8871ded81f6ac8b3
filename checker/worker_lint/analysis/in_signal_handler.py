"""What a signal handler reaches that can deadlock: locks that it takes, and threads that it waits for or starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Function
from worker_lint.analysis.main_thread import Lock, is_plain_lock, is_unsafe, lock_of
from worker_lint.analysis.nesting import own_calls, own_expressions
from worker_lint.analysis.reached import Reached, callee_in, reached_from
from worker_lint.analysis.signalled import is_made_here
from worker_lint.source import ir

_SETTERS: Final = frozenset({"threading.Event.set", "threading.Event.clear", "multiprocessing.synchronize.Event.set"})
_WAITS: Final = frozenset(
    {"threading.Thread.join", "threading.Thread.start", "multiprocessing.process.BaseProcess.start"}
)


class Unsafe(NamedTuple):
    """
    Something unsafe that a handler reaches.

    Attributes:
        what: How it is called.
        here: The function it stands in, with the way to it.
        at: Its place there.
        subject: What it is done to.
        is_setter: It sets or clears an event, and is out of the lock of the event at once.
        waits: It takes no lock of the program, but waits for another thread or begins one.
    """

    what: str
    here: Reached
    at: ir.At
    subject: ir.Expr | None
    is_setter: bool = False
    waits: bool = False

    @property
    def order(self) -> tuple[ir.At, ...]:
        """Comparable with that of others of the same handler: what runs first comes first."""
        return (*(way.call.at for way in self.here.ways), self.at)

    @property
    def functions(self) -> tuple[Function, ...]:
        """The function that it stands in, and those that lead there."""
        return (*(way.function for way in self.here.ways), self.here.function)

    @property
    def lock(self) -> Lock | None:
        """The lock that is taken, where its name is known."""
        here = self.here
        return lock_of(here.function, self.subject, here.me) if self.subject is not None else None


def unsafe_in(start: Runs) -> Iterator[Unsafe]:
    """What a function that is a handler reaches."""
    for here in reached_from(start):
        for placed in here.statements():
            if isinstance(placed.statement, ir.With):
                yield from _entered(here, placed.statement)
            for call in own_calls(placed.statement):
                yield from _called(here, call)


def unsafe_in_lambda(scope: Function, body: ir.Lambda) -> Iterator[Unsafe]:
    """What a lambda that is a handler reaches."""
    here = Reached(scope, scope.owner)
    for call in own_expressions(ir.Expression(body.at, body.body)):
        if isinstance(call, ir.Call):
            yield from _called(here, call, shares=True)
            runs = callee_in(here, call).runs
            if len(runs) == 1:
                yield from unsafe_in(runs[0])


def _entered(here: Reached, statement: ir.With) -> Iterator[Unsafe]:
    for item in statement.items:
        if is_plain_lock(here.function, item.context, here.me):
            yield Unsafe(f"`with {_text(here, item.context)}`", here, item.at, item.context)


def _called(here: Reached, call: ir.Call, *, shares: bool = False) -> Iterator[Unsafe]:
    callee = callee_in(here, call)
    name = callee.dotted
    if is_unsafe(callee, call) and (name in _WAITS or shares or not is_made_here(here.function, call)):
        subject = call.func.value if isinstance(call.func, ir.Attribute) else None
        short = ".".join(name.split(".")[-2:])
        yield Unsafe(f"`{short}`", here, call.at, subject, name in _SETTERS, name in _WAITS)


def _text(here: Reached, node: ir.Expr) -> str:
    return ir.dotted_name(node) or here.function.project.store.text(here.function.path).segment(node.at).split("\n")[0]
