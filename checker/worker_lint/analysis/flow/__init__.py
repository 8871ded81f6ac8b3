"""
Control flow of one function: its graph with exception edges, dataflow over it, single paths to
show, and summaries of functions for their callers.

    graph = build(body, policy)                       # Graph | Unknown
    path = find_path(graph, automaton, goal)          # Path | Unknown | None
    solution = solve(graph, analysis)                 # Solution | Unknown
    summary = Summaries(knowledge).of(routine)        # Summary | Unknown
"""

from worker_lint.analysis.flow.aliases import ANY_ITEM, Aliases
from worker_lint.analysis.flow.build import build
from worker_lint.analysis.flow.contexts import swallowed_by_exit, swallowed_by_generator
from worker_lint.analysis.flow.effects import READ, WRITE, Effect, Effects
from worker_lint.analysis.flow.exceptions import (
    ANY,
    HALTS,
    NEVER,
    Hierarchy,
    Raises,
    Split,
    Thrown,
    ThrownSet,
    always_raises,
    may_raise,
)
from worker_lint.analysis.flow.graph import Block, Edge, EdgeKind, Graph, Step, StepKind, Unknown
from worker_lint.analysis.flow.inside import Inside
from worker_lint.analysis.flow.paths import Automaton, Path, Watch, find_path
from worker_lint.analysis.flow.policy import DerivedPolicy, Policy
from worker_lint.analysis.flow.routine import Knowledge, Routine, Summary
from worker_lint.analysis.flow.solver import Analysis, Solution, solve
from worker_lint.analysis.flow.summaries import Summaries
from worker_lint.analysis.flow.visit import Place, find, place_of, receiver_of, walk
from worker_lint.analysis.visit import children

__all__ = [
    "ANY",
    "ANY_ITEM",
    "HALTS",
    "NEVER",
    "READ",
    "WRITE",
    "Aliases",
    "Analysis",
    "Automaton",
    "Block",
    "DerivedPolicy",
    "Edge",
    "EdgeKind",
    "Effect",
    "Effects",
    "Graph",
    "Hierarchy",
    "Inside",
    "Knowledge",
    "Path",
    "Place",
    "Policy",
    "Raises",
    "Routine",
    "Solution",
    "Split",
    "Step",
    "StepKind",
    "Summaries",
    "Summary",
    "Thrown",
    "ThrownSet",
    "Unknown",
    "Watch",
    "always_raises",
    "build",
    "children",
    "find",
    "find_path",
    "may_raise",
    "place_of",
    "receiver_of",
    "solve",
    "swallowed_by_exit",
    "swallowed_by_generator",
    "walk",
]
