"""Whether an object can, and is meant to, be started again after it has been stopped."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from worker_lint.analysis.children import Child
from worker_lint.analysis.entity import Class, Function

_MAKERS: Final = frozenset({"__init__", "__post_init__", "__attrs_post_init__"})
_ENDS: Final = frozenset({"close", "aclose", "dispose", "destroy", "teardown", "tear_down", "finalize", "cleanup"})
"""Stops after which, by their names, the object is not used again."""

_ONCE: Final = re.compile(
    r"\b(?:cannot|can't|can not|must not|may not|should not|not be|only|never)\b[^.\n]{0,30}"
    r"\b(?:re-?start|re-?used|(?:be )?started (?:again|once|twice))",
    re.IGNORECASE,
)


def starts_once(cls: Class, start: Function, children: Collection[Child]) -> bool:
    """
    Whether the start also starts a thread that is made with the object. A thread starts only once, so that a second
    start raises before it does anything else.
    """
    run = cls.project.resources.reached(cls, start.name)
    for child in children:
        makers = {site.method.name for site in child.held.created}
        if child.kind in ("thread", "process") and makers and makers <= _MAKERS:
            if any(site.method.name in run for site in child.held.acquired):
                return True
    return False


def is_last(cls: Class, stop: Function) -> bool:
    """Whether a stop may be meant as the end of the object: by its name, or because the class says so."""
    if stop.name.startswith("__") or stop.name in _ENDS:
        return True
    lines = cls.project.store.text(cls.path).lines_between(cls.node.at[0], cls.node.at[2])
    return _ONCE.search("\n".join(lines)) is not None
