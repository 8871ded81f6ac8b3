"""The tiers that a project's configuration gives to exception classes, its own and those of libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from worker_lint.analysis.entity import Class

if TYPE_CHECKING:
    from worker_lint.analysis.models import Tier
    from worker_lint.analysis.project import Project

MEANT: Final[Mapping[str, Tier]] = {
    "control-flow": "control-flow",
    "expected": "message",
    "recoverable": "recoverable",
    "fatal": "fatal",
    "system": "system",
}
"""The tiers as the configuration names them, and as the library models do."""


class Misplaced(NamedTuple):
    """A configured name that stands for no exception class, and why."""

    tier: str
    name: str
    why: str


class Placing:
    """
    The configured tiers of a project: `of` by canonical name, `misplaced` what cannot be used.

    A name is looked for in the project first, re-exports followed, then among built-in and modelled
    classes. Any other is taken for an exception of a library without a model.
    """

    def __init__(self, project: Project, stated: Mapping[str, tuple[str, ...]]) -> None:
        self._project = project
        self._errors = project.routines.errors
        self.of: dict[str, Tier] = {}
        self.misplaced: list[Misplaced] = []
        for tier, names in stated.items():
            for name in names:
                found, why = self._found(name)
                if found:
                    self.of[found] = MEANT[tier]
                else:
                    self.misplaced.append(Misplaced(tier, name, why))

    def _found(self, name: str) -> tuple[str, str]:
        """The canonical name of the class, or why there is none."""
        errors = self._errors
        own = self._project.hierarchy.named(name, self._file_of)
        if isinstance(own, Class):
            spelled = errors.name_of(own)
            return (spelled, "") if errors.is_known(spelled) else ("", "is no exception class")
        if "." in name and self._file_of(name.rpartition(".")[0]) is not None:
            return "", "is no class of that module"
        if errors.is_known(name):
            return errors.canonical(name), ""
        if "." not in name or name.startswith("builtins."):
            return "", "is no built-in exception"
        if self._project.models.find_class(name) is not None:
            return "", "is no exception class"
        errors.admit(name)
        return name, ""

    def _file_of(self, module: str) -> str | None:
        return self._project.store.find_module(module, "")
