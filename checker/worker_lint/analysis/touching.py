"""
What methods do to the fields of their object: set them, call them, read them.

Two answers of different strength: `done_by` follows only calls that surely run one function and keeps their order;
`touched_by` takes in all that may run through `self`, overrides of subclasses included, without an order. A finding is
built on the first, a silence on the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.nesting import with_inner
from worker_lint.analysis.places import Use
from worker_lint.analysis.reached import Reached, Way, reached_from
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import ends_object, is_stop_name
from worker_lint.source import ir

ActKind: TypeAlias = Literal["assigned", "used"]

READING: Final = frozenset(
    {"is_set", "is_alive", "isAlive", "done", "cancelled", "empty", "qsize", "full", "get", "get_nowait", "wait",
     "join", "poll", "locked", "running", "result", "exception", "items", "keys", "values", "copy", "acquire", "start"}
)  # fmt: skip
"""Methods that ask an object or wait for it, and tell it nothing."""
_LOOKING: Final = frozenset(
    {"str", "repr", "len", "int", "bool", "isinstance", "print", "format", "hasattr", "id", "type", "list", "tuple",
     "debug", "info", "warning", "error", "exception", "critical", "log", "sorted", "enumerate", "zip", "reversed"}
)  # fmt: skip
"""Functions that look at what they are given."""


class Act(NamedTuple):
    """
    Something done to a field.

    Attributes:
        name: The field.
        kind: `assigned`: a value is put there; `used`: anything else.
        at: The span of the expression or target.
        order: Comparable with the order of other acts of the same answer.
        function: The function that does it.
        value: The assigned value.
        use: The use, for `used`.
        ways: The calls that lead to the function.
    """

    name: str
    kind: ActKind
    at: ir.At
    order: tuple[ir.At, ...]
    function: Function
    value: ir.Expr | None = None
    use: Use | None = None
    ways: tuple[Way, ...] = ()

    @property
    def called(self) -> str:
        """The method that is called on the field, or ""."""
        return self.use.name if self.use is not None and self.use.how == "called" else ""

    @property
    def tells(self) -> bool:
        """Whether it may tell whoever looks at the field something: it is set, called, or handed on."""
        if self.kind == "assigned":
            return True
        use = self.use
        if use is None or use.how in {"tested", "iterated", "returned", "entered"}:
            return False
        if use.how == "called":
            return use.name not in READING
        if use.how == "passed" and use.call is not None:
            return (ir.dotted_name(use.call.func) or "?").rpartition(".")[2] not in _LOOKING
        return use.how in {"passed", "invoked", "stored", "held"}


def acts_of(function: Function, me: Class | None, here: Reached | None = None) -> Iterator[Act]:
    """What a function and those defined in it do to the fields of `self`."""
    ways = here.ways if here is not None else ()
    before = tuple(way.call.at for way in ways)
    for block in with_inner(function):
        for statement in walk_statements(block.body):
            for target, value in assigned(statement):
                name = field_name(function, target)
                if name:
                    yield Act(name, "assigned", target.at, (*before, target.at), block, value, ways=ways)
    for use in function.project.places.uses(function, me):
        is_field = len(use.place) >= 2 and use.place[0] == "self"
        if use.how == "invoked" and len(use.place) > 2:
            continue  # `self.thread.join()`: said once more, as a call of `join` on the field
        if is_field and not (me is not None and use.place[1] in function.project.workers.methods(me)):
            yield Act(use.place[1], "used", use.at, (*before, use.at), use.function, use=use, ways=ways)


def assigned(statement: ir.Stmt) -> Iterator[tuple[ir.Expr, ir.Expr | None]]:
    """The targets of an assignment, each with its value where it has one of its own."""
    if isinstance(statement, ir.AugAssign):
        yield statement.target, None
    elif isinstance(statement, ir.Delete):
        for target in statement.targets:
            yield target, None
    elif isinstance(statement, ir.Assign):
        for target in statement.targets if statement.value is not None else ():
            if isinstance(target, ir.Collection):
                values = statement.value.items if isinstance(statement.value, ir.Collection) else ()
                matched = values if len(values) == len(target.items) else (None,) * len(target.items)
                yield from zip(target.items, matched, strict=True)
            else:
                yield target, statement.value


def field_name(function: Function, expr: ir.Expr) -> str:
    """`x` for `self.x`, `self.x[…]` and `self.x.y`, where self is the method's own first parameter; else ""."""
    while isinstance(expr, ir.Subscript) or (isinstance(expr, ir.Attribute) and not isinstance(expr.value, ir.Name)):
        expr = expr.value
    while isinstance(function.parent, Function):
        function = function.parent
    params = function.node.params
    if isinstance(expr, ir.Attribute) and isinstance(expr.value, ir.Name) and params:
        return expr.name if expr.value.id == params[0].name else ""
    return ""


def done_by(runs: Runs) -> list[Act]:
    """What surely runs with a function does to the object's fields, in source order along the calls."""
    found: list[Act] = []
    for here in reached_from(runs):
        if here.me is runs.me:
            found.extend(acts_of(here.function, here.me, here))
    return sorted(found, key=lambda act: act.order)


def code_of(cls: Class, runs: Runs) -> list[Act]:
    """What the code of a child of the object does to the object's fields, all that may run included."""
    if runs.me is not None and runs.me is not cls and not cls.project.hierarchy.order(cls).count(runs.me):
        return []
    found = touched_by(cls, runs.function.name) if runs.function.owner is not None else []
    return found or list(acts_of(runs.function, cls))


def whole_stops(cls: Class) -> list[Runs]:
    """The methods that end the whole object: by their names, and because they need to be told nothing."""
    return [runs for runs in cls.project.workers.stops(cls) if _ends_all(runs.function)]


def _ends_all(function: Function) -> bool:
    if not ends_object(function.name):
        return False
    if function.name.startswith("__"):
        return True
    wanted = [param for param in function.node.params[1:] if param.kind != "var-positional" and param.default is None]
    return not [param for param in wanted if param.kind != "var-keyword"]


def family(cls: Class) -> list[Class]:
    """The class, its bases and its subclasses in the project."""
    hierarchy = cls.project.hierarchy
    bases = [base for base in hierarchy.order(cls) if isinstance(base, Class)]
    return list(dict.fromkeys([*bases, *hierarchy.descendants(cls)]))


def methods_named(cls: Class, names: Iterable[str]) -> Iterator[Function]:
    """The methods of these names in the class, its bases and its subclasses."""
    wanted = frozenset(names)
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            if method.name in wanted:
                yield method


def touched_by(cls: Class, name: str) -> list[Act]:
    """What all that a method may run through `self` does to the object's fields, without an order."""
    reached = cls.project.resources.reached(cls, name)
    return [act for method in methods_named(cls, reached) for act in acts_of(method, cls)]


def told_by_stops(cls: Class) -> Iterator[Act]:
    """All that stop methods of the object may do, those that end a part of it included."""
    for runs in cls.project.workers.methods(cls).values():
        if runs.function.name != "__init__" and is_stop_name(runs.function.name):
            yield from touched_by(cls, runs.function.name)


def callers_of(cls: Class, name: str) -> set[str]:
    """The names of the methods in the class's family that may call a method through `self`."""
    found: set[str] = set()
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for use in cls.project.places.uses(method, cls):
                if use.place == ("self", name) or (use.place == ("self",) and use.name == name):
                    found.add(method.name)
    return found
