"""Who learns that a loop has ended: a supervisor that the function is handed to, a waiter, or nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.boundaries import functions_of
from worker_lint.analysis.escaping.supervision import around, calls_of, is_thread_main
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.tiers import TrySite, ends_process, raises_anything
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.unasked import is_asked
from worker_lint.analysis.visit import last_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.boundaries import Boundary

_DEPTH: Final = 3
_RUNS_ONCE: Final = re.compile(
    r"partial|spawn|submit|start_|Thread|Process|Greenlet|Timer|Task|add_callback|to_thread|run_"
)
"""What runs the function that it is given once, and looks no further, by the name of the call."""
_LOOKED_AFTER: Final = ("excepthook", "watchdog", "supervisor", "set_exception_handler")
"""Words of a file that looks where the errors of its threads and tasks go."""
_ON_PURPOSE: Final = re.compile(
    r"\bcrash|\bsupervis|\bon purpose\b|\bdeliberate|\bintention|\bcaller\b|\bretr\w+ by\b"
    r"|\brestarted by\b|\bprocess manager\b|\blet it (?:die|fail|crash)\b|\bfail[ -]fast\b",
    re.IGNORECASE,
)
"""What somebody writes who wants the error to end the loop, or to reach somebody above."""
_TO_CALLER: Final = re.compile(
    r"\b(?:errors?|exceptions?|failures?)\b[^.]{0,80}\bcallers?\b|\bcallers?\b[^.]{0,80}\b(?:retr|errors?|exceptions?|failures?)",
    re.IGNORECASE,
)
_WRITING: Final = frozenset({"print", "format_exc", "print_exc", "str", "repr", "type", "format"})
_STARTING: Final = re.compile(r"start|spawn|create_task|ensure_future|later|schedul|submit|connect$|run", re.IGNORECASE)
_PROSE: Final = re.compile(r'"{3}.*?"{3}|\'{3}.*?\'{3}|#[^\n]*', re.DOTALL)


def is_handed_on(function: Function) -> bool:
    """
    Whether the file hands the function, uncalled, to code that may call it again and again: a supervisor with the
    function as an argument, in the `args` of a thread as well.
    """
    project = function.project
    text = project.store.text(function.path)
    for other in functions_of(project, function.path):
        if not text.has_word(function.name, other.node.at[0], other.node.at[2]):
            continue
        for call in find(ir.Call, other.statements):
            if any(_is_given(other, function, value) for value in _given(call)):
                return True
    return False


def leaves_it_to_caller(function: Function) -> bool:
    """Whether a docstring or comment of the function says that its errors are a matter of the caller."""
    return _TO_CALLER.search(_words(function)) is not None


def says_why(function: Function) -> bool:
    """Whether a docstring or comment of the function says that its error is meant to end it, or who takes it."""
    return _ON_PURPOSE.search(_words(function)) is not None


def _words(function: Function) -> str:
    """The docstrings and comments of a function, in one line."""
    text = function.project.store.text(function.path).segment(function.node.at)
    return " ".join(" ".join(found.group(0).strip("#\"'") for found in _PROSE.finditer(text)).split())


def ends_unseen(boundary: Boundary) -> bool:
    """Whether nobody learns of the error that ends a loop, but for a log line: no clause around it, no waiter."""
    function = boundary.function
    return not is_looked_after(function) and not is_taken(function, boundary.node.at) and is_alone(function)


def is_looked_after(function: Function) -> bool:
    """Whether the file may look where the errors of its threads go, or the function says that its end is meant."""
    text = function.project.store.text(function.path)
    return any(text.may_use(word) for word in _LOOKED_AFTER) or says_why(function) or _is_watched(function)


def _is_watched(function: Function) -> bool:
    """Whether a loop of the file asks again and again whether a thread lives, as one does who starts it anew."""
    text = function.project.store.text(function.path)
    if not text.may_use("is_alive"):
        return False
    for other in functions_of(function.project, function.path):
        if text.has_word("is_alive", other.node.at[0], other.node.at[2]):
            for loop in (*find(ir.While, other.statements), *find(ir.For, other.statements)):
                if any(last_name(call.func) == "is_alive" for call in find(ir.Call, (loop,))):
                    return True
    return False


def is_alone(function: Function, ends: Callable[[Function], bool] = is_thread_main, depth: int = 0) -> bool:
    """
    Whether the function runs on a thread or task that nobody waits for, or for others alone that do; `ends` tells of
    more functions that nobody waits for.
    """
    if ends(function):
        return True
    started = list(_let_go(function))
    callers = [(caller, at) for caller, at in calls_of(function) if caller is not function]
    if started:
        return all(started)
    if not callers or depth >= _DEPTH or any(is_taken(caller, at) for caller, at in callers):
        return False
    return all(is_alone(caller, ends, depth + 1) for caller in dict.fromkeys(caller for caller, _ in callers))


def _let_go(function: Function) -> Iterator[bool]:
    """Of each place where the function is started: whether nothing is done with what runs it but to end it."""
    for other in functions_of(function.project, function.path):
        for entry in function.project.workers.entries(other):
            if any(runs.function is function for runs in entry.callee.runs):
                is_task = entry.kind == "task" and _is_dropped(entry.site.function, entry.call.at)
                yield is_task or entry.kind in ("thread", "timer")


def _is_dropped(function: Function, at: ir.At) -> bool:
    """Whether nobody asks the task that is made at a place how it ended."""
    for statement in walk_statements(function.statements):
        match statement:
            case ir.Expression(value=ir.Call() as call) if call.at == at:
                return True
            case ir.Assign(targets=(ir.Attribute(name=field) as target,), value=ir.Call() as call):
                if call.at == at and function.owner is not None and ir.dotted_name(target.value) == "self":
                    methods = function.project.values.fields.methods(function.owner)
                    return field.startswith("_") and not is_asked(list(methods), field)
            case _:
                pass
    return False


def is_taken(function: Function, at: ir.At) -> bool:
    """Whether a broad clause of the function around the place does more than to log the error."""
    tiers = function.project.tiers
    broad = (
        (site, handler)
        for site in around(function, at)
        for handler in site.node.handlers
        if tiers.is_broad(function, handler)
    )
    return any(not _only_tells(site, handler) or _starts_anew(function, at) for site, handler in broad)


def _only_tells(site: TrySite, handler: ir.Handler) -> bool:
    """Whether a clause writes the error down and nothing else, so that whoever called goes on as if all were well."""
    if site.loops or raises_anything(handler.body) or ends_process(site.scope, handler.body):
        return False
    if any(isinstance(node, (ir.Assign, ir.AugAssign)) for node in find(ir.Node, handler.body)):
        return False  # it keeps in mind that something has failed
    calls = list(find(ir.Call, handler.body))
    return bool(calls) and all(is_logging(call) or last_name(call.func) in _WRITING for call in calls)


def _starts_anew(function: Function, at: ir.At) -> bool:
    """Whether something behind the place may start what has ended once more."""
    calls = find(ir.Call, function.statements)
    return any(call.at[:2] >= at[2:] and _STARTING.search(last_name(call.func)) for call in calls)


def _given(call: ir.Call) -> Iterator[ir.Expr]:
    """The arguments of a call that its callee may call; those in tuples and lists too."""
    runs_first = _RUNS_ONCE.search(last_name(call.func)) is not None
    for index, value in enumerate(call.args):
        if not runs_first or index > 0:
            yield from value.items if isinstance(value, ir.Collection) else (value,)
    for keyword in call.keywords:
        value = keyword.value
        if isinstance(value, ir.Collection):
            yield from value.items
        elif not runs_first or keyword.name not in ("target", "func", "function", "run"):
            yield value


def _is_given(scope: Function, function: Function, value: ir.Expr) -> bool:
    if not isinstance(value, (ir.Name, ir.Attribute)) or last_name(value) != function.name:
        return False
    runs = scope.project.calls.handed(scope, value).runs
    return any(one.function is function for one in runs)
