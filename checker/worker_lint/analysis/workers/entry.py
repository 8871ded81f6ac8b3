"""Code that is handed over to be run by somebody else: on another thread, by a signal, as a task."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.calls import Callee
from worker_lint.analysis.entity import Class, External, Function
from worker_lint.analysis.flow.visit import find
from worker_lint.analysis.resources.held import Site
from worker_lint.analysis.values import Bound
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

EntryKind: TypeAlias = Literal[
    "thread", "timer", "process", "pool", "task", "signal", "loop-signal", "callback", "exit", "finalizer", "loop-call"
]
"""`loop-signal`: runs in the event loop; `loop-call`: handed to a loop, from any thread; `exit`: `atexit`."""


class Entry(NamedTuple):
    """
    A piece of code that runs elsewhere.

    Attributes:
        kind: Where it runs.
        callee: What runs; `callee.runs` are functions of the project, as far as they are known.
        site: Where it is handed over.
        call: The call that hands it over.
    """

    kind: EntryKind
    callee: Callee
    site: Site
    call: ir.Call


_BY_CLASS: Final[dict[str, tuple[EntryKind, str, int]]] = {
    "threading.Thread": ("thread", "target", 1),
    "threading.Timer": ("timer", "function", 1),
    "multiprocessing.process.BaseProcess": ("process", "target", 1),
    "billiard.process.BaseProcess": ("process", "target", 1),
}
"""Constructors: the parameter that takes the code, and its position."""

_BY_NAME: Final[dict[str, tuple[EntryKind, str, int]]] = {
    "signal.signal": ("signal", "handler", 1),
    "atexit.register": ("exit", "func", 0),
    "weakref.finalize": ("finalizer", "func", 1),
    "asyncio.to_thread": ("pool", "func", 0),
    "asyncio.create_task": ("task", "coro", 0),
    "asyncio.ensure_future": ("task", "coro_or_future", 0),
    "asyncio.run_coroutine_threadsafe": ("task", "coro", 0),
    "_thread.start_new_thread": ("thread", "function", 0),
}

_BY_METHOD: Final[dict[str, tuple[EntryKind, str, int]]] = {
    "add_signal_handler": ("loop-signal", "callback", 1),
    "run_in_executor": ("pool", "func", 1),
    "add_done_callback": ("callback", "fn", 0),
    "call_soon_threadsafe": ("loop-call", "callback", 0),
    "call_soon": ("loop-call", "callback", 0),
    "call_later": ("loop-call", "callback", 1),
    "add_callback_threadsafe": ("loop-call", "callback", 0),
    "create_task": ("task", "coro", 0),
    "ensure_future": ("task", "coro", 0),
    "start_soon": ("task", "func", 0),
    "apply_async": ("pool", "func", 0),
}
"""Method names that mean one thing wherever they occur."""

_STARTS: Final[dict[str, EntryKind]] = {"thread": "pool", "process": "pool", "task": "task"}


def entries_in(project: Project, function: Function, me: Class | None) -> Iterator[Entry]:
    """What the function, and those inside it, hand over."""
    for kind, argument, block, call in _all_handed(project, function, me):
        yield Entry(kind, _code(project, block, argument, me), Site(block, call.at), call)


def hands_over(function: Function, wanted: Function, kinds: Collection[str]) -> bool:
    """
    Whether the function hands another one to what runs it elsewhere. What else it hands over is not resolved: who
    overrides that is a question to all files.
    """
    project = function.project
    for kind, argument, block, _ in _all_handed(project, function, None):
        if kind in kinds and _may_run(project, block, argument, wanted):
            if _code(project, block, argument, None).runs_function(wanted):
                return True
    return False


def _may_run(project: Project, block: Function, argument: ir.Expr, wanted: Function) -> bool:
    """Whether an argument may run a function, as far as the names tell: those that override a method share its name."""
    match project.values.of(block, uncalled(argument)):
        case Bound(function=Function(name=name)):
            return name == wanted.name
        case Function() as found:
            return found is wanted
        case _:
            return True


def _all_handed(
    project: Project, function: Function, me: Class | None
) -> Iterator[tuple[EntryKind, ir.Expr, Function, ir.Call]]:
    for block in (function, *project.values.fields.inner(function)):
        for call in find(ir.Call, block.statements):
            for kind, argument in _handed(project, block, call, me):
                yield kind, argument, block, call


def _code(project: Project, block: Function, argument: ir.Expr, me: Class | None) -> Callee:
    """What an argument runs: a function, or for a coroutine the call that makes it."""
    if isinstance(argument, ir.Call):
        made = project.calls.of(block, argument, me)
        if made.dotted != "functools.partial":
            return made
    return project.calls.handed(block, argument, me)


def _handed(project: Project, block: Function, call: ir.Call, me: Class | None) -> Iterator[tuple[EntryKind, ir.Expr]]:
    by_method = _BY_METHOD.get(call.func.name) if isinstance(call.func, ir.Attribute) else None
    called = project.values.of(block, call.func, me)
    if by_method is None and isinstance(called, Bound) and called.function is not None:
        return  # a method of the project: who overrides it, which is dear to find out, is all the same
    callee = project.calls.of(block, call, me)
    known = _BY_NAME.get(callee.dotted) or _of_class(project, callee) or by_method
    if known is not None:
        kind, name, index = known
        argument = argument_of(call, name, index)
        if argument is not None:
            yield kind, argument
        return
    if callee.model is not None:
        for name in callee.model.facts.callbacks:
            argument = argument_of(call, name, _position(callee, name))
            started = callee.model.facts.starts
            if argument is not None:
                is_pool = callee.dotted.endswith(".submit")
                yield "pool" if is_pool else _STARTS[started] if started else "callback", argument


def _of_class(project: Project, callee: Callee) -> tuple[EntryKind, str, int] | None:
    """The constructor of a thread or process, of the library or of a subclass that leaves it as it is."""
    made = callee.creates
    if isinstance(made, External):
        order = project.models.resolution_order(made.dotted) or ()
        return next((_BY_CLASS[each.name] for each in order if each.name in _BY_CLASS), None)
    if isinstance(made, Class) and not callee.first:
        names = [getattr(each, "name", "") for each in project.hierarchy.order(made) if not isinstance(each, Class)]
        return next((_BY_CLASS[name] for name in names if name in _BY_CLASS), None)
    return None


def _position(callee: Callee, name: str) -> int:
    """The position of a parameter among the arguments; large when it can only be named."""
    member = callee.model.member if callee.model is not None else None
    if member is None or member.signature is None:
        return 0
    names = [parameter.name for parameter in member.signature.parameters if parameter.kind in ("positional", "either")]
    names = names[1:] if callee.is_bound or names[:1] == ["self"] else names
    return names.index(name) if name in names else len(names) + 99


def argument_of(call: ir.Call, name: str, index: int) -> ir.Expr | None:
    """The argument for a parameter, by its name or its position; None when it is not given or cannot be told."""
    for keyword in call.keywords:
        if keyword.name == name:
            return keyword.value
    if any(isinstance(argument, ir.Starred) for argument in call.args[: index + 1]):
        return None
    return call.args[index] if index < len(call.args) else None
