"""From a boundary to what one message makes leave it, with the path of calls down to where it comes up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Function
from worker_lint.analysis.escaping.boundaries import Boundary
from worker_lint.analysis.escaping.failing import Failure
from worker_lint.analysis.escaping.losing import LOST, loss
from worker_lint.analysis.escaping.policy import cause, is_caused, is_loss
from worker_lint.analysis.flow import Edge, Graph, Inside, Step, Thrown
from worker_lint.analysis.tiers import ends_process, raises_anything
from worker_lint.analysis.visit import encloses
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.escaping.escaping import Escaping, Variant

_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on the way down: the function, and the place in it."""

    function: Function
    at: ir.At


@dataclass(frozen=True, slots=True)
class Origin:
    """
    What one message makes leave a boundary.

    Attributes:
        frames: The way down, from the boundary's own function to where the error comes up.
        classes: What is raised, by canonical names.
        failure: How the message makes it come up.
    """

    frames: tuple[Frame, ...]
    classes: tuple[str, ...]
    failure: Failure

    def shown(self, boundary: Boundary) -> Frame:
        """The place to point at: the deepest in the boundary's own class, or else in its function."""
        found = self.frames[0]
        for frame in self.frames[1:]:
            mine = boundary.function
            if frame.function.path != mine.path or frame.function.owner is not mine.owner:
                break
            found = frame
        return found


def origins(escaping: Escaping, boundary: Boundary) -> Iterator[Origin]:
    """What one message makes leave a boundary, in source order."""
    yield from _origins(escaping, boundary, is_caused)


def losses(escaping: Escaping, boundary: Boundary) -> Iterator[Origin]:
    """Where the loss of a connection leaves a boundary, in source order."""
    yield from _origins(escaping, boundary, is_loss)


def leaving(escaping: Escaping, boundary: Boundary) -> Iterator[tuple[str, ir.At]]:
    """
    Every exception but AssertionError that leaves a boundary with no handler in it: its class, with the mark of a
    message as the cause or `LOST`, and the step of the function that throws it.
    """
    inside = escaping.inside(boundary.variant)
    if not isinstance(inside.graph, Graph):
        return
    found: dict[tuple[str, ir.At], None] = {}
    for block in inside.graph.blocks:
        for edge in block.out:
            if edge.kind == "exception" and edge.step is not None and boundary.holds(edge.step.node):
                for one in edge.thrown:
                    if one.name != "AssertionError" and leaves(inside.graph, edge, one.name, boundary):
                        found[one.name, edge.step.node.at] = None
    yield from sorted(found, key=lambda one: (one[1], one[0]))


def _origins(escaping: Escaping, boundary: Boundary, is_wanted: Callable[[Thrown], bool]) -> Iterator[Origin]:
    inside = escaping.inside(boundary.variant)
    if not isinstance(inside.graph, Graph):
        return
    edges = (edge for block in inside.graph.blocks for edge in block.out if _is_raising(edge, boundary, is_wanted))
    found: dict[tuple[str, ir.At], Origin] = {}
    for edge in sorted(edges, key=_order):
        names = frozenset(one.name for one in edge.thrown if is_wanted(one))
        names = frozenset(name for name in names if leaves(inside.graph, edge, name, boundary))
        if names and edge.step is not None:
            for origin in _descend(escaping, boundary.variant, inside, edge.step, names, ()):
                last = origin.frames[-1]
                found.setdefault((last.function.path, last.at), origin)
    yield from found.values()


def _order(edge: Edge) -> ir.At:
    return edge.step.node.at if edge.step is not None else (0, 0, 0, 0)


def _is_raising(edge: Edge, boundary: Boundary, is_wanted: Callable[[Thrown], bool]) -> bool:
    if edge.kind != "exception" or edge.step is None or not edge.is_interrupted:
        return False
    return any(map(is_wanted, edge.thrown)) and boundary.holds(edge.step.node)


def leaves(graph: Graph, edge: Edge, name: str, boundary: Boundary) -> bool:
    """Whether the exception on an edge gets out of the boundary with no handler inside it."""
    pending, seen = [edge.target], {edge.target.index}
    while pending:
        block = pending.pop()
        if block is graph.raised:
            return True
        first = block.steps[0] if block.steps else None
        if first is not None and first.kind == "catch":
            if boundary.kind == "loop" and not encloses(boundary.node.at, first.node.at):
                return not _is_deliberate(boundary, first.node, name)
            continue
        for out in block.out:
            passes = out.kind != "finally" or any(one.name == name for one in out.thrown)
            if out.kind != "exception" and passes and out.target.index not in seen:
                seen.add(out.target.index)
                pending.append(out.target)
    return False


def _is_deliberate(boundary: Boundary, handler: ir.Node, name: str) -> bool:
    """
    Whether a clause around the loop lets the error end it on purpose: it raises again, ends the
    process, or is meant for just this error.
    """
    if not isinstance(handler, ir.Handler):
        return False
    function = boundary.function
    if raises_anything(handler.body) or ends_process(function, handler.body):
        return True
    return name == LOST and not function.project.tiers.is_broad(function, handler)


def _descend(
    escaping: Escaping, variant: Variant, inside: Inside, step: Step, names: frozenset[str], above: tuple[Frame, ...]
) -> Iterator[Origin]:
    frames = (*above, Frame(variant.function, step.node.at))
    running = inside.running(step)
    if running is None:
        failure = _lost(variant, step) if names == {LOST} else escaping.failures(variant).of(step)
        if failure is None and isinstance(step.node, ir.Raise) and above:
            failure = Failure("refusal", _raised(step.node), ())
        if failure is not None:
            yield Origin(frames, tuple(sorted(map(cause, names))), failure)
        return
    below = escaping.of(running[0])
    deeper = escaping.inside(below)
    if not isinstance(deeper.graph, Graph) or len(frames) > _DEPTH:
        return
    for edge in sorted(deeper.graph.raised.into, key=_order):
        thrown = frozenset(one.name for one in edge.thrown) & names
        source = edge.step or _source_of(deeper.graph, thrown)
        if thrown and source is not None:
            yield from _descend(escaping, below, deeper, source, thrown, frames)


def _lost(variant: Variant, step: Step) -> Failure | None:
    found = loss(variant.delivered, step)
    return None if found is None else Failure("opening" if found.opens else "loss", found.shown, found.classes)


def _source_of(graph: Graph, names: frozenset[str]) -> Step | None:
    """The step whose exception goes on after a finally body or a context's exit."""
    for block in graph.blocks:
        for out in block.out:
            if out.kind == "exception" and out.step is not None and names & {one.name for one in out.thrown}:
                return out.step
    return None


def _raised(node: ir.Raise) -> str:
    made = node.exception.func if isinstance(node.exception, ir.Call) else node.exception
    return f"`{(ir.dotted_name(made) or 'an exception').rpartition('.')[2]}`"
