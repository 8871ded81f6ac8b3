"""Whether a clean-up does what the system does not do by itself when a process ends."""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Scope
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.touching import methods_named
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_OUTLASTS: Final = frozenset(
    {"write", "writelines", "flush", "commit", "save", "dump", "send", "sendall", "publish", "put", "post", "delete"}
    | {"unlink", "remove", "rmdir", "rmtree", "rename", "replace", "release", "unregister", "deregister", "logout"}
    | {"terminate", "kill", "killpg", "send_signal", "ack", "nack", "rollback", "leave", "join", "drain", "finalize"}
)
"""What reaches beyond the process or waits for work in hand: the end of a process closes sockets, and no more."""


def outlasts(scope: Scope, release: ir.Call, cls: Class, me: Class | None) -> bool:
    """Whether the release of an object of the class, or of one derived from it, leads to such a call."""
    runs = scope.project.calls.of(scope, release, me).runs
    names = {release.func.name} if isinstance(release.func, ir.Attribute) else set()
    functions = [here.function for one in runs for here in reached_from(one)]
    functions += [here.function for one in methods_named(cls, names) for here in reached_from(Runs(one, one.owner))]
    return any(
        last_name(call.func) in _OUTLASTS
        for function in dict.fromkeys(functions)
        for statement in walk_statements(function.statements)
        for call in own_calls(statement)
    )
