"""Which locks a method holds at a place, those that its callers hold included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from worker_lint.analysis.entity import Class, External, Function, Instance
from worker_lint.analysis.flow.visit import Place, place_of
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions, placed_statements
from worker_lint.analysis.visit import says_not_to_wait, uncalled
from worker_lint.source import ir

_LOCKS: Final = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"})
_NAMES: Final = ("lock", "mutex", "condition")
_DEPTH: Final = 4
"""Private methods that call one another under a lock."""

_NONE: Final[frozenset[str]] = frozenset()


class Locking:
    """
    Answers for the methods of one class; locks are named by their fields. What callers within the class hold
    counts for private methods; with `trusting` also for others that are called there at all.
    """

    def __init__(self, cls: Class, *, trusting: bool = False) -> None:
        self.cls = cls
        self.trusting = trusting
        self.methods = {method.name: method for method in cls.project.values.fields.methods(cls)}
        self._callers: dict[str, list[tuple[Function, Placed, ir.At]]] | None = None
        self._at_entry: dict[str, frozenset[str]] = {}

    def held(self, method: Function, placed: Placed, at: ir.At) -> frozenset[str]:
        """The locks held at a place of a method, on every way that leads there within the class."""
        return self._inside(method, placed, at) | self.at_entry(method.name)

    def _inside(self, method: Function, placed: Placed, at: ir.At) -> frozenset[str]:
        subject = method.node.params[0].name if method.node.params else ""
        found: set[str] = set()
        for outer in (*placed.around, placed.statement):
            if isinstance(outer, ir.With):
                for item in outer.items:
                    field = _field(item.context, subject)
                    if field and self._is_lock(method, item.context, field):
                        found.add(field)
        return frozenset(found | self._acquired(method, at, subject) | _of_decorators(method))

    def _acquired(self, method: Function, at: ir.At, subject: str) -> set[str]:
        """Locks taken by `acquire()` before the place and not given back in between."""
        held: set[str] = set()
        for placed in placed_statements(method.body):
            if placed.statement.at[:2] >= at[:2]:
                break
            leaves = _leaves(placed)
            for call in own_calls(placed.statement):
                if call.at[:2] >= at[:2] or not isinstance(call.func, ir.Attribute):
                    continue
                field = _field(call.func.value, subject)
                if field and call.func.name == "acquire":
                    held.add(field)
                elif field and call.func.name == "release" and not leaves:
                    held.discard(field)
        return held

    def _is_lock(self, method: Function, expr: ir.Expr, field: str) -> bool:
        """A modelled lock, or a field of unknown class that is entered and named as one."""
        kind = self.cls.project.values.of(method, expr, self.cls)
        if isinstance(kind, Instance):
            if isinstance(kind.of, External):
                name = kind.of.dotted.rpartition(".")[2]
                return name in _LOCKS or name.endswith("Lock")
            return "lock" in kind.of.name.lower()
        return any(word in field.lower() for word in _NAMES)

    def at_entry(self, name: str, depth: int = _DEPTH) -> frozenset[str]:
        """The locks that every caller within the class holds; none for methods that anybody may call."""
        is_private = name.startswith("_") and not name.startswith("__")
        if depth == 0 or not (is_private or self.trusting):
            return _NONE
        if name not in self._at_entry:
            self._at_entry[name] = _NONE  # a method that calls itself
            sites = self._sites().get(name, [])
            sets = [self._inside(*site) | self.at_entry(site[0].name, depth - 1) for site in sites]
            self._at_entry[name] = frozenset.intersection(*sets) if sets else _NONE
        return self._at_entry[name]

    def entered_under(self, name: str, depth: int = _DEPTH) -> frozenset[str]:
        """The locks that some caller within the class holds: the method counts on them, at least at times."""
        found: set[str] = set()
        for site in self._sites().get(name, ()) if depth > 0 else ():
            found |= self._inside(*site)
            if site[0].name != name:
                found |= self.entered_under(site[0].name, depth - 1)
        return frozenset(found)

    def sites(self, name: str) -> list[tuple[Function, Placed, ir.At]]:
        """The calls of a private method on `self` within the class; none for what anybody may call."""
        return self._sites().get(name, []) if name.startswith("_") and not name.startswith("__") else []

    def callers(self, name: str) -> frozenset[str]:
        """The methods of the class body that call this method on `self`."""
        return frozenset(site[0].name for site in self._sites().get(name, ()))

    def _sites(self) -> dict[str, list[tuple[Function, Placed, ir.At]]]:
        if self._callers is None:
            self._callers = {}
            read = frozenset(method.name for method in self.methods.values() if _is_property(method))
            for method in self.methods.values():
                for placed, name, at in _self_calls(method, read):
                    self._callers.setdefault(name, []).append((method, placed, at))
        return self._callers


def tries_only(name: str, call: ir.Call) -> bool:
    """
    Whether a call of the lock method of that full name takes the lock only if it is free. A semaphore is not meant: it
    takes its own lock first, and waits for that.
    """
    return name.endswith("Lock.acquire") and says_not_to_wait(name, call)


def _of_decorators(method: Function) -> set[str]:
    """Locks that a decorator names, as `@synchronized("lock")` does."""
    found: set[str] = set()
    for decorator in method.node.decorators:
        if isinstance(decorator, ir.Call) and decorator.args and isinstance(decorator.args[0], ir.Constant):
            name, lock = (ir.dotted_name(decorator.func) or "").lower(), decorator.args[0].value
            if ("lock" in name or "synchron" in name) and isinstance(lock, str):
                found.add(lock)
    return found


def _self_calls(method: Function, read: frozenset[str]) -> Iterator[tuple[Placed, str, ir.At]]:
    """The methods that a method runs on its object: those that it calls, and the properties that it reads."""
    subject = method.node.params[0].name if method.node.params else ""
    reads = bool(read) and mentions(method, *(f".{name}" for name in read))
    for placed in placed_statements(method.body):
        for node in own_expressions(placed.statement) if reads else own_calls(placed.statement):
            place: Place | None = place_of(uncalled(node))
            if place is not None and len(place) == 2 and place[0] == subject:
                if isinstance(node, ir.Call) or place[1] in read:
                    yield placed, place[1], node.at


def _is_property(method: Function) -> bool:
    names = ((ir.dotted_name(one) or "").rpartition(".")[2] for one in method.node.decorators)
    return any(name in {"property", "cached_property"} for name in names)


def _leaves(placed: Placed) -> bool:
    """Whether the block of the statement ends the function: what it gives back is given back on that way only."""
    outer = placed.around[-1] if placed.around else None
    if isinstance(outer, ir.If):
        for block in (outer.body, outer.orelse):
            if placed.statement in block and block:
                return isinstance(block[-1], (ir.Return, ir.Raise))
    return False


def _field(expr: ir.Expr, subject: str) -> str:
    place = place_of(expr)
    return place[1] if place is not None and len(place) == 2 and place[0] == subject and subject else ""
