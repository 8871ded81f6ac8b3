"""
Whether somebody has to live with what an error leaves out: code runs the function, and the process goes on.

What ends with the process is only likely to be missed where the process is about to end. Other processes do not end
with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker_lint.analysis.entity import Class, Function
from worker_lint.analysis.in_use import is_called
from worker_lint.analysis.no_return import is_ending
from worker_lint.analysis.one_shot import ends_process
from worker_lint.analysis.process_start import runs_only_at_start
from worker_lint.analysis.skipping import KILLS
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.skipping import Skip, Skipping


def has_consequence(skipping: Skipping, skip: Skip) -> bool:
    """Whether the function is run, and what is left out outlives the run, if only in other processes."""
    if not is_run(skipping.function):
        return False
    return _is_of_processes(skipping, skip) or not _is_last_act(skipping, skip)


def is_run(function: Function) -> bool:
    """Whether it ends an object, for users to call if the project does not, or product code names it."""
    is_for_users = function.owner is not None and is_stop_name(function.name) and not function.name.startswith("_")
    return is_for_users or is_called(function)


def _is_of_processes(skipping: Skipping, skip: Skip) -> bool:
    cause, project = skip.cause, skipping.project
    if isinstance(cause, ir.Call) and project.calls.of(skipping.function, cause, skipping.me).dotted in KILLS:
        return True
    duties = [skipping.duty(place) for place, _ in skip.places]
    return any(duty is not None and duty.role == "process" for duty in duties)


def _is_last_act(skipping: Skipping, skip: Skip) -> bool:
    """Whether the process ends after this, with or without an error."""
    after = skipping.steps_after(skip.step) if skip.step is not None else ()
    if any(isinstance(step.node, ir.Call) and is_ending(step.node) for step in after):
        return True
    return runs_only_at_start(skipping.function) or _is_of_main(skipping.me)


def _is_of_main(cls: Class | None) -> bool:
    """Whether main functions alone make objects of the class: their end is that of the program."""
    scopes = [one.scope for one in cls.project.uses.creations(cls)] if cls is not None else []
    return bool(scopes) and all(isinstance(one, Function) and ends_process(one) for one in scopes)
