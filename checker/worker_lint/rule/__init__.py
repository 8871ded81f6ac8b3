"""The authoring surface: what a rule module needs to say what it finds, why, and how to mend it."""

from worker_lint.rule.edits import (
    AddBase,
    AddDecorator,
    Edit,
    Fix,
    ImportNeed,
    InsertMembers,
    MemberStub,
    MoveDecorator,
    RemoveStatement,
    Replace,
)
from worker_lint.rule.model import Closure, Context, Example, Finding, Note, Option, Rule, Stage, bad, good

__all__ = [
    "AddBase",
    "AddDecorator",
    "Closure",
    "Context",
    "Edit",
    "Example",
    "Finding",
    "Fix",
    "ImportNeed",
    "InsertMembers",
    "MemberStub",
    "MoveDecorator",
    "Note",
    "Option",
    "RemoveStatement",
    "Replace",
    "Rule",
    "Stage",
    "bad",
    "good",
]
