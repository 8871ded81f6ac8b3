"""
How the fields of an object stand at a moment of its life, and what a method then does with one that is not there.

    standing = Standing(project, cls)
    standing.fresh                           # State: after `__init__`, before anything else
    standing.after(function, state)          # State: when the method has returned
    standing.missteps(function, state)       # what it does with None, with a missing field, with what has ended
    standing.told_by(missteps)               # a property such as `closed` that tells of their very field
    standing.missteps_within(function)       # the same for what the method itself has ended before

Only constants, None and new objects are followed. Whatever depends on a field whose value is not known is
taken for a guard and followed no further.
"""

from worker_lint.analysis.standing.following import Misstep, is_stated
from worker_lint.analysis.standing.standing import CLOSED_NAMES, Standing, lets_through
from worker_lint.analysis.standing.truth import NOTHING, State

__all__ = ["CLOSED_NAMES", "NOTHING", "Misstep", "Standing", "State", "is_stated", "lets_through"]
