"""The deliveries of a file: which function gets one, how, and under which names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.calls import Runs
from worker_lint.analysis.deliveries.batches import Batches, gone_through
from worker_lint.analysis.deliveries.delivery import Delivery, How, Opening, is_tag_of
from worker_lint.analysis.deliveries.handing import left_to
from worker_lint.analysis.deliveries.openings import (
    ByName,
    brings,
    functions_with,
    imported_names,
    is_automatic,
    known_by_name,
    openings_in,
    stated,
)
from worker_lint.analysis.deliveries.settlement import argument_for
from worker_lint.analysis.entity import External, Function, Instance
from worker_lint.analysis.flow import find, walk
from worker_lint.analysis.names import receiver_kind
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.entity import Scope
    from worker_lint.analysis.models import CallTable, DeliveryTable, ModelFunction
    from worker_lint.analysis.project import Project

PAYLOAD: Final = "payload"
_NEXT: Final = ("__anext__", "__next__")


class Deliveries:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._incoming: dict[str, ByName] = {}
        self._settling: dict[str, ByName] = {}
        self._openings: dict[str, tuple[Opening, ...]] = {}
        self._deliveries: dict[str, tuple[Delivery, ...]] = {}

    def of(self, path: str) -> tuple[Delivery, ...]:
        """The deliveries that come to functions of a file, opened in the same file."""
        if path not in self._deliveries:
            found = tuple(self._search(path))
            self._deliveries[path] = (*found, *(inner for each in found for inner in left_to(each)))
        return self._deliveries[path]

    def openings(self, path: str) -> tuple[Opening, ...]:
        """The calls of a file by which deliveries come in."""
        if path not in self._openings:
            incoming = self._incoming_in(path)
            self._openings[path] = tuple(openings_in(self.project, path, incoming)) if incoming else ()
        return self._openings[path]

    def settles(self, scope: Scope, call: ir.Call) -> ModelFunction | None:
        """The model of a call that settles some delivery: by the class of its object, or by its name alone."""
        found = stated(self.project, scope, call)
        if found is None:
            path = scope.path
            if path not in self._settling:
                module = self.project.module(path)
                imported = imported_names(module) if module is not None else frozenset()
                self._settling[path] = self.project.models.of_messages(imported, _is_settling)
            found = known_by_name(self.project.calls.of(scope, call), call, self._settling[path])
        return found if found is not None and _is_settling(found.facts) else None

    def _incoming_in(self, path: str) -> ByName:
        if path not in self._incoming:
            module = self.project.module(path)
            imported = imported_names(module) if module is not None else frozenset()
            self._incoming[path] = self.project.models.of_messages(imported, brings)
        return self._incoming[path]

    def _search(self, path: str) -> Iterator[Delivery]:
        openings = self.openings(path)
        for opening in openings:
            for runs, given in self._handlers(opening):
                if runs.function.path == path:
                    yield from self._given(opening, runs.function, given)
        if self._incoming_in(path):
            for function in functions_with(self.project, path, ("for",)):
                for loop in find(ir.For, function.statements):
                    yield from self._looped(function, loop, openings)
        yield from self._in_batches(path, openings)
        by_call = {opening.call.at: opening for opening in openings if opening.model.facts.delivers}
        for function in functions_with(self.project, path, tuple({_bare(one) for one in by_call.values()})):
            for node in find(ir.Assign, function.statements):
                call = node.value.value if isinstance(node.value, ir.Await) else node.value
                if call is not None and call.at in by_call and len(node.targets) == 1:
                    opening = by_call[call.at]
                    yield from self._bound(
                        function, "get", opening, node.targets[0], opening.model.facts.delivers, node
                    )

    # --- callbacks ---

    def _handlers(self, opening: Opening) -> Iterator[tuple[Runs, tuple[str, ...]]]:
        """The functions of the project that a call makes handlers, with what they are given."""
        for name, classes in opening.model.facts.gives.items():
            argument = argument_for(opening.call, opening.model, name)
            for value in argument.items if isinstance(argument, ir.Collection) else (argument,):
                if value is None:
                    continue
                before = _bound_before(value)
                callee = self.project.calls.handed(opening.scope, value)
                for runs in callee.runs if before is not None else ():
                    yield runs, ("",) * (before or 0) + classes

    def _given(self, opening: Opening, function: Function, given: tuple[str, ...]) -> Iterator[Delivery]:
        params = [param for param in function.node.params if param.kind in ("positional-only", "positional")]
        if function.owner is not None and receiver_kind(function) != "static":
            params = params[1:]
        names = [param.name for param in params]
        channels = self._settlers(given)
        channel = next((name for name, cls in zip(names, given, strict=False) if cls in channels), "")
        yield from self._delivery(function, "callback", opening, list(zip(names, given, strict=False)), None, channel)

    def _settlers(self, given: tuple[str, ...]) -> frozenset[str]:
        tables = (self.project.models.find_delivery(name) for name in given if "." in name)
        return frozenset(name for table in tables if table is not None for name in table.settlers)

    # --- loops and calls ---

    def _looped(self, function: Function, loop: ir.For, openings: tuple[Opening, ...]) -> Iterator[Delivery]:
        source = loop.iter.value if isinstance(loop.iter, ir.Await) else loop.iter
        opening = next((one for one in openings if one.call.at == source.at), None)
        if opening is not None and opening.model.facts.items and not opening.model.facts.inside:
            yield from self._bound(function, "loop", opening, loop.target, opening.model.facts.items, loop)
            return
        kind = self.project.values.of(function, source)
        model = self._next_of(kind.of.dotted) if isinstance(kind, Instance) and isinstance(kind.of, External) else None
        if model is not None:
            made = _made(function, source)
            maker = stated(self.project, function, made) if made is not None else None
            auto = is_automatic(made, maker) if made is not None and maker is not None else None
            opened = Opening(function, made or ir.Call(source.at, source, (), ()), model, auto)
            yield from self._bound(function, "loop", opened, loop.target, model.facts.delivers, loop)

    def _in_batches(self, path: str, openings: tuple[Opening, ...]) -> Iterator[Delivery]:
        """What is taken out of the results of requests, in loops or by number."""
        requests = {opening.call.at: opening for opening in openings if opening.model.facts.inside}
        words = tuple({"for", *(_bare(one) for one in requests.values())}) if requests else ()
        for function in functions_with(self.project, path, words):
            batches = Batches(function, requests)
            taken: list[tuple[How, Opening, ir.Expr, ir.For | ir.Assign]] = []
            for loop in find(ir.For, function.statements):
                target, batch = gone_through(loop)
                found = batches.position(batch)
                if found is not None and found.holds_deliveries:
                    taken.append(("loop", found.opening, target, loop))
            for node in find(ir.Assign, function.statements):
                is_alone = len(node.targets) == 1 and not isinstance(node.value, ir.Name)
                found = batches.position(node.value) if is_alone else None
                if found is not None and found.is_delivery:
                    taken.append(("get", found.opening, node.targets[0], node))
            for how, opening, target, begins in taken:
                often = sum(one[1] is opening for one in taken)
                for one in self._bound(function, how, opening, target, opening.model.facts.items, begins):
                    yield replace(one, is_shared=batches.is_shared(opening, often))

    def _next_of(self, dotted: str) -> ModelFunction | None:
        cls = self.project.models.find_class(dotted)
        found = (self.project.models.find_stated(cls, name) for name in _NEXT) if cls is not None else ()
        return next((model for model in found if model is not None and model.facts.delivers), None)

    def _bound(
        self,
        function: Function,
        how: How,
        opening: Opening,
        target: ir.Expr,
        classes: tuple[str, ...],
        begins: ir.For | ir.Assign,
    ) -> Iterator[Delivery]:
        targets = target.items if isinstance(target, ir.Collection) and len(classes) > 1 else (target,)
        if len(targets) == len(classes):
            pairs = [(each.id, cls) for each, cls in zip(targets, classes, strict=True) if isinstance(each, ir.Name)]
            yield from self._delivery(function, how, opening, pairs, begins)
        elif isinstance(target, ir.Name):
            pairs = [
                (target.id, next(cls for cls in classes if "." in cls)),
                *self._parts(function, target.id, classes),
            ]
            yield from self._delivery(function, how, opening, pairs, begins)

    def _parts(self, function: Function, name: str, classes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """The names that are given parts of a tuple of which one part says what the message does."""
        for place, sources in self.project.values.bindings(function).places.items():
            for one in sources if len(place) == 1 else ():
                is_part = one.how == "element" and isinstance(one.expr, ir.Name) and one.expr.id == name
                if is_part and one.number < len(classes) and classes[one.number] == PAYLOAD:
                    yield place[0], PAYLOAD

    def _delivery(
        self,
        function: Function,
        how: How,
        opening: Opening,
        pairs: list[tuple[str, str]],
        begins: ir.For | ir.Assign | None,
        channel: str = "",
    ) -> Iterator[Delivery]:
        payload = frozenset(name for name, cls in pairs if cls == PAYLOAD)
        for name, cls in pairs:
            facts = self.project.models.find_delivery(cls) if "." in cls else None
            sources = self.project.values.bindings(function).places.get((name,), ())
            if facts is not None and len(sources) == (0 if begins is None else 1):
                names, tags = self._aliases(function, name, facts)
                yield Delivery(function, None, names, tags, facts, how, opening, payload, begins, channel)

    def _aliases(self, function: Function, name: str, facts: DeliveryTable) -> tuple[frozenset[str], frozenset[str]]:
        """The names that stand for the same delivery, and those that hold its tag alone."""
        names: set[str] = {name}
        tags: set[str] = set()
        for place, sources in self.project.values.bindings(function).places.items():
            if len(place) != 1 or any(source.how not in ("value", "element") for source in sources):
                continue
            if any(source.how == "element" and (not facts.is_tag or source.number) for source in sources):
                continue
            values = [source.expr for source in sources]
            if all(isinstance(value, ir.Name) and value.id in names for value in values):
                names.add(place[0])
            elif facts.by_tag and all(self._is_tag(value, names | tags, facts) for value in values):
                tags.add(place[0])
        return frozenset(names), frozenset(tags)

    @staticmethod
    def _is_tag(value: ir.Expr | None, names: set[str], facts: DeliveryTable) -> bool:
        """Whether a value is the tag, or, of one that is its own tag, made of it."""
        if facts.is_tag and value is not None:
            return any(isinstance(node, ir.Name) and node.id in names for node in walk(value))
        return is_tag_of(facts, value, names)


def _is_settling(facts: CallTable) -> bool:
    return facts.settles is not None and facts.settles not in ("extend", "store")


def _bound_before(value: ir.Expr) -> int | None:
    """The arguments that `functools.partial` fills before those of the delivery; None when that is unclear."""
    if not isinstance(value, ir.Call):
        return 0
    if any(isinstance(argument, ir.Starred) for argument in value.args):
        return None
    return max(len(value.args) - 1, 0)


def _made(function: Function, iterable: ir.Expr) -> ir.Call | None:
    """The call that made what a loop goes through: `async with queue.iterator() as messages`."""
    if isinstance(iterable, ir.Call):
        return iterable
    if isinstance(iterable, ir.Name):
        for source in function.project.values.bindings(function).places.get((iterable.id,), ()):
            if isinstance(source.expr, ir.Call):
                return source.expr
    return None


def _bare(opening: Opening) -> str:
    return opening.model.name.rpartition(".")[2]
