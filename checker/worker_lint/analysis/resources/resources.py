"""Held resources, by class and by function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class, Function, Instance
from worker_lint.analysis.flow.visit import Place
from worker_lint.analysis.kept import Kept
from worker_lint.analysis.places import SELF, Use
from worker_lint.analysis.resources.duty import Duty, modelled_duty
from worker_lint.analysis.resources.ending import Ending
from worker_lint.analysis.resources.fresh import Origins
from worker_lint.analysis.resources.held import End, Held, Site
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.values import Assigned, Awaitable, Items, Kind
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project


class Resources:
    """Answers for one project; every result is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._kept: Kept[tuple[Held, ...] | Duty | None] = Kept()

    # --- duties ---

    def duty(self, kind: Kind) -> Duty | None:
        """The duty of objects of a kind, or of the items of a collection; None when there is none or nobody knows."""
        found = modelled_duty(self.project, kind)
        if found is not None:
            return found
        while isinstance(kind, (Items, Awaitable)):
            kind = kind.of
        if isinstance(kind, Instance) and isinstance(kind.of, Class):
            return self._wrapping_duty(kind.of)
        return None

    def _may_have_duty(self, kind: Kind) -> bool:
        """Whether a `duty` is possible: the question before the objects of a class of the project are looked into."""
        if modelled_duty(self.project, kind) is not None:
            return True
        while isinstance(kind, (Items, Awaitable)):
            kind = kind.of
        return isinstance(kind, Instance) and isinstance(kind.of, Class)

    def _wrapping_duty(self, cls: Class) -> Duty | None:
        """A class that holds resources, and has a method that ends them, has their duty."""
        found = self._kept.once(("duty", cls), None, lambda: self._found_duty(cls))  # it may hold objects of itself
        return found if isinstance(found, Duty) else None

    def _found_duty(self, cls: Class) -> Duty | None:
        if not self._may_release(cls):
            return None
        held = [one for base in self._own_bases(cls) for one in self.held(base)]
        due = [one for one in held if one.acquired and one.derived_from is None]
        release = self._releasing(cls, due)
        if not due or not release:
            return None
        acquired = dict.fromkeys(site.method.name for one in due for site in one.acquired)
        context = self.project.hierarchy.find(cls, "__exit__") or self.project.hierarchy.find(cls, "__aexit__")
        return Duty(cls.symbol, "worker", tuple(acquired), release, context=context is not None, cls=cls)

    def _own_bases(self, cls: Class) -> list[Class]:
        return [base for base in self.project.hierarchy.order(cls) if isinstance(base, Class)]

    def _may_release(self, cls: Class) -> bool:
        """Whether a method is named as one of `_releasing` must be; asked before any method is read."""
        known = self.project.models.release_names
        methods = (method for base in self._own_bases(cls) for method in self.project.values.fields.methods(base))
        return any(is_stop_name(method.name) or method.name in known for method in methods)

    def _releasing(self, cls: Class, held: list[Held]) -> tuple[str, ...]:
        """The stop-like methods that lead to an end of what is held."""
        names = {method.name for base in self._own_bases(cls) for method in self.project.values.fields.methods(base)}
        enders = {end.site.method.name for one in held for end in one.ends}
        passed_on = {name for one in held for name in one.duty.release}  # `term` of what holds a context
        stops = sorted(
            name
            for name in names
            if (is_stop_name(name) or name in passed_on) and name not in ("__exit__", "__aexit__", "__del__")
        )
        return tuple(name for name in stops if enders & self.reached(cls, name))

    def reached(self, cls: Class, name: str) -> frozenset[str]:
        """The methods of an object that calling one of them may run, through `self`."""
        seen: set[str] = set()
        pending = [name]
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            for base in self._own_bases(cls):
                for method in self.project.values.fields.methods(base):
                    if method.name == current:
                        uses = self.project.places.uses(method, cls)
                        pending.extend(use.place[1] for use in uses if use.place[0] == SELF and len(use.place) == 2)
                        pending.extend(use.name for use in uses if use.place == (SELF,) and use.name)
        return frozenset(seen)

    # --- fields ---

    def held(self, cls: Class) -> tuple[Held, ...]:
        """The fields whose objects methods of this very class make."""
        found = self._kept.once(("held", cls), (), lambda: self._found_held(cls))  # it may hold objects of itself
        return found if isinstance(found, tuple) else ()

    def modelled_fields(self, cls: Class) -> tuple[Held, ...]:
        """Those of `held`, where a library model knows one of them at least: cheap for all other classes."""
        values = self.project.values
        is_any = any(modelled_duty(self.project, values.field(cls, name)) for name in values.fields.own(cls))
        return self.held(cls) if is_any else ()

    def _found_held(self, cls: Class) -> tuple[Held, ...]:
        made = (self._field(cls, name) for name in self.project.values.fields.own(cls))
        return tuple(one for one in made if one is not None)

    def opened(self, cls: Class, name: str) -> Site | None:
        """Where a field of a class, or of a base of it, is first opened."""
        found = (one for base in self._own_bases(cls) for one in self.held(base) if one.place[1] == name)
        return next((one.acquired[0] for one in found if one.acquired), None)

    def _field(self, cls: Class, name: str) -> Held | None:
        if not any(one.source.how == "value" for one in self.project.values.fields.own(cls).get(name, ())):
            return None
        kind = self.project.values.field(cls, name)
        if not self._may_have_duty(kind):
            return None
        assigned = self.project.values.fields.assigned(cls, name)
        origins = Origins(self.project)
        for one in assigned:
            if origins.of_sources(one.scope, (one.source,), cls) in ("foreign", "managed"):
                return None
        if not any(Site(scope, call.at).method.owner is cls for scope, call in origins.made):
            return None
        duty = self.duty(kind)
        if duty is None:
            return None
        found = _Found(duty, origins.made)
        for me, use in self._uses_of_field(cls, name, assigned):
            found.add(use, Ending(self.project, duty).of(use, me))
        return found.held(
            (SELF, name),
            cls=cls,
            is_collection=isinstance(kind, Items),
            derived_from=self._derived_from(origins.made, cls),
            reachable_outside=self._is_ended_outside(cls, name, duty),
        )

    def _uses_of_field(self, cls: Class, name: str, assigned: list[Assigned]) -> Iterator[tuple[Class, Use]]:
        """
        The uses of a field in the class, its bases and its subclasses, with those of the locals
        that the values of the field have before they are put there.
        """
        hierarchy = self.project.hierarchy
        family = [*self._own_bases(cls), *hierarchy.descendants(cls)]
        place = (SELF, name)
        locals_ = {(one.scope, (one.source.expr.id,)) for one in assigned if isinstance(one.source.expr, ir.Name)}
        for owner in dict.fromkeys(family):
            me = owner if owner in hierarchy.descendants(cls) else cls
            for method in self.project.values.fields.methods(owner):
                for use in self.project.places.uses(method, me):
                    if use.place == place:
                        yield me, use
                    elif use.place[:2] == place and len(use.place) == 3 and use.how == "called":
                        if is_stop_name(use.name):
                            yield me, use
                    elif (use.function, use.place) in locals_ and not _puts(use, name):
                        yield me, use

    def _derived_from(self, made: list[tuple[Function, ir.Call]], cls: Class) -> Place | None:
        """The field by a method of which the object was made, if that closes its children."""
        for scope, call in made:
            if isinstance(call.func, ir.Attribute):
                duty = self.duty(self.project.values.of(scope, call.func.value, cls))
                if duty is not None and duty.closes_children:
                    places = self.project.places.denotes(scope, call.func.value, cls)
                    return min((place for place in places if place[0] == SELF), default=min(places, default=("?",)))
        return None

    def _is_ended_outside(self, cls: Class, name: str, duty: Duty) -> bool:
        """Whether code outside the class's own methods may end the field: by name, or by a name that is computed."""
        methods = "|".join(sorted(re.escape(end) for end in duty.ends)) or "close"
        by_name = rf"(?<!self)(?<!cls)\.{re.escape(name)}(?:\[[^\]\n]*\])?\.(?:{methods})\b"
        if self.project.uses.is_written(cls, (f".{name}",), by_name):
            return True
        text = self.project.store.text(cls.path)
        first, last = cls.node.at[0], cls.node.at[2]
        quoted = (f'"{name}"', f"'{name}'")
        return any(text.has_word(word, first, last) for word in quoted)

    # --- locals ---

    def local(self, function: Function, me: Class | None = None) -> tuple[Held, ...]:
        """The locals whose objects the function makes itself."""
        found = (self._local(function, name, me) for name in self._names(function))
        return tuple(one for one in found if one is not None)

    def modelled(self, function: Function, me: Class | None = None) -> tuple[Held, ...]:
        """
        Those of `local` that a library model knows, collections left out: no class of the project is read for what
        it holds itself.
        """
        values, places = self.project.values, self.project.values.bindings(function).places
        given = (name for name in self._names(function) if any(one.how == "value" for one in places[name,]))
        names = (name for name in given if modelled_duty(self.project, values.name(function, name, me)) is not None)
        return tuple(one for one in (self._local(function, name, me) for name in names) if one is not None)

    def _names(self, function: Function) -> Iterator[str]:
        bindings = self.project.values.bindings(function)
        return (place[0] for place in bindings.places if len(place) == 1 and place[0] not in bindings.outer)

    def _local(self, function: Function, name: str, me: Class | None) -> Held | None:
        bindings = self.project.values.bindings(function)
        sources = [*bindings.places[name,], *bindings.added.get((name,), ())]
        if not any(source.how == "value" for source in sources):
            return None
        kind = self.project.values.name(function, name, me)
        if not self._may_have_duty(kind) or any(param.name == name for param in function.node.params):
            return None
        origins = Origins(self.project)
        if origins.of_sources(function, sources, me) != "fresh":
            return None
        duty = self.duty(kind)
        if duty is None:
            return None
        found = _Found(duty, origins.made)
        for use in self.project.places.uses(function, me):
            if use.place[0] == name and (len(use.place) == 1 or is_stop_name(use.name)):
                found.add(use, Ending(self.project, duty).of(use, me))
        derived = self._derived_from(origins.made, me) if me is not None else None
        return found.held((name,), is_collection=isinstance(kind, Items), derived_from=derived)


