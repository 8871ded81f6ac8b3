"""
Which fields and locals an expression may mean, and everything that a function does with them.

    project.places.denotes(function, expression)         # frozenset of places, through locals, copies, getters
    project.places.uses(function)                        # every use of a field or local, inner functions included

A place starts with `SELF` for fields: `("self", "conn")`, whatever the first parameter is called.
The answers are those that *may* hold: what no place is found for may still be the object.
"""

from worker_lint.analysis.places.denoted import SELF
from worker_lint.analysis.places.places import Places
from worker_lint.analysis.places.use import Use, UseKind

__all__ = ["SELF", "Places", "Use", "UseKind"]
