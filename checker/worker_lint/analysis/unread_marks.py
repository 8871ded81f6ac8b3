"""Abstract marks that no metaclass reads."""

from __future__ import annotations

from worker_lint.analysis.entity import Class
from worker_lint.analysis.member import Member
from worker_lint.analysis.metaclass import metaclass_exprs
from worker_lint.analysis.models import ModelClass


def marked_members(cls: Class) -> list[Member]:
    """The members that a decorator of the class body marks abstract, in the order of the text."""
    text = cls.project.store.text(cls.path)
    if not text.has_word("abstract", cls.node.at[0], cls.node.at[2]):
        return []
    members = cls.project.hierarchy.members(cls)
    found = [item for same in members.values() for item in same if item.abstract and item.marked_at is not None]
    return sorted(found, key=lambda item: item.at)


def is_one_half(cls: Class, marked: list[Member]) -> bool:
    """Whether the only subclass stands beside the class and provides all that it marks: one class cut in two."""
    below = cls.project.hierarchy.subclasses(cls)
    if len(below) != 1 or below[0].path != cls.path:
        return False
    members = cls.project.hierarchy.members(below[0])
    return all(any(not own.abstract for own in members.get(item.name, ())) for item in marked)


def are_marks_unread(cls: Class) -> bool:
    """Whether the metaclass is known not to be ABCMeta, whatever the class decorators do."""
    hierarchy = cls.project.hierarchy
    if hierarchy.enforced(cls) != "no" or hierarchy.derives_from(cls, "enum.Enum"):
        return False
    for name, node in zip(hierarchy.decorator_names(cls), cls.node.decorators, strict=True):
        top = (name or "").partition(".")[0]
        if name is None or (
            cls.project.store.find_module(top, cls.path) and not cls.project.returns_class_unchanged(cls, node)
        ):
            return False
    return True


def has_another_metaclass(cls: Class) -> bool:
    """
    Whether the class has a metaclass that is neither `type` nor ABCMeta: a class below it cannot
    derive from `ABC`, too, unless somebody writes a metaclass of both.
    """
    hierarchy = cls.project.hierarchy
    if hierarchy.enforced(cls) != "no":
        return False
    return any(
        metaclass_exprs(item) if isinstance(item, Class) else item.metaclass != "builtins.type"
        for item in (cls, *hierarchy.ancestors(cls))
        if isinstance(item, Class | ModelClass)
    )


def unchecked_base(cls: Class) -> str:
    """The built-in base whose layout keeps Python from checking abstract members, or an empty text."""
    for base in cls.project.hierarchy.ancestors(cls):
        if isinstance(base, ModelClass) and base.unchecked:
            return base.name.rpartition(".")[2]
    return ""
