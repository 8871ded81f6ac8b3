"""
The functions of the project for the flow analysis: what they raise, swallow, do and call.

    inside = project.routines.inside(function, me)       # flow.Inside: graph, effects of steps, aliases
    graph = project.routines.graph(function, me)         # flow.Graph | None
    summary = project.routines.summary(function, me)     # flow.Summary | flow.Unknown

`me` is the class of `self`: with it, `self.x()` is the method that objects of exactly this class
have. Effects have the verbs ACQUIRE, RELEASE, REQUEST and WAIT.
"""

from worker_lint.analysis.routines.effects import ACQUIRE, RELEASE, REQUEST, WAIT, places_of, verbs_of
from worker_lint.analysis.routines.errors import LINK_ERROR, USER_CODE, Errors
from worker_lint.analysis.routines.policy import ProjectPolicy
from worker_lint.analysis.routines.routines import Routines

__all__ = [
    "ACQUIRE",
    "LINK_ERROR",
    "RELEASE",
    "REQUEST",
    "USER_CODE",
    "WAIT",
    "Errors",
    "ProjectPolicy",
    "Routines",
    "places_of",
    "verbs_of",
]
