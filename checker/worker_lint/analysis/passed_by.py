"""
What a method gives, and what the same block closes after asking it something: an error of that passes the close by.

The object is of any class; only objects that do nothing else but stand between these calls are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import External, Function, Instance
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.statements import kept_call, statement_lists
from worker_lint.analysis.sure_link import holds_nothing_before, is_sure
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Passed(NamedTuple):
    """
    A local of a class that nobody knows: the call that gives it, what is asked of it by way of its link, and the
    release after that. `is_told`: the function says of itself that it raises, in its documentation or a comment.
    """

    name: str
    given: ir.Call
    cause: ir.Call
    release: ir.Call
    is_told: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether this is beyond doubt."""
        return self.is_told


def passed_by(project: Project, function: Function) -> Iterator[Passed]:
    """
    What a method gives, is asked for something over its link, and then closed, all in one block: an error of the
    middle step passes the release by. Only objects that do nothing else but stand between these calls.
    """
    for block in statement_lists(function.statements):
        for index, statement in enumerate(block):
            name, given = _given(statement)
            if given is None:
                continue
            on_it = [one for one in map(kept_call, block[index + 1 :]) if one is not None and _method(one, name)]
            release = next((one for one in on_it if _method(one, name) in _RELEASES), None)
            asked = [one for one in on_it if _method(one, name) in _OVER_LINK]
            if release is None or not asked or not _does_nothing_else(project, function, name):
                continue
            cause = next((one for one in asked if _may_fail(function, given, one, _method(one, name))), None)
            if cause is not None and cause.at < release.at:
                called = {_method(one, name) for one in on_it}
                yield Passed(name, given, cause, release, _is_told(function, given, called))


def _does_nothing_else(project: Project, function: Function, name: str) -> bool:
    """Whether all that is done with a local, bound once, is to call its methods."""
    if len(project.values.bindings(function).places.get((name,), ())) != 1:
        return False
    uses = (use for use in project.places.uses(function) if use.place == (name,))
    return all(use.how in ("called", "read") for use in uses)


def _is_told(function: Function, given: ir.Call, called: Container[str]) -> bool:
    """
    Whether the function says that it raises, and the object is of no library of which it is known what is left, nor
    one that is asked what only sockets are: those close themselves when the frame goes.
    """
    if any(name in called for name in _ON_SOCKETS):
        return False
    kind = function.project.values.of(function, given)
    is_known = isinstance(kind, Instance) and isinstance(kind.of, External)
    return not is_known and _SAYS_RAISES.search(body_text(function)) is not None


_SAYS_RAISES: Final = re.compile(r":raises?\b|\bRaises:|\bexceptions? (?:is|are|may be|will be)\s+raised\b")
_RELEASES: Final = frozenset({"close", "release", "disconnect", "quit"})
_ON_SOCKETS: Final = ("sendall", "recv", "recv_into", "recvfrom", "sendto", "settimeout", "setsockopt")
_OVER_LINK: Final = frozenset(
    {"fetch", "recv", "receive", "send", "sendall", "request", "connect", "login", "publish", "consume", "sendmail"}
)
"""Methods that ask something of the other side of a link: these fail when the link does."""


def _may_fail(function: Function, given: ir.Call, call: ir.Call, step: str) -> bool:
    """Whether a step asks something over a link that is there by then."""
    return not is_sure(function, call) and not holds_nothing_before(function, given, step)


def _given(statement: ir.Stmt) -> tuple[str, ir.Call | None]:
    """The name that a statement binds to what a method gives."""
    if isinstance(statement, ir.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ir.Name):
        value = statement.value.value if isinstance(statement.value, ir.Await) else statement.value
        if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute):
            return statement.targets[0].id, value
    return "", None


def _method(call: ir.Call, name: str) -> str:
    func = call.func
    is_on = isinstance(func, ir.Attribute) and isinstance(func.value, ir.Name) and func.value.id == name
    return func.name if is_on and isinstance(func, ir.Attribute) else ""