class _Found:
    """What the uses of one place tell, as they come in."""

    def __init__(self, duty: Duty, made: list[tuple[Function, ir.Call]]) -> None:
        self.duty = duty
        self.created = tuple(dict.fromkeys(Site(scope, call.at) for scope, call in made))
        self.acquired: dict[Site, None] = dict.fromkeys(self.created) if duty.when_created else {}
        self.ends: dict[End, None] = {}
        self.escapes: dict[Use, None] = {}

    def add(self, use: Use, meaning: End | Use | None) -> None:
        """Takes in one use and what it means for the duty."""
        if use.how == "called" and use.name in self.duty.acquired:
            self.acquired[Site(use.function, use.at)] = None
        if isinstance(meaning, End):
            self.ends[meaning] = None
        elif meaning is not None:
            self.escapes[meaning] = None

    def held(
        self, place: Place, *, cls: Class | None = None, is_collection: bool, derived_from: Place | None,
        reachable_outside: bool = False,
    ) -> Held:  # fmt: skip
        """The result."""
        parts = (self.created, tuple(self.acquired), tuple(self.ends), tuple(self.escapes))
        return Held(place, self.duty, *parts, cls, is_collection, derived_from, reachable_outside)


def _puts(use: Use, name: str) -> bool:
    """Whether this use of a local is what puts it into the field."""
    if use.how == "stored" and isinstance(use.statement, ir.Assign):
        return any(
            (isinstance(target, ir.Attribute) and target.name == name)
            or (
                isinstance(target, ir.Subscript)
                and isinstance(target.value, ir.Attribute)
                and target.value.name == name
            )
            for target in use.statement.targets
        )
    if use.how == "passed" and use.call is not None and isinstance(use.call.func, ir.Attribute):
        inner = use.call.func.value
        return isinstance(inner, ir.Attribute) and inner.name == name
    return False
