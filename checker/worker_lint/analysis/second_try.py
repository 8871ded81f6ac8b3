"""Whether what an error leaves out of a teardown gets another turn: by the finalizer, or by a wait that is repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.resources.duty import RUNNING
from worker_lint.analysis.skipping import to_prepare_for
from worker_lint.analysis.visit import given_to
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.skipping import Skip, Skipping

_WAITS: Final = re.compile(r"_?(?:async_)?(?:wait|join)(?:_|$)")
_FILES: Final = ("io.IOBase", "io.RawIOBase", "io.BufferedIOBase", "io.TextIOBase")
"""Their finalizer, of which no source is seen, calls `close`."""


def gets_another_turn(skipping: Skipping, skip: Skip) -> bool:
    """Whether the same teardown is run again: of a loop it would end at the same item."""
    return not skip.is_loop and (_is_finalized(skipping, skip) or _is_wait_of_caller(skipping, skip))


def _is_finalized(skipping: Skipping, skip: Skip) -> bool:
    """
    Whether the finalizer of the object leads to this method: what is done late is not lost. It does not come while
    something that is left running holds the object.
    """
    cls, name = skipping.me, skipping.function.name
    duties = [skipping.duty(place) for place, _ in skip.places]
    if cls is None or any(duty is not None and duty.role in RUNNING for duty in duties):
        return False
    if name in skipping.project.resources.reached(cls, "__del__"):
        return True
    return name == "close" and skipping.project.hierarchy.derives_from(cls, *_FILES)


def _is_wait_of_caller(skipping: Skipping, skip: Skip) -> bool:
    """
    Whether this is a wait for as long as its caller says, which has taken longer: what is waited for goes on, and who
    gets the error may wait again.
    """
    function = skipping.function
    if not _WAITS.match(function.name) or not isinstance(skip.cause, ir.Call):
        return False
    params = {param.name for param in function.node.params[function.owner is not None :]}
    limits = {one.id for one in given_to(skip.cause) if isinstance(one, ir.Name)}
    names = to_prepare_for(skip.thrown)
    return bool(params & limits) and all("Timeout" in name.rpartition(".")[2] for name in names)
