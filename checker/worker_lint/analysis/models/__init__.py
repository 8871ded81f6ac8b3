"""
What third-party libraries and the standard library are known to do, as data.

Models are TOML files, one per library; nothing of a library is imported. The tables are
described in `table.py`, the lines of members in `member.py`.
"""

from worker_lint.analysis.models.catalogue import Models
from worker_lint.analysis.models.checking import check_model
from worker_lint.analysis.models.fact import ModelClass, ModelFunction
from worker_lint.analysis.models.member import ModelMember, Parameter, Signature
from worker_lint.analysis.models.reading import ModelError
from worker_lint.analysis.models.table import (
    CallTable,
    DeliveryTable,
    HookTable,
    ResourceTable,
    Role,
    Settlement,
    ThreadRule,
    Tier,
    WorkerTable,
)
from worker_lint.analysis.models.version import Release, ReleaseSpan, parse_release
from worker_lint.analysis.models.versions import read_versions

__all__ = [
    "CallTable",
    "DeliveryTable",
    "HookTable",
    "ModelClass",
    "ModelError",
    "ModelFunction",
    "ModelMember",
    "Models",
    "Parameter",
    "Release",
    "ReleaseSpan",
    "ResourceTable",
    "Role",
    "Settlement",
    "Signature",
    "ThreadRule",
    "Tier",
    "WorkerTable",
    "check_model",
    "parse_release",
    "read_versions",
]
