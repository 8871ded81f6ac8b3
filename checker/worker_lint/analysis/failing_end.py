"""
How sure it is that a step of a teardown fails one day, as far as the code tells.

Sure are failures that come from outside: a library says of this very call that it fails when the peer, the process
or the disk has gone; the project itself has caught such an error and raises its own instead; the code that runs
is for others to write. Not sure is what the project refuses in some state of its own objects, or by a test of
its own, since the state may never arise in a teardown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.consequence import has_consequence
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import CATCH_ALL, handler_names, within
from worker_lint.analysis.lasting import is_lasting
from worker_lint.analysis.looping import loops_around, roots, targets
from worker_lint.analysis.membership import field_of
from worker_lint.analysis.process_ids import is_kept_when_gone, may_be_own
from worker_lint.analysis.refusing import MISTAKES, handler_around, refusal
from worker_lint.analysis.resources.duty import modelled_duty
from worker_lint.analysis.routines import USER_CODE
from worker_lint.analysis.routines.errors import LINK_ERROR
from worker_lint.analysis.second_try import gets_another_turn
from worker_lint.analysis.skipping import KILLS, Skip, Skipping, to_prepare_for
from worker_lint.analysis.supplied import is_for_others
from worker_lint.analysis.visit import last_name, method_name, receiver_name, unawaited
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project
    from worker_lint.analysis.springs import Spring

_CANCELS: Final = frozenset({"CancelledError", "GeneratorExit", "KeyboardInterrupt"})
_LISTENS: Final = frozenset({"bind", "listen"})
_OPENS: Final = frozenset({"builtins.open", "io.open", "os.open"})
"""That a file cannot be opened has nothing to do with the end of a peer or a process: it is likely at any time."""
_BEGINS: Final = frozenset({"start", "fork", "Popen"})


def fails_one_day(skipping: Skipping, skip: Skip) -> bool:
    """Whether what raises does so for a reason outside of the project."""
    names = to_prepare_for(skip.thrown)
    if skip.step is None or not names or not is_lasting(skipping, skip) or not has_consequence(skipping, skip):
        return False
    if gets_another_turn(skipping, skip):
        return False
    if names == {USER_CODE}:
        return is_for_others(skipping, skip)
    return any(_comes_from_outside(skipping.project, spring) for spring in skipping.springs(skip.step, names))


def _comes_from_outside(project: Project, spring: Spring) -> bool:
    node = unawaited(spring.step.node)
    if isinstance(node, ir.Raise):
        return _converts(spring, node) or (refusal(spring) is None and _tells_of_time(spring))
    if not isinstance(node, ir.Call) or spring.step.kind not in ("call", "await"):
        return False
    callee = project.calls.of(spring.function, node, spring.me)
    if callee.dotted in KILLS:
        is_foreign = not may_be_own(spring.function, node.args[0] if node.args else node)
        return (
            (is_foreign or _is_of_kept(spring, node))
            and "ProcessLookupError" in spring.names
            and not _is_for_windows(spring, node)
        )
    if callee.model is None or method_name(node) in _BEGINS or callee.dotted in _OPENS:
        return False
    if LINK_ERROR in spring.names:
        return _is_request(project, callee)
    if _talks_to_itself(spring, node):
        return False
    return any(is_of_the_world(project, name) for name in spring.names - {USER_CODE})


def is_of_the_world(project: Project, name: str) -> bool:
    """Whether an error tells of a peer, the machine or the time, not of what the library was given."""
    if project.routines.errors.is_subclass(name, "OSError") or "Timeout" in name:
        return True
    canonical = project.routines.errors.canonical(name)
    if project.tiers.tier(canonical) in ("recoverable", "system"):
        return True
    return "." in name and bool(project.tiers.below(canonical, "recoverable"))  # the root of a library's errors


def _is_of_kept(spring: Spring, kill: ir.Call) -> bool:
    """Whether a loop signals the processes of a field that keeps those that have ended."""
    cls, function = spring.me, spring.function
    if cls is None or not function.node.params:
        return False
    names = {name for one in kill.args[:1] for name in roots(one)}
    subject = function.node.params[0].name
    loops = (one for one in loops_around(function.statements, kill.at) if names & set(targets(one.target)))
    fields = (field_of(function, one.iter, subject) for one in loops)
    return any(field and is_kept_when_gone(cls, field) for field in fields)


def _is_request(project: Project, callee: Callee) -> bool:
    """Whether the other side answers to this end, as a broker does for a channel: most connections are just dropped."""
    duty = modelled_duty(project, callee.receiver) if callee.receiver is not None else None
    return duty is not None and duty.role == "channel"


def _talks_to_itself(spring: Spring, call: ir.Call) -> bool:
    """
    Whether there is no other side that may have gone: a socket that listens is shut down, or woken up by a connection
    to its own address, or a pipe written to whose other end the object holds itself.
    """
    owner = spring.function.owner
    methods = owner.project.values.fields.methods(owner) if owner is not None else (spring.function,)
    bound = [one for method in methods for one in find(ir.Call, method.statements) if method_name(one) in _LISTENS]
    own = {ir.dotted_name(argument) for one in bound for argument in one.args} - {None}
    name = _first(call)
    match last_name(call.func):
        case "shutdown":
            return any(receiver_name(one) == receiver_name(call) for one in bound)
        case "connect":
            return name in own
        case "send" | "sendall":
            here = [
                one for one in find(ir.Call, spring.function.statements) if receiver_name(one) == receiver_name(call)
            ]
            return any(method_name(one) == "connect" and _first(one) in own for one in here)
        case "write" if owner is not None and name is not None:
            made = owner.project.values.fields.assigned(owner, name.rpartition(".")[2])
            return any(
                isinstance(one.source.expr, ir.Call) and last_name(one.source.expr.func) == "pipe" for one in made
            )
        case _:
            return False


def _first(call: ir.Call) -> str | None:
    return ir.dotted_name(call.args[0]) if call.args else None


def _converts(spring: Spring, node: ir.Raise) -> bool:
    """Whether the raise stands where an error that has happened is handled."""
    handler = handler_around(spring.function, node)
    return handler is not None and not set(handler_names(handler)) & (MISTAKES | _CANCELS | CATCH_ALL | {"ImportError"})


def _tells_of_time(spring: Spring) -> bool:
    return any("Timeout" in name.rpartition(".")[2] for name in spring.names)


def _is_for_windows(spring: Spring, node: ir.Node) -> bool:
    """Whether a test keeps this to Windows, where a process that has gone is another error."""
    for branch in find(ir.If, spring.function.statements):
        names = [constant.value for constant in find(ir.Constant, (branch.test,))]
        if within(branch.body, node) and {"win32", "nt", "Windows"} & {name for name in names if isinstance(name, str)}:
            return True
    return False
