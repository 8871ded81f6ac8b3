"""
What becomes of exceptions in the loops and handlers of a worker: where each is caught and what
happens then, or that it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.escaping import Boundary, leaving, loops_of
from worker_lint.analysis.escaping.losing import LOST
from worker_lint.analysis.escaping.parsing import MALFORMED
from worker_lint.analysis.escaping.policy import cause, is_caused
from worker_lint.analysis.flow import Thrown
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.routines import LINK_ERROR, USER_CODE
from worker_lint.analysis.tiers import (
    TrySite,
    clause_at,
    ends_process,
    is_bare_reaction,
    log_calls,
    log_level,
    raises_anything,
)
from worker_lint.analysis.tiers.loops import changes_condition, leaves_loop
from worker_lint.analysis.visit import encloses
from worker_lint.analysis.workers.worker import Worker
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Deed: TypeAlias = Literal["continues", "retries", "stops", "may-stop", "alerts", "swallows", "raises", "escapes"]
"""
`raises`: the clause raises again, or something else; `escapes`: no clause takes it; `may-stop`: a condition in the
clause decides.
"""

_CRITICAL: Final = 50
_WAITS: Final = frozenset({"sleep", "wait", "backoff", "reconnect", "retry", "connect"})
_ALERTS: Final = frozenset({"alert", "capture_exception", "notify", "page", "report_exception", "send_alert"})
_MISTAKES: Final = frozenset(
    {
        "TypeError",
        "ValueError",
        "AttributeError",
        "RecursionError",
        "RuntimeError",
        "NotImplementedError",
        "UnicodeError",
    }
)
"""Signs of a mistake in the code, which no clause is written for."""

_NAMES: Final = {
    USER_CODE: "any error of user code",
    LINK_ERROR: "an error of the connection",
    LOST: "the loss of the connection",
    MALFORMED: "an error of decoding",
}


class Answer(Struct, frozen=True):
    """
    What becomes of an exception.

    Attributes:
        exception: Its class, by qualified name, or in words where only its origin is known.
        tier: What it calls for, as the library models say; "" when that is not known.
        method: The loop or handler that it comes up in.
        raised: The line that throws it; None in a row that only tells what a clause takes.
        caught: The line of the clause that takes it; None when it leaves.
        does: What happens then.
    """

    exception: str
    tier: str
    method: str
    raised: int | None
    caught: int | None
    does: Deed


def answers(project: Project, worker: Worker) -> tuple[Answer, ...]:
    """The answers of all loops and handlers of a worker to exceptions, in source order."""
    found: list[Answer] = []
    for runs in dict.fromkeys((*worker.loops, *worker.handlers)):
        for boundary in boundaries_of(runs):
            found.extend(_clauses(project, runs, boundary))
            found.extend(_leaving(project, runs, boundary))
    return tuple(dict.fromkeys(found))


def boundaries_of(runs: Runs) -> Iterator[Boundary]:
    """The outermost endless loops of a method; the whole method where it has none."""
    last: ir.At = (0, 0, 0, 0)
    for loop in loops_of(runs.function):
        if not encloses(last, loop.at):
            last = loop.at
            yield Boundary("loop", runs.function, loop, loop.at, me=runs.me)
    if last == (0, 0, 0, 0):
        yield Boundary("callback", runs.function, runs.function.node, runs.function.node.name_at, me=runs.me)


def _clauses(project: Project, runs: Runs, boundary: Boundary) -> Iterator[Answer]:
    for site in project.tiers.sites(runs.function.path):
        if site.scope is not runs.function or not boundary.holds(site.node):
            continue
        for handler in site.node.handlers:
            does = deed(site, handler)
            for name in project.tiers.caught(site.scope, handler):
                tier = (project.tiers.tier(name) or "") if name is not None else ""
                shown = name or "a class that is not known"
                yield Answer(shown, tier, runs.function.name, None, clause_at(handler)[0], does)


def _leaving(project: Project, runs: Runs, boundary: Boundary) -> Iterator[Answer]:
    found = list(leaving(project.escaping, boundary))
    known = {(cause(name), at) for name, at in found if is_caused(Thrown(name))}
    for name, at in found:
        if name in _MISTAKES or (name, at) in known:
            continue
        yield Answer(*named(project, name), runs.function.name, at[0], None, "escapes")


def named(project: Project, name: str) -> tuple[str, str]:
    """An exception in flight as a reader knows it, and its tier."""
    if name == LOST:
        return _NAMES[LOST], "recoverable"
    plain = cause(name)
    if is_caused(Thrown(name)):
        return _NAMES.get(plain, plain), "message"
    return _NAMES.get(plain, plain), project.tiers.tier(plain) or ""


def deed(site: TrySite, handler: ir.Handler) -> Deed:
    """What a clause does with what it takes."""
    body = handler.body
    loop = site.loops[0] if site.loops else None
    if raises_anything(body):
        return "raises"
    if leaves_loop(body):
        return "stops" if _surely_leaves(body) else "may-stop"
    if ends_process(site.scope, body) or (loop is not None and changes_condition(loop, body)):
        return "stops"
    if any(log_level(call) >= _CRITICAL for call in log_calls(body)) or _calls_one_of(body, _ALERTS):
        return "alerts"
    if is_bare_reaction(body):
        return "swallows"
    return "retries" if _calls_one_of(body, _WAITS) else "continues"


def _surely_leaves(body: tuple[ir.Stmt, ...]) -> bool:
    """Whether the last statement leaves the loop, in all branches if it has some."""
    last = body[-1] if body else None
    if isinstance(last, ir.If):
        return _surely_leaves(last.body) and _surely_leaves(last.orelse)
    return isinstance(last, ir.Return) or (isinstance(last, ir.Simple) and last.kind == "break")


def _calls_one_of(body: tuple[ir.Stmt, ...], names: frozenset[str]) -> bool:
    return any(
        (call.func.name if isinstance(call.func, ir.Attribute) else getattr(call.func, "id", "")).lstrip("_") in names
        for call in find(ir.Call, body)
    )
