"""
Whether a class is meant to stay abstract: what its own header and body say, and what its subclasses do.
"""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.contract import missing_members
from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.member import Member
from worker_lint.analysis.metaclass import metaclass_exprs
from worker_lint.analysis.models import ModelClass
from worker_lint.analysis.mro import Opaque
from worker_lint.source import ir

_PROTOCOLS: Final = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_TYPE_WORDS: Final = re.compile(r"\bprotocol\b|\btype[ -](?:hint|annotation|check)|\bstructural\b", re.IGNORECASE)
_FINAL: Final = frozenset({"typing.final", "typing_extensions.final"})
_ABSTRACT_BASES: Final = frozenset({"abc.ABC", "zope.interface.Interface", *_PROTOCOLS})
_ABSTRACT_NAME: Final = re.compile(
    r"^_*(?:Abstract|Base|Generic|Default|Stub|Partial)(?=[A-Z0-9_]|$)|ABC|Abstract|Mixin|MixIn|Mix_?in$|Interface|Protocol"
    r"|Base(?=[A-Z0-9_]|$)|(?:^|_)(?:base|abstract|mixin|interface)$"
)
_ABSTRACT_WORDS: Final = re.compile(
    r"\babstract\b|\bbase[ -]class\b|\bmix-?in\b|\bsub-?class(?:es|ed|ing)?\b|\binherit|\bextend|\binterface\b"
    r"|\bmust (?:implement|define|override|provide)\b|\bderive",
    re.IGNORECASE,
)


def is_declared_abstract(cls: Class) -> bool:
    """
    Whether the class itself says that it is abstract: it names ABC, Protocol or a metaclass, has
    abstract members of its own (or members of which that cannot be told).
    """
    hierarchy = cls.project.hierarchy
    if _names_base(cls, _ABSTRACT_BASES) or metaclass_exprs(cls):
        return True
    return any(member.abstract is not False for members in hierarchy.members(cls).values() for member in members)


def is_final(cls: Class) -> bool:
    """Whether `@final` forbids subclasses."""
    return not _FINAL.isdisjoint(cls.project.hierarchy.decorator_names(cls))


def is_protocol(cls: Class) -> bool:
    """Whether the class names Protocol among its bases: its members are a contract without any mark."""
    return _names_base(cls, _PROTOCOLS)


def is_for_type_checkers(cls: Class) -> bool:
    """
    Whether the class stands under `if TYPE_CHECKING`, or is a name for annotations alone: its
    docstring calls it a protocol, and the project neither derives from it nor creates one.
    """
    bindings = cls.parent.block.names.get(cls.name, ()) if cls.parent is not None else ()
    if any(binding.type_checking and binding.node is cls.node for binding in bindings):
        return True
    project = cls.project
    return (
        bool(_TYPE_WORDS.search(docstring_of(cls)))
        and not project.hierarchy.subclasses(cls)
        and next(project.uses.creations(cls), None) is None
    )


def _names_base(cls: Class, names: frozenset[str]) -> bool:
    return any(
        isinstance(base, (ModelClass, Opaque)) and base.name in names for base in cls.project.hierarchy.bases(cls)
    )


def has_concrete_descendant(cls: Class) -> bool:
    """Whether a subclass in the project, at any depth, has no abstract members left."""
    return any(
        not missing_members(sub) and not is_declared_abstract(sub) for sub in cls.project.hierarchy.descendants(cls)
    )


def is_replaced(cls: Class) -> bool:
    """Whether the name stands for something else in the end, so that other code cannot mean the class by it."""
    return cls.parent is not None and cls.project.names.name(cls.parent, cls.name) != (cls,)


def refuses_creation(cls: Class) -> bool:
    """Whether `__init__` ends in a raise, itself or in the function of the project that it calls last."""
    found = cls.project.hierarchy.find(cls, "__init__")
    if found is None or not isinstance(found.owner, Class) or not isinstance(found.member, Member):
        return False
    function = found.member.function
    return function is not None and _ends_in_raise(cls.project.function_of(found.owner, function), 2)


def _ends_in_raise(function: Function, depth: int) -> bool:
    last = function.body[-1] if function.body else None
    if isinstance(last, ir.Raise):
        return True
    if isinstance(last, ir.Expression) and isinstance(last.value, ir.Call) and depth:
        targets = function.project.names.expr(function, last.value.func)
        return len(targets) == 1 and isinstance(targets[0], Function) and _ends_in_raise(targets[0], depth - 1)
    return False


def is_namespace(cls: Class) -> bool:
    """Whether the class and its project bases have only static and class methods: there is nothing to create."""
    hierarchy = cls.project.hierarchy
    kinds = {
        member.kind
        for owner in hierarchy.order(cls)
        if isinstance(owner, Class)
        for members in hierarchy.members(owner).values()
        for member in members
        if member.parts
    }
    return bool(kinds) and kinds <= {"staticmethod", "classmethod"}


def opens_hooks(cls: Class) -> bool:
    """Whether the class adds methods that only raise NotImplementedError and that no base has."""
    hierarchy = cls.project.hierarchy
    for name, members in hierarchy.members(cls).items():
        if not any(_is_stub(member) for member in members):
            continue
        if not any(hierarchy.own(ancestor, name) for ancestor in hierarchy.ancestors(cls)):
            return True
    return False


def reads_as_abstract(cls: Class) -> bool:
    """Whether its name or docstring speaks of a base class, an interface or a mixin."""
    return bool(_ABSTRACT_NAME.search(cls.name) or _ABSTRACT_WORDS.search(docstring_of(cls)))


def docstring_of(cls: Class) -> str:
    """The text at the top of the class body; empty when there is none."""
    if not cls.node.docstring:
        return ""
    text = cls.project.store.text(cls.path)
    first = cls.node.name_at[2]
    last = min((node.at[0] for node in cls.node.body if not _is_string(node)), default=cls.node.at[2])
    return "\n".join(text.line(number) for number in range(first + 1, max(last, first + 2)))


def _is_string(node: ir.Stmt) -> bool:
    return isinstance(node, ir.Expression) and isinstance(node.value, ir.Constant)


def _is_stub(member: Member) -> bool:
    return member.function is not None and member.function.shape == "not-implemented"
