"""
What runs by itself and may end without anybody's help: whether an error that leaves it behind leaves it for good.
"""

from __future__ import annotations

from typing import Final

from worker_lint.analysis.children import is_daemon, run_by, serves
from worker_lint.analysis.entity import Class
from worker_lint.analysis.flow import find
from worker_lint.analysis.resources.held import Held
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

_RUN_OUT: Final = frozenset({"timer", "task"})
_STREAMS: Final = frozenset({"stdin", "stdout", "stderr"})


def may_end_itself(held: Held, me: Class | None) -> bool:
    """
    Whether it is not seen to go on for ever. A thread or process goes on when its code has a service loop, unless it
    is a daemon, which ends with the program. A child process goes on when the code has to end it, unless a pipe
    joins it to this one, whose end it notices. Timers and tasks run out, executors end with their last reference.
    """
    if held.duty.takes_work or held.duty.role in _RUN_OUT:
        return True
    code = run_by(held, me)
    if code is not None:
        return is_daemon(held) or not serves(code)
    return held.duty.role != "process" or _is_piped(held) or not _is_ended_by_code(held)


def ends_with_program(held: Held) -> bool:
    """Whether the end of the program is its end, too: a thread that does not keep the process alive."""
    return held.duty.role == "thread" and not held.duty.takes_work and is_daemon(held)


def _is_piped(held: Held) -> bool:
    """Whether a stream of the child is a pipe to this process, or nobody sees what its streams are."""
    for site in held.created:
        for call in find(ir.Call, site.function.statements):
            if call.at == site.at and any(_is_pipe(keyword) for keyword in call.keywords):
                return True
    return False


def _is_pipe(keyword: ir.Keyword) -> bool:
    return keyword.name is None or (keyword.name in _STREAMS and last_name(keyword.value) == "PIPE")


def _is_ended_by_code(held: Held) -> bool:
    """Whether something asks it to end, as only what does not end by itself needs."""
    return any(end.kind == "request" for end in held.ends)
