"""Hooks: members that a library calls on the classes that derive from its own."""

from __future__ import annotations

from worker_lint.analysis.lookup import Found
from worker_lint.analysis.models import ModelClass, ModelMember
from worker_lint.analysis.signature import Arguments, signature_of_model


def is_hook(found: Found) -> bool:
    """Whether the library calls the member: it is abstract, empty, or stated as a hook by the model."""
    owner, member = found.owner, found.member
    if not isinstance(owner, ModelClass) or not isinstance(member, ModelMember):
        return False
    return member.abstract or member.stub or member.name in {*owner.hooks.required, *owner.hooks.optional}


def hook_calls(found: Found) -> tuple[Arguments, ...]:
    """
    How the library may call a hook: with at least what is required, by position; or, as some
    libraries do, by name. Nothing when the member is no hook or takes more than positions.
    """
    if not found.sure or not is_hook(found) or not isinstance(found.member, ModelMember):
        return ()
    theirs = signature_of_model(found.member)
    if theirs is None or not theirs.by_position or len(theirs.by_position) < len(theirs.slots):
        return ()
    names = tuple(slot.name for slot in theirs.by_position if slot.required)
    counts = range(theirs.required_positional, len(theirs.by_position) + 1)
    return (*(Arguments(count) for count in counts), Arguments(0, names))
