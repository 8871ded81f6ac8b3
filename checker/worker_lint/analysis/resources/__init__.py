"""
Who holds what must be released: fields and locals with a duty, where it begins, and all that ends it.

    project.resources.held(cls)          # fields whose objects the class makes itself, with their duty
    project.resources.local(function)    # the same for locals of one function
    project.resources.duty(kind)         # the duty of objects of a kind: of a library, or of a class that holds some

What came from outside, is handed on, or might be ended by somebody else is not held.
"""

from worker_lint.analysis.resources.duty import NETWORK, RUNNING, Duty, DutyRole, modelled_duty
from worker_lint.analysis.resources.held import End, Held, Site
from worker_lint.analysis.resources.resources import Resources

__all__ = ["NETWORK", "RUNNING", "Duty", "DutyRole", "End", "Held", "Resources", "Site", "modelled_duty"]
