"""
What leaves a function as an exception because of the data of one message.

    escaping = project.escaping
    for boundary in boundaries(escaping, path):        # loops, iterators, callbacks
        for origin in origins(escaping, boundary):     # what gets out of them, and from where
            origin.frames, origin.classes, origin.failure
"""

from worker_lint.analysis.escaping.boundaries import Boundary, boundaries, functions_of, loops_of
from worker_lint.analysis.escaping.delivered import Delivered
from worker_lint.analysis.escaping.escaping import Escaping, Variant
from worker_lint.analysis.escaping.failing import Failure, Failures
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.origins import Frame, Origin, leaving, losses, origins
from worker_lint.analysis.escaping.parsing import MALFORMED

__all__ = [
    "MALFORMED",
    "Boundary",
    "Delivered",
    "Escaping",
    "Failure",
    "Failures",
    "Frame",
    "Level",
    "Origin",
    "Variant",
    "boundaries",
    "functions_of",
    "leaving",
    "loops_of",
    "losses",
    "origins",
]
