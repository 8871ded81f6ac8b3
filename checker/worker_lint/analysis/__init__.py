"""
The linked view of a codebase: names, classes, uses, flow, library models.

What rules may ask is exported here. Every answer has an `unknown`: it silences, it never guesses.
"""

from worker_lint.analysis.abstract_set import AbstractSet
from worker_lint.analysis.entity import Class, External, Function, Instance, ModuleScope, Scope, Target, Unknown, Value
from worker_lint.analysis.hierarchy import Hierarchy
from worker_lint.analysis.lineage import Ancestor
from worker_lint.analysis.lookup import Found
from worker_lint.analysis.member import Member
from worker_lint.analysis.models import ModelClass, ModelMember, Models
from worker_lint.analysis.mro import Opaque
from worker_lint.analysis.project import Project
from worker_lint.analysis.statements import definitions, inner_blocks, walk_statements
from worker_lint.analysis.store import Store

__all__ = [
    "AbstractSet",
    "Ancestor",
    "Class",
    "External",
    "Found",
    "Function",
    "Hierarchy",
    "Instance",
    "Member",
    "ModelClass",
    "ModelMember",
    "Models",
    "ModuleScope",
    "Opaque",
    "Project",
    "Scope",
    "Store",
    "Target",
    "Unknown",
    "Value",
    "definitions",
    "inner_blocks",
    "walk_statements",
]
