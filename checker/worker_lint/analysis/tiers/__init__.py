"""
Which exception ends where: `try` statements with what is around them, the classes that their
clauses name, the tier of a class, and what a clause does with what it caught.

    project.tiers.sites(path)                  # every `try` of a file, inner functions included
    project.tiers.named(scope, expression)     # classes of an except clause, None for unknown ones
    project.tiers.tier(name)                   # "recoverable", "fatal", "control-flow" …
"""

from worker_lint.analysis.tiers.classes import Tiers
from worker_lint.analysis.tiers.handling import (
    awaits_in,
    calls_of,
    clause_at,
    clause_shown,
    ends_process,
    hands_on,
    is_bare_reaction,
    log_calls,
    log_level,
    may_look_at_it,
    mentions,
    raises_anything,
    tells_exception,
)
from worker_lint.analysis.tiers.sites import Around, TrySite

__all__ = [
    "Around",
    "Tiers",
    "TrySite",
    "awaits_in",
    "calls_of",
    "clause_at",
    "clause_shown",
    "ends_process",
    "hands_on",
    "is_bare_reaction",
    "log_calls",
    "log_level",
    "may_look_at_it",
    "mentions",
    "raises_anything",
    "tells_exception",
]
