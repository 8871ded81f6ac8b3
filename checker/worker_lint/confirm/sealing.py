"""
The seal: astroid's own ways to find, open and load modules are replaced for the time of a question.

astroid looks along `sys.path`, opens what lies there, and imports compiled extensions to describe
them. None of that may happen with code under analysis. Imports go to a `World`; every other door
refuses, whoever knocks: inference, a brain plugin, a hook.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import astroid  # noqa: F401 - registers the brain plugins before anything is replaced
from astroid import builder, context, manager, modutils, nodes
from astroid.exceptions import AstroidImportError
from astroid.inference_tip import clear_inference_tip_cache
from astroid.interpreter._import import spec
from astroid.nodes._base_nodes import ImportNode, LookupMixIn

from worker_lint.confirm.world import World

RECURSION = 3_000
"""Frames that inference may nest: generators within generators take room on the C stack too."""


def refuse(*_: object, **__: object) -> NoReturn:
    """Stands in for whatever would look at or load a file."""
    raise AstroidImportError("loading is not allowed here")


_DOORS: tuple[tuple[object, str], ...] = (
    (manager.AstroidManager, "ast_from_file"),
    (manager.AstroidManager, "ast_from_module"),
    (manager.AstroidManager, "file_from_module_name"),
    (manager.AstroidManager, "zip_import_data"),
    (manager, "file_info_from_modpath"),
    (manager, "load_module_from_name"),
    (modutils, "load_module_from_name"),
    (modutils, "load_module_from_modpath"),
    (modutils, "load_module_from_file"),
    (modutils, "file_info_from_modpath"),
    (builder, "open_source_file"),
    (spec, "find_spec"),
    (spec, "_find_spec"),
)


@contextmanager
def sealed(world: World) -> Iterator[None]:
    """Lets astroid see the world and nothing else."""
    limit = sys.getrecursionlimit()
    with ExitStack() as stack:
        for owner, name in _DOORS:
            stack.enter_context(_replaced(owner, name, refuse))
        for owner, name, replacement in _imports(world):
            stack.enter_context(_replaced(owner, name, replacement))
        sys.setrecursionlimit(_depth() + RECURSION)
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)
            _forget()


@contextmanager
def _replaced(owner: object, name: str, replacement: Callable[..., Any]) -> Iterator[None]:
    original = getattr(owner, name)  # fails where a new astroid has moved the door, and confirm with it
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        setattr(owner, name, original)


def _imports(world: World) -> tuple[tuple[object, str, Callable[..., Any]], ...]:
    infer = nodes.NodeNG.infer

    def counted(self: nodes.NodeNG, *args: Any, **more: Any) -> Any:
        world.step()
        return infer(self, *args, **more)

    def imported(self: Any, modname: str | None = None) -> nodes.Module:
        name = self.modname if modname is None else modname
        return world.imported(self.root(), name or "", getattr(self, "level", None) or 0)

    def submodule(self: nodes.Module, modname: str, relative_only: bool = False, *_: Any, **__: Any) -> nodes.Module:  # noqa: FBT001, FBT002 - astroid's signature
        return world.imported(self, modname, int(relative_only))

    def named(_: object, modname: str | None, *__: Any, **___: Any) -> nodes.Module:
        return world.standard(modname or "")

    return (
        (nodes.NodeNG, "infer", counted),
        (ImportNode, "do_import_module", imported),
        (nodes.Module, "import_module", submodule),
        (manager.AstroidManager, "ast_from_module_name", named),
    )


def _forget() -> None:
    """Empties what astroid keeps between inferences, which would hold nodes of the world."""
    context._invalidate_cache()  # noqa: SLF001 - there is no public way that keeps the standard library's modules
    clear_inference_tip_cache()
    LookupMixIn.lookup.cache_clear()
    nodes.ClassDef._metaclass_lookup_attribute.cache_clear()  # noqa: SLF001 - as above


def _depth() -> int:
    frame, depth = sys._getframe(), 0  # noqa: SLF001 - the documented way to the current frame
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth
