"""
Control flow of one function: its graph with exception edges, dataflow over it, single paths to
show, and summaries of functions for their callers.

    graph = build(body, policy)                       # Graph | Unknown
    path = find_path(graph, automaton, goal)          # Path | Unknown | None
    solution = solve(graph, analysis)                 # Solution | Unknown
"""

from worker_lint.analysis.flow.build import build
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
from worker_lint.analysis.flow.paths import Automaton, Path, Watch, find_path
from worker_lint.analysis.flow.policy import Policy
from worker_lint.analysis.flow.solver import Analysis, Solution, solve
from worker_lint.analysis.flow.visit import Place, children, find, place_of, receiver_of, walk

__all__ = [
    "ANY",
    "HALTS",
    "NEVER",
    "Analysis",
    "Automaton",
    "Block",
    "Edge",
    "EdgeKind",
    "Graph",
    "Hierarchy",
    "Path",
    "Place",
    "Policy",
    "Raises",
    "Solution",
    "Split",
    "Step",
    "StepKind",
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
    "walk",
]
