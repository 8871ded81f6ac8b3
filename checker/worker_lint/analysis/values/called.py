"""What calls give, and what contexts give when they are entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class, External, Function, Instance, Scope
from worker_lint.analysis.member import Member
from worker_lint.analysis.values.kind import (
    ABSENT,
    UNKNOWN,
    Awaitable,
    Bound,
    Context,
    Items,
    Kind,
    Partial,
    Super,
    join,
)
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.values.values import Values

_COPIES: Final = frozenset(
    {f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "dict")}
    | {
        "collections.deque",
        "collections.OrderedDict",
        "copy.copy",
        "weakref.WeakSet",
        "itertools.chain",
        "builtins.filter",
    }
)
_EMPTY: Final = frozenset({"collections.defaultdict", "weakref.WeakValueDictionary"})
_STARTING: Final = {
    "spawn": "multiprocessing.context.SpawnContext",
    "fork": "multiprocessing.context.ForkContext",
    "forkserver": "multiprocessing.context.ForkServerContext",
}
"""Which class `multiprocessing.get_context` gives, by how processes are started."""
_VIEWS: Final = frozenset({"values", "copy"})
_ITEMS: Final = frozenset({"pop", "get", "popleft", "setdefault"})


def called(values: Values, scope: Scope, call: ir.Call, me: Class | None) -> Kind:
    """What a call gives."""
    func = call.func
    if isinstance(func, ir.Attribute):
        held = values.of(scope, func.value, me)
        if isinstance(held, Items):
            return _of_items(held, func.name)
        kind = values.attribute(held, func.name)  # asked anew, each link of a chain would double the work
    else:
        kind = values.of(scope, func, me)
    match kind:
        case Class():
            return Instance(kind, exact=True)
        case Function():
            return values.returned(kind)
        case Bound(function=Function() as function, receiver=Instance(of=Class() as cls)):
            return values.returned(function, cls)
        case Bound(model=model) if model is not None:
            return values.given(model)
        case Partial(of=inner):
            return _result(values, inner)
        case External(dotted=dotted):
            return _outside(values, scope, call, dotted, me)
        case _:
            return UNKNOWN


def _of_items(held: Items, name: str) -> Kind:
    if name in _VIEWS:
        return held
    return held.of if name in _ITEMS else UNKNOWN


def _result(values: Values, kind: Kind) -> Kind:
    match kind:
        case Class():
            return Instance(kind, exact=True)
        case Function():
            return values.returned(kind)
        case Bound(function=Function() as function, receiver=Instance(of=Class() as cls)):
            return values.returned(function, cls)
        case _:
            return UNKNOWN


def _outside(values: Values, scope: Scope, call: ir.Call, dotted: str, me: Class | None) -> Kind:
    if dotted in _COPIES:
        if not call.args:
            return Items(ABSENT)
        held = join(values.of(scope, arg, me) for arg in _copied(dotted, call))
        return held if isinstance(held, Items) else UNKNOWN
    if dotted in _EMPTY:
        return Items(ABSENT)
    if dotted == "builtins.super":
        return _super(scope, me)
    if dotted == "functools.partial" and call.args:
        return Partial(values.of(scope, call.args[0], me))
    if dotted == "contextlib.closing" and call.args:
        return values.of(scope, call.args[0], me)
    if dotted == "multiprocessing.get_context" and call.args and isinstance(call.args[0], ir.Constant):
        return values.object_of(_STARTING.get(str(call.args[0].value), dotted), exact=True)
    function = values.project.models.find_function(dotted)
    if function is not None and function.returns:
        return values.given(function)
    made = values.object_of(dotted, exact=True)
    return Awaitable(made) if function is not None and function.coroutine else made


def _copied(dotted: str, call: ir.Call) -> tuple[ir.Expr, ...]:
    """The arguments whose items the result holds."""
    if dotted == "itertools.chain":
        return call.args
    return call.args[1:] if dotted == "builtins.filter" else call.args[:1]


def _super(scope: Scope, me: Class | None) -> Kind:
    current: Scope | None = scope
    while current is not None:
        if isinstance(current, Function) and current.owner is not None:
            return Super(current.owner, me or current.owner)
        current = current.parent
    return UNKNOWN


def entered(values: Values, kind: Kind) -> Kind:
    """What `with kind as x` binds."""
    match kind:
        case Context(of=given):
            return given
        case Awaitable(of=inner):
            return entered(values, inner)
        case Instance(of=Class() as cls):
            return _own_enter(values, kind, cls)
        case Instance(of=External()):
            return kind
        case _:
            return UNKNOWN


def _own_enter(values: Values, kind: Instance, cls: Class) -> Kind:
    for name in ("__enter__", "__aenter__"):
        found = values.project.hierarchy.find(cls, name)
        if found is None:
            continue
        if not isinstance(found.member, Member):
            return kind
        if found.member.parts and isinstance(found.owner, Class):
            given = values.returned(values.project.function_of(found.owner, found.member.parts[0]), cls)
            return given.of if isinstance(given, Awaitable) else given
    return UNKNOWN
