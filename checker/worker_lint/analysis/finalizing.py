"""What a finalizer may meet: locks that others share, threads that keep the object alive, fields that do not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow.visit import find, place_of
from worker_lint.analysis.given import Given, given_by, live_statements, truth_of
from worker_lint.analysis.guard import catches
from worker_lint.analysis.nesting import mentions, own_calls, own_expressions
from worker_lint.analysis.reached import Reached
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

_LOCKS: Final = frozenset(
    {"threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore", "multiprocessing.synchronize.Lock"}
)

_ASKS: Final = ("hasattr", "getattr", "__dict__", "vars(")
_PLAIN: Final = frozenset(
    {"add", "append", "clear", "discard", "get", "len", "pop", "popleft", "remove", "set", "is_set", "setdefault"}
)
"""What is done with a collection or event without making an object that the collector looks at."""
_DEPTH: Final = 3
"""Methods of the dying object that call one another."""


def is_lock(here: Reached, expr: ir.Expr) -> bool:
    """Whether the expression is a lock that does not let its own thread in again."""
    kind = here.function.project.values.of(here.function, expr, here.me)
    return isinstance(kind, Instance) and isinstance(kind.of, External) and kind.of.dotted in _LOCKS


def shares_lock(cls: Class, here: Reached, lock: ir.Expr) -> bool:
    """Whether others than the dying object can hold the lock: it is global, of the class, or of another object."""
    name = ir.dotted_name(lock)
    params = here.function.node.params
    if name is None or "." not in name or not params or name.partition(".")[0] != params[0].name:
        return name is not None and "." not in name
    field = name.split(".")[1]
    owner = here.function.owner
    if here.me is not cls and owner is not None:
        return field in owner.block.names or not _is_made_by(cls, here.me)
    return name.count(".") == 1 and field in cls.block.names


def is_for_all(here: Reached, lock: ir.Expr) -> bool:
    """
    Whether there is one lock for all objects, of the module or of a class, which is held while objects are made: there
    a collection may begin. What object the lock of another object belongs to is known in part only.
    """
    name = ir.dotted_name(lock) or ""
    owner = here.function.owner
    if "." in name and (owner is None or name.split(".")[1] not in owner.block.names):
        return False
    last = name.rpartition(".")[2]
    for function in here.function.project.functions_in(here.function.path):
        for block in find(ir.With, function.body) if mentions(function, last) else ():
            if any((ir.dotted_name(item.context) or "").rpartition(".")[2] == last for item in block.items):
                called = ((ir.dotted_name(call.func) or "").rpartition(".")[2] for call in find(ir.Call, block.body))
                if not all(name in _PLAIN for name in called):
                    return True
    return False


def _is_made_by(cls: Class, other: Class | None, depth: int = 3) -> bool:
    """Whether the objects of the other class that the dying one has are made by itself, or by what it made."""
    if other is None or depth == 0:
        return False
    made = set(_made(cls))
    return other in made or any(_is_made_by(one, other, depth - 1) for one in made if one is not cls)


def _made(cls: Class) -> Iterator[Class]:
    """The classes of the fields that objects of the class fill by calls alone."""
    fields = cls.project.values.fields
    for name in fields.own(cls):
        assigned = [one for one in fields.assigned(cls, name) if not one.added]  # what it is filled with is no field
        sources = [(one.scope, one.source.expr) for one in assigned if one.source.expr is not None]
        values = [(scope, expr) for scope, expr in sources if not isinstance(expr, ir.Constant)]
        if values and all(isinstance(expr, ir.Call) for _, expr in values):
            kind = cls.project.values.of(*values[0])
            if isinstance(kind, Instance) and isinstance(kind.of, Class):
                yield kind.of


def makes_single(block: ir.With) -> bool:
    """Whether the block only makes what is not there yet: `if x is None: x = …`, and perhaps returns it."""
    first, *rest = block.body
    asks = isinstance(first, ir.If) and not first.orelse and any(find(ir.Assign, first.body))
    return asks and all(isinstance(statement, ir.Return) for statement in rest)


def keeps_alive(cls: Class, here: Reached, joined: ir.Expr) -> bool:
    """
    Whether a thread runs a method of the object, or was given the object: it holds the object, so that the finalizer
    comes after its end.
    """
    if here.me is not cls:
        return here.me is not None and _is_thread(here.me) and _is_given(cls, here.me)
    kind = cls.project.values.of(here.function, joined, cls)
    if isinstance(kind, Instance) and isinstance(kind.of, Class) and _is_thread(kind.of) and _is_given(cls, kind.of):
        return True
    return _is_made_with_itself(cls, here, joined) or any(
        entry.kind in {"thread", "pool", "timer"} and any(runs.me is cls for runs in entry.callee.runs)
        for method in cls.project.values.fields.methods(cls)
        for entry in cls.project.workers.entries(method, cls)
    )


def _is_made_with_itself(cls: Class, here: Reached, joined: ir.Expr) -> bool:
    """Whether the call that makes what stands in the field is given the object, or a method of it."""
    place = place_of(joined)
    subject = here.function.node.params[0].name if here.function.node.params else ""
    if place is None or len(place) != 2 or place[0] != subject:
        return False
    for one in cls.project.values.fields.assigned(cls, place[1]):
        maker = one.scope if isinstance(one.scope, Function) else None
        if maker is not None and isinstance(one.source.expr, ir.Call) and maker.node.params:
            if any(_is_itself(cls, maker, given) for given in given_to(one.source.expr)):
                return True
    return False


def _is_itself(cls: Class, maker: Function, given: ir.Expr) -> bool:
    """Whether a value holds the object: it is the object, or a method bound to it."""
    name = ir.dotted_name(given) or ""
    subject, _, member = name.partition(".")
    return subject == maker.node.params[0].name and (not member or bool(cls.project.calls.method(cls, member).runs))


def _is_thread(cls: Class) -> bool:
    return cls.project.hierarchy.derives_from(cls, "threading.Thread")


def _is_given(cls: Class, thread: Class) -> bool:
    """Whether a method hands the object itself to the constructor of the thread class."""
    for method in cls.project.values.fields.methods(cls):
        subject = method.node.params[0].name if method.node.params else ""
        for call in find(ir.Call, method.body) if mentions(method, thread.name) else ():
            if any(isinstance(one, ir.Name) and one.id == subject for one in given_to(call)):
                if cls.project.calls.of(method, call, cls).creates is thread:
                    return True
    return False


def fields_read(
    cls: Class, function: Function, depth: int = 0, given: Given = ()
) -> Iterator[tuple[Function, str, ir.At]]:
    """
    The fields that a finalizer surely reads, by itself or in methods of its object that it calls, each with the
    function that does; what is read inside a `try` that takes AttributeError is left out. `given` are the parameters
    that the call states.
    """
    subject, known = function.node.params[0].name if function.node.params else "", dict(given)
    for placed in live_statements(function.body, known):
        statement = placed.statement
        is_told = isinstance(statement, ir.If) and any(find(ir.Return, statement.body))
        decided = [one for one in placed.around if isinstance(one, ir.If) and truth_of(one.test, known) is not None]
        if catches(function, placed, ("AttributeError",)) or is_conditional(placed.around, decided):
            if is_told:
                return
            continue
        calls = list(own_calls(statement))
        called = {call.func.at for call in calls}
        stored = {target.at for target in getattr(statement, "targets", ())}
        for node in _first_of(statement) if isinstance(statement, ir.If) else own_expressions(statement):
            if isinstance(node, ir.Attribute) and ir.dotted_name(node) == f"{subject}.{node.name}":
                if node.at not in stored and node.at not in called:
                    yield function, node.name, node.at
        if is_told:
            return  # from here on something has told that the object is whole
        for call in calls if depth < _DEPTH else ():
            method = _own_method(cls, function, call)
            if method is not None and not looks_first(method):
                passed = given_by(call, method, is_bound=True, outer=given)
                yield from fields_read(cls, method, depth + 1, passed)


def _first_of(branch: ir.If) -> Iterator[ir.Expr]:
    """What the question of a branch surely looks at: its first part."""
    test = branch.test
    while isinstance(test, ir.BoolOp):
        test = test.values[0]
    return own_expressions(ir.Expression(test.at, test))


def _own_method(cls: Class, function: Function, call: ir.Call) -> Function | None:
    """The method of the same object that a call surely runs to its end."""
    subject = function.node.params[0].name if function.node.params else ""
    if not isinstance(call.func, ir.Attribute) or ir.dotted_name(call.func.value) != subject:
        return None
    callee = cls.project.calls.of(function, call, cls)
    method = callee.runs[0].function if callee.is_single else None
    runs_now = method is not None and not method.node.is_async and not method.node.is_generator
    return method if runs_now and method is not None and not method.node.decorators else None


def is_last_resort(here: Reached, at: ir.At) -> bool:
    """
    Whether the finalizer tells by a warning that the object should have been closed, or asks whether it is open still:
    it is there for those who forgot to close it, and knows that it may fail.
    """
    places = [*((way.function, way.call.at) for way in here.ways), (here.function, at)]
    return any(mentions(one, "ResourceWarning") or _asks_open(one, place) for one, place in places)


def _asks_open(function: Function, at: ir.At) -> bool:
    """Whether the function asks, before this place or around it, for something named after being open or closed."""
    for branch in find(ir.If, function.body):
        if branch.at[:2] <= at[:2]:
            names = [node.name for node in find(ir.Attribute, (branch.test,))]
            if any(word in name.lower() for name in names for word in ("closed", "closing", "open")):
                return True
    return False


def hangs_on_another(cls: Class, here: Reached) -> bool:
    """
    Whether the way leads through a part that an object of another class may have or not: its methods ask for it before
    they call it. Whether it is there when the dying object gets to it is a matter of both their states.
    """
    own = {cls, *cls.project.hierarchy.ancestors(cls)}
    for function, call in here.ways:
        part = ir.dotted_name(call.func.value) if isinstance(call.func, ir.Attribute) else None
        if part is None or function.owner is None or function.owner in own:
            continue
        branches = (one for one in find(ir.If, function.body) if ir.dotted_name(one.test) == part)
        if any(call in find(ir.Call, branch.body) for branch in branches):
            return True
    return False


def looks_first(function: Function) -> bool:
    """Whether the function asks whether fields exist at all."""
    return mentions(function, *_ASKS)


def is_conditional(around: tuple[ir.Stmt, ...], decided: list[ir.If] | None = None) -> bool:
    """Whether what stands inside these statements may be left out without an error; `decided` branches may not."""
    unsure = [outer for outer in around if not any(outer is one for one in decided or ())]
    return any(not isinstance(outer, (ir.With, ir.Try)) for outer in unsure)
