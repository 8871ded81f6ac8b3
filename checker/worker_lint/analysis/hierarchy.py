"""
Inheritance: bases, resolution order, inherited members, metaclasses, abstract sets, subclasses.

All answers have three values in some way: a definition, its proven absence, or unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from worker_lint.analysis.entity import Class, External, Instance, ModuleScope, Target, Unknown, Value
from worker_lint.analysis.member import Member, decorator_name, members_of
from worker_lint.analysis.models import ModelClass, ModelMember
from worker_lint.analysis.mro import Opaque, linearize
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

Ancestor: TypeAlias = Class | ModelClass | Opaque
Enforced: TypeAlias = Literal["yes", "no", "unknown"]

_OBJECT: Final = "builtins.object"
_WITH_METACLASS: Final = ("with_metaclass",)
_HARMLESS_DECORATORS: Final = frozenset(
    {
        "typing.final",
        "typing.runtime_checkable",
        "typing_extensions.final",
        "typing_extensions.runtime_checkable",
        "typing.type_check_only",
        "enum.unique",
        "six.add_metaclass",
        "six.python_2_unicode_compatible",
        "zope.interface.implementer",
        "warnings.deprecated",
        "typing_extensions.deprecated",
        "dataclasses.dataclass",
        "functools.total_ordering",
        "builtins.staticmethod",
    }
)
_ORDERING: Final = frozenset({"__lt__", "__le__", "__gt__", "__ge__"})


@dataclass(frozen=True, slots=True)
class Found:
    """
    A member found along the resolution order. `sure` is False when an unknown base that comes
    earlier, or a branch of the class body, may supply another one.
    """

    member: Member | ModelMember
    owner: Class | ModelClass
    sure: bool = True

    @property
    def abstract(self) -> bool | None:
        """Whether it is abstract; None when that cannot be told."""
        return self.member.abstract


@dataclass(frozen=True, slots=True)
class AbstractSet:
    """The abstract members left in a class: `left` for certain, `unsure` perhaps."""

    left: dict[str, Found]
    unsure: frozenset[str] = frozenset()
    enforced: Enforced = "yes"


class Hierarchy:
    """The class graph of one project; answers are computed on demand and kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._bases: dict[Class, tuple[Ancestor, ...]] = {}
        self._orders: dict[Ancestor, tuple[tuple[Ancestor, ...], bool]] = {}
        self._members: dict[Class, dict[str, tuple[Member, ...]]] = {}
        self._abstract: dict[Ancestor, AbstractSet] = {}
        self._subclasses: dict[Class, tuple[Class, ...]] = {}
        self._model_cache: dict[str, Ancestor] = {}

    # --- bases and order ---

    def bases(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The direct bases; `object` is left out where others stand."""
        if isinstance(cls, Class):
            known = self._bases.get(cls)
            if known is None:
                self._bases[cls] = ()
                self._bases[cls] = known = self._own_bases(cls)
            return known
        if isinstance(cls, ModelClass):
            found = tuple(self.outside(base) for base in cls.bases)
            return found if cls.bases_known else (*found, Opaque(f"a base of {cls.name} in some versions"))
        return ()

    def _own_bases(self, cls: Class) -> tuple[Ancestor, ...]:
        found: list[Ancestor] = []
        for expr in cls.node.bases:
            for base in self._base(cls, expr):
                if base not in found:
                    found.append(base)
        return tuple(found) or (self.outside(_OBJECT),)

    def _base(self, cls: Class, expr: ir.Expr) -> tuple[Ancestor, ...]:
        if isinstance(expr, ir.Starred):
            return (Opaque("*bases", internal=True),)
        if isinstance(expr, ir.Call):
            return self._called_base(cls, expr)
        scope = cls.parent or cls
        candidates: dict[Ancestor, None] = {}
        for target in self.project.names.expr(scope, expr):
            if isinstance(target, Class):
                candidates[target if target is not cls else Opaque(cls.name, internal=True)] = None
            elif isinstance(target, External):
                candidates[self.outside(target.dotted)] = None
            elif isinstance(target, Value) and isinstance(target.expr, ir.Constant):
                continue  # the `Base = None` of a failed optional import
            else:
                candidates[Opaque(ir.dotted_name(expr) or "?", internal=True)] = None
        return self._one_of(tuple(candidates), expr)

    def _one_of(self, candidates: tuple[Ancestor, ...], expr: ir.Expr) -> tuple[Ancestor, ...]:
        """Alternatives of an import: one if they agree, else nothing is known of the base."""
        if len(candidates) == 1:
            return candidates
        modelled = [c for c in candidates if isinstance(c, ModelClass)]
        if modelled and len(modelled) == len(candidates):
            names = {model.name.rpartition(".")[2] for model in modelled}
            if len(names) == 1:
                return (modelled[0],)
        return (Opaque(ir.dotted_name(expr) or "?", internal=True),)

    def _called_base(self, cls: Class, call: ir.Call) -> tuple[Ancestor, ...]:
        """`six.with_metaclass(Meta, Base)`, or a factory of which nothing is known."""
        callee = (ir.dotted_name(call.func) or "").rpartition(".")[2]
        if callee in _WITH_METACLASS and call.args:
            found: list[Ancestor] = []
            for argument in call.args[1:]:
                found.extend(self._base(cls, argument))
            return tuple(found)
        if callee == "namedtuple":
            return (self.outside("builtins.tuple"),)
        return (Opaque(callee or "?", internal=True),)

    def outside(self, dotted: str) -> Ancestor:
        """A class outside the project: its model, or an opaque entry with its name."""
        known = self._model_cache.get(dotted)
        if known is None:
            known = self.project.models.find_class(dotted) or Opaque(dotted)
            self._model_cache[dotted] = known
            if isinstance(known, ModelClass):
                known = self._model_cache.setdefault(known.name, known)
                self._model_cache[dotted] = known
        return known

    def order(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The method resolution order, the class itself first."""
        return self._order(cls)[0]

    def consistent(self, cls: Ancestor) -> bool:
        """Whether Python would accept the order of the bases."""
        return self._order(cls)[1]

    def _order(self, cls: Ancestor) -> tuple[tuple[Ancestor, ...], bool]:
        known = self._orders.get(cls) if isinstance(cls, Class) else None
        if known is None:
            known = linearize(cls, self.bases)
            if isinstance(cls, Class):
                self._orders[cls] = known
        return known

    def ancestors(self, cls: Ancestor) -> tuple[Ancestor, ...]:
        """The order without the class itself."""
        return self.order(cls)[1:]

    def unknown_bases(self, cls: Ancestor) -> tuple[Opaque, ...]:
        """The ancestors of which nothing is known."""
        return tuple(ancestor for ancestor in self.order(cls) if isinstance(ancestor, Opaque))

    def derives_from(self, cls: Ancestor, *dotted: str) -> bool:
        """Whether a class outside the project with one of these names is an ancestor."""
        return any(isinstance(a, (ModelClass, Opaque)) and a.name in dotted for a in self.order(cls))

    # --- members ---

    def members(self, cls: Class) -> dict[str, tuple[Member, ...]]:
        """What the class body itself binds."""
        known = self._members.get(cls)
        if known is None:
            self._members[cls] = known = members_of(cls)
        return known

    def own(self, cls: Ancestor, name: str) -> tuple[Member | ModelMember, ...]:
        """The alternatives of a member that the class itself defines."""
        if isinstance(cls, Class):
            return self.members(cls).get(name, ())
        if isinstance(cls, ModelClass):
            member = cls.members.get(name)
            return (member,) if member is not None and not member.instance else ()
        return ()

    def find(self, cls: Ancestor, name: str, *, after: Ancestor | None = None) -> Found | None:
        """
        The definition that attribute look-up on the class finds; None when there is none or an
        unknown base hides the answer (`may_have` tells these apart). `after` starts behind an
        ancestor, as `super()` does.
        """
        order = self.order(cls)
        if after is not None:
            order = order[order.index(after) + 1 :] if after in order else ()
        sure = True
        for ancestor in order:
            alternatives = self.own(ancestor, name)
            if alternatives and not isinstance(ancestor, Opaque):
                chosen = self._least_abstract(alternatives)
                return Found(chosen, ancestor, sure and len(alternatives) == 1)
            if self._may_hide(ancestor, name, order):
                sure = False
        return None

    def _least_abstract(self, alternatives: tuple[Member | ModelMember, ...]) -> Member | ModelMember:
        return min(alternatives, key=lambda member: {False: 0, None: 1, True: 2}[member.abstract])

    def _may_hide(self, ancestor: Ancestor, name: str, order: tuple[Ancestor, ...]) -> bool:
        if isinstance(ancestor, Opaque):
            return True
        if isinstance(ancestor, ModelClass):
            return name in ancestor.uncertain or not ancestor.complete
        return self.opaque_decorators(ancestor) or name in self.supplied_by_decorator(ancestor)

    def may_have(self, cls: Ancestor, name: str) -> bool:
        """Whether the class has the attribute, or an unknown ancestor could give it."""
        if self.find(cls, name) is not None:
            return True
        order = self.order(cls)
        return any(self._may_hide(ancestor, name, order) for ancestor in order) or self.is_dynamic(cls)

    def may_inherit(self, cls: Class, name: str) -> bool:
        """Whether a base has the attribute, declares it by an annotation, or is unknown and could give it."""
        order = self.order(cls)
        for ancestor in order[1:]:
            if self.own(ancestor, name) or self._may_hide(ancestor, name, order):
                return True
            if isinstance(ancestor, Class) and name in ancestor.block.names:
                return True
            if isinstance(ancestor, ModelClass) and name in ancestor.members:
                return True
        return False

    def is_dynamic(self, cls: Ancestor) -> bool:
        """Whether attributes are answered by `__getattr__` or set by the metaclass."""
        for ancestor in self.order(cls):
            if isinstance(ancestor, Class):
                members = self.members(ancestor)
                if "__getattr__" in members or "__getattribute__" in members:
                    return True
        return self.find(cls, "__getattr__") is not None

    def class_attribute(self, cls: Class, name: str) -> tuple[Target, ...]:
        """What `cls.name` refers to: an inner class, a method, or an aliased object."""
        found = self.find(cls, name)
        if found is None or not found.sure or not isinstance(found.owner, Class):
            return (Unknown(),)
        return self.project.names.name(found.owner, name)

    def instance_attribute(self, cls: Class, name: str) -> tuple[Target, ...]:
        """What `self.name` refers to when the class defines it and no subclass defines it anew."""
        if any(self.own(sub, name) for sub in self.descendants(cls)):
            return (Unknown("a subclass may define it"),)
        return self.class_attribute(cls, name)

    # --- decorators ---

    def decorator_names(self, cls: Class) -> tuple[str | None, ...]:
        """The dotted names of the class decorators; None where one cannot be told."""
        scope = cls.parent or cls
        return tuple(decorator_name(scope, node) for node in cls.node.decorators)  # type: ignore[arg-type]

    def opaque_decorators(self, cls: Class) -> bool:
        """Whether a class decorator may add members that nobody can see."""
        return any(not self._is_transparent(cls, name, node) for name, node in self._decorators(cls))

    def _decorators(self, cls: Class) -> list[tuple[str | None, ir.Expr]]:
        return list(zip(self.decorator_names(cls), cls.node.decorators, strict=True))

    def _is_transparent(self, cls: Class, name: str | None, node: ir.Expr) -> bool:
        if name in _HARMLESS_DECORATORS or (name or "").rpartition(".")[2] in {"add_metaclass", "implementer"}:
            return True
        expr = node.func if isinstance(node, ir.Call) else node
        spelled = (ir.dotted_name(expr) or "").rpartition(".")[2]
        return "register" in spelled.lower() or self.project.returns_class_unchanged(cls, expr)

    def supplied_by_decorator(self, cls: Class) -> frozenset[str]:
        """Names that dataclass, attrs and total_ordering add to the class."""
        names = self.decorator_names(cls)
        supplied: set[str] = set()
        if "functools.total_ordering" in names:
            supplied |= _ORDERING
        for name in names:
            top, _, last = (name or "").partition(".")
            if top in {"attr", "attrs", "dataclasses", "pydantic"} or last.endswith("dataclass"):
                supplied |= {field for field, bindings in cls.block.names.items() if bindings[0].annotation is not None}
        return frozenset(supplied)

    # --- metaclasses ---

    def enforced(self, cls: Ancestor) -> Enforced:
        """Whether the metaclass is, or derives from, ABCMeta, so that abstract marks count."""
        answer: Enforced = "no"
        for ancestor in self.order(cls):
            if isinstance(ancestor, ModelClass):
                if ancestor.metaclass == "":
                    answer = "unknown"
                elif ancestor.metaclass != "builtins.type" and self._is_abc_meta(External(ancestor.metaclass)) == "yes":
                    return "yes"
            elif isinstance(ancestor, Opaque):
                answer = "unknown"
            else:
                own = self._own_metaclass(ancestor)
                if own == "yes":
                    return "yes"
                answer = "unknown" if own == "unknown" else answer
        return answer

    def _own_metaclass(self, cls: Class) -> Enforced:
        answers = [self._meta_of_expr(cls, expr) for expr in metaclass_exprs(cls)]
        if "yes" in answers:
            return "yes"
        return "unknown" if "unknown" in answers else "no"

    def _meta_of_expr(self, cls: Class, expr: ir.Expr) -> Enforced:
        answers = {self._is_abc_meta(target) for target in self.project.names.expr(cls.parent or cls, expr)}
        return answers.pop() if len(answers) == 1 else "unknown"

    def _is_abc_meta(self, target: Target) -> Enforced:
        if isinstance(target, External):
            if target.dotted in {"abc.ABCMeta", "typing._ProtocolMeta"}:
                return "yes"
            model = self.outside(target.dotted)
            if isinstance(model, ModelClass):
                return "yes" if any(getattr(a, "name", "") == "abc.ABCMeta" for a in self.order(model)) else "no"
            return "no" if target.dotted == "builtins.type" else "unknown"
        if isinstance(target, Class):
            order = self.order(target)
            if any(isinstance(a, ModelClass) and a.name == "abc.ABCMeta" for a in order):
                return "yes"
            return "unknown" if self.unknown_bases(target) else "no"
        return "unknown"

    # --- abstract sets ---

    def abstract(self, cls: Ancestor) -> AbstractSet:
        """The abstract members left, computed as ABCMeta computes `__abstractmethods__`."""
        known = self._abstract.get(cls) if isinstance(cls, Class) else None
        if known is None:
            if isinstance(cls, Class):
                self._abstract[cls] = AbstractSet({}, enforced="unknown")
            known = self._abstract_set(cls)
            if isinstance(cls, Class):
                self._abstract[cls] = known
        return known

    def _abstract_set(self, cls: Ancestor) -> AbstractSet:
        if isinstance(cls, Opaque):
            return AbstractSet({}, enforced="unknown")
        enforced = self.enforced(cls)
        if enforced == "no":
            return AbstractSet({}, enforced="no")
        left: dict[str, Found] = {}
        unsure: set[str] = set()
        for base in self.bases(cls):
            inherited = self.abstract(base)
            for name in (*inherited.left, *inherited.unsure):
                self._judge(cls, name, name in inherited.unsure, left, unsure)
        for name, members in self._own_names(cls):
            flags = {member.abstract for member in members}
            if flags == {True}:
                left[name] = Found(members[0], cls)
            elif flags != {False}:
                unsure.add(name)
        return AbstractSet(left, frozenset(unsure - left.keys()), enforced)

    def _own_names(self, cls: Class | ModelClass) -> list[tuple[str, tuple[Member | ModelMember, ...]]]:
        if isinstance(cls, Class):
            return [(name, tuple(members)) for name, members in self.members(cls).items()]
        return [(name, (member,)) for name, member in cls.members.items()]

    def _judge(self, cls: Ancestor, name: str, doubtful: bool, left: dict[str, Found], unsure: set[str]) -> None:
        found = self.find(cls, name)
        if found is None or found.abstract is None or (found.abstract and doubtful):
            unsure.add(name)
        elif found.abstract and (not found.sure or self._could_be_supplied(cls, found)):
            unsure.add(name)
        elif found.abstract:
            left[name] = found

    def _could_be_supplied(self, cls: Ancestor, found: Found) -> bool:
        """
        An unknown base behind the definition in our order may in truth stand before it: if it
        could be anything, or if the definition is of a library that it may derive from as well.
        """
        unknown = self.unknown_bases(cls)
        if not unknown:
            return False
        return isinstance(found.owner, ModelClass) or any(base.internal for base in unknown)

    # --- subclasses ---

    def subclasses(self, cls: Class) -> tuple[Class, ...]:
        """The direct subclasses in the project, in path order."""
        known = self._subclasses.get(cls)
        if known is None:
            self._subclasses[cls] = known = tuple(
                candidate
                for path in self.project.store.files_naming_base(cls.name)
                if self._could_subclass(path, cls)
                for candidate in self.project.classes_in(path)
                if candidate is not cls and cls in self.bases(candidate)
            )
        return known

    def _could_subclass(self, path: str, cls: Class) -> bool:
        store = self.project.store
        return any(store.could_be(path, base, cls.path, cls.name) for base in store.base_names(path))

    def descendants(self, cls: Class) -> tuple[Class, ...]:
        """All subclasses, near ones first, each once."""
        found: dict[Class, None] = {}
        pending = list(self.subclasses(cls))
        while pending:
            current = pending.pop(0)
            if current not in found and current is not cls:
                found[current] = None
                pending.extend(self.subclasses(current))
        return tuple(found)


def metaclass_exprs(cls: Class) -> list[ir.Expr]:
    """What stands as metaclass: the keyword, `six.with_metaclass`, `@six.add_metaclass`."""
    found = [keyword.value for keyword in cls.node.keywords if keyword.name == "metaclass"]
    for base in cls.node.bases:
        if isinstance(base, ir.Call) and (ir.dotted_name(base.func) or "").endswith("with_metaclass") and base.args:
            found.append(base.args[0])
    for decorator in cls.node.decorators:
        if isinstance(decorator, ir.Call) and (ir.dotted_name(decorator.func) or "").endswith("add_metaclass"):
            found.extend(decorator.args[:1])
    return found


