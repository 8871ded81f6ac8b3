"""
What a call runs.

    callee = project.calls.of(scope, call)               # Callee: functions of the project, or a modelled call
    callee = project.calls.of(scope, call, me=cls)       # `self` is exactly a `cls`
"""

from worker_lint.analysis.calls.callee import NOBODY, Callee, Runs, is_abstract, is_stand_in
from worker_lint.analysis.calls.calls import Calls

__all__ = ["NOBODY", "Callee", "Calls", "Runs", "is_abstract", "is_stand_in"]
