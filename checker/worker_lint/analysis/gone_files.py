"""
Files that are removed at the end of a program without a look whether they are still there.

A socket file, a lock or a pid file lies where others can reach it: the server that has made it may take it away itself,
and one that has never come up has not made it. The removal then raises, and what was to follow is left out: the status
that the process was to end with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements
from worker_lint.analysis.no_return import is_ending
from worker_lint.source import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker_lint.analysis.entity import Function
    from worker_lint.analysis.project import Project

_REMOVES: Final = frozenset({"os.remove", "os.unlink"})
_LOOKS: Final = frozenset({"exists", "isfile", "lexists", "is_file", "is_socket", "islink", "stat", "access"})


class Gone(NamedTuple):
    """The removal, and the end with a status of its own that is then never come to."""

    removal: ir.Call
    exit: ir.Call


def gone_files(project: Project, function: Function) -> Iterator[Gone]:
    """
    The removals after other work, of files that the function has not made by itself, in no `try` and after no look,
    with an exit of the process behind them.
    """
    if not mentions(function, "os.remove", "os.unlink") or not mentions(function, "exit("):
        return
    placed = list(placed_statements(function.statements))
    exits = [call for one in placed for call in own_calls(one.statement) if is_ending(call) and call.args]
    for index, one in enumerate(placed):
        if any(isinstance(outer, (ir.Try, ir.For, ir.While, ir.With)) for outer in one.around):
            continue
        for call in own_calls(one.statement):
            after = next((left for left in exits if _follows(left, one)), None)
            if after is None or project.calls.of(function, call).dotted not in _REMOVES:
                continue
            name = ir.dotted_name(call.args[0]) if len(call.args) == 1 else None
            if name is not None and "." in name and not _is_looked_for(placed[:index], name):
                yield Gone(call, after)


def _follows(left: ir.Call, one: Placed) -> bool:
    """Whether the exit comes after the outermost statement around the removal: on the ways past it, too."""
    outermost = one.around[0] if one.around else one.statement
    return outermost.at[2:] <= left.at[:2]


def _is_looked_for(before: list[Placed], name: str) -> bool:
    """Whether the function looks for the file, or makes or opens it: then it is there, as far as it can tell."""
    for one in before:
        for call in own_calls(one.statement):
            given = {ir.dotted_name(node) for each in call.args for node in find(ir.Attribute, (each,))}
            last = (ir.dotted_name(call.func) or "").rpartition(".")[2]
            if name in given or (last in _LOOKS and (ir.dotted_name(call.func) or "").startswith(f"{name}.")):
                return True
    return False
