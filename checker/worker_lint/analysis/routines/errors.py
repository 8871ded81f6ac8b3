"""The exception classes of a run: built-in, modelled and the project's own, each looked up when first met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class
from worker_lint.analysis.flow.exceptions import Hierarchy
from worker_lint.analysis.models import ModelClass

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

_ROOT: Final = "BaseException"

USER_CODE: Final = "an error of code that somebody else supplied"
"""The class of what user callables may raise: some `Exception`, told apart from what the project itself throws."""

LINK_ERROR: Final = "an error of the connection"
"""The class of what ending something that talks to somebody else may raise, where its model states nothing."""


class Errors(Hierarchy):
    """Exception classes by qualified name: built-in ones bare, those of the project by their symbol."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._aliases = {**self._aliases, "asyncio.exceptions.CancelledError": "asyncio.CancelledError"}
        self._bases[USER_CODE] = self._bases[LINK_ERROR] = ("Exception",)
        self._project = project
        self._own: dict[str, Class] = {}
        self._asked: set[str] = set()

    def name_of(self, cls: Class) -> str:
        """The name under which a class of the project is known here."""
        name = cls.symbol
        other = self._own.get(name)
        if other is not cls:
            if (
                other is not None or name in self._asked
            ):  # two classes of one name: what is known of it is of one of them
                self._project.unsettled.update({cls.path, (other or cls).path})
            self._own[name] = cls
        return name

    def canonical(self, name: str) -> str:
        """The class's own name, whatever it is imported as."""
        name = super().canonical(name)
        if name in self._bases or name in self._own:
            return name
        model = self._project.models.find_class(name)
        return name if model is None else super().canonical(model.name)

    def is_known(self, name: str) -> bool:
        """Whether this is the name of an exception class."""
        name = self.canonical(name)
        if name not in self._bases and name not in self._asked:
            self._asked.add(name)
            self._learn(name)
        return name in self._bases

    def ancestors(self, name: str) -> frozenset[str]:
        """The class and all above it."""
        self.is_known(name)
        return super().ancestors(name)

    def variant(self, above: str, name: str) -> str:
        """A class that stands for some errors of the class `above`; gives its name."""
        self._bases.setdefault(name, (above,))
        return name

    def admit(self, name: str) -> None:
        """Take a class of which only the name is known for an exception: some `Exception`."""
        if not self.is_known(name):
            self._bases[name] = ("Exception",)
            self._ancestors.pop(name, None)

    def _learn(self, name: str) -> None:
        cls = self._own.get(name)
        if cls is not None:
            above = [self._spelled(base) for base in self._project.hierarchy.bases(cls)]
        else:
            model = self._project.models.find_class(name)
            above = [self.canonical(base) for base in model.bases] if model is not None else []
        if any(self._is_exception(base) for base in above):
            self._bases[name] = tuple(base for base in above if self._is_exception(base))

    def _spelled(self, base: object) -> str:
        if isinstance(base, Class):
            return self.name_of(base)
        return self.canonical(base.name) if isinstance(base, ModelClass) else ""

    def _is_exception(self, name: str) -> bool:
        return bool(name) and self.is_known(name) and _ROOT in self.ancestors(name)

    def own(self, name: str) -> Class | None:
        """The class of the project with this name, where it was met."""
        return self._own.get(name)

    def bases(self, name: str) -> tuple[str, ...]:
        """The exception classes that a known one directly derives from."""
        return self._bases.get(name, ()) if self.is_known(name) else ()

    def any_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The known ones among these names, canonical; unknown ones count as `Exception`."""
        return tuple(self.canonical(name) if self.is_known(name) else "Exception" for name in names)
