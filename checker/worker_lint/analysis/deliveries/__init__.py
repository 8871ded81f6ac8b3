"""
Messages between their coming in and their settlement.

    project.deliveries.of(path)                # every Delivery of a file, with the function that has it
    Typestate(project, delivery)               # what has become of it, step by step: for `flow.find_path`
    delivery.settlement(scope, call)           # Settlement, where the call acknowledges or rejects it

What a library delivers and how it is settled is data: `[[delivery]]`, and `gives`, `delivers`, `items`, `settles`
of `[[call]]`.
"""

from worker_lint.analysis.deliveries.committed_first import CommittedFirst, committed_first
from worker_lint.analysis.deliveries.committing import HandedOver, handed_over
from worker_lint.analysis.deliveries.deliveries import Deliveries
from worker_lint.analysis.deliveries.delivery import Delivery, Held, Opening
from worker_lint.analysis.deliveries.expecting import expecting_graph
from worker_lint.analysis.deliveries.open_end import OpenEnd, turning_point
from worker_lint.analysis.deliveries.openings import functions_with
from worker_lint.analysis.deliveries.protection import is_called_protected, is_handed_on, is_protected
from worker_lint.analysis.deliveries.settlement import (
    Settlement,
    argument_for,
    flag_of,
    settlement_of,
    settlements_in,
    settling_context,
)
from worker_lint.analysis.deliveries.skipped import is_never_settled
from worker_lint.analysis.deliveries.typestate import State, Status, Typestate
from worker_lint.analysis.deliveries.unsettled import open_path
from worker_lint.analysis.deliveries.work import Work

__all__ = [
    "CommittedFirst",
    "Deliveries",
    "Delivery",
    "HandedOver",
    "Held",
    "OpenEnd",
    "Opening",
    "Settlement",
    "State",
    "Status",
    "Typestate",
    "Work",
    "argument_for",
    "committed_first",
    "expecting_graph",
    "flag_of",
    "functions_with",
    "handed_over",
    "is_called_protected",
    "is_handed_on",
    "is_never_settled",
    "is_protected",
    "open_path",
    "settlement_of",
    "settlements_in",
    "settling_context",
    "turning_point",
]
