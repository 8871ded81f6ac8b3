"""release-skipped-on-error in small: a release that may raise leaves another one unreached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from worker_lint.analysis.flow import (
    ANY_ITEM,
    NEVER,
    Aliases,
    Edge,
    Effect,
    Graph,
    Inside,
    Path,
    Place,
    Raises,
    Step,
    Watch,
    find_path,
    may_raise,
)
from worker_lint.source import ir

RELEASES = {"close", "stop", "shutdown", "terminate", "release"}
QUIET_OWNERS = {"threading.Event", "threading.Thread"}


def raises(world: Any, call: ir.Call) -> Raises:
    """Releases raise, unless the owner is known not to; connecting raises; nothing else is known."""
    if not isinstance(call.func, ir.Attribute) or call.func.name not in RELEASES:
        return NEVER
    owners = dict(world.owned())
    place = Aliases((), ()).place(call.func.value)
    return NEVER if place is not None and owners.get(place) in QUIET_OWNERS else may_raise()


def effects(_world: Any, step: Step, aliases: Aliases) -> Iterator[Effect]:
    node = step.node
    if step.kind == "call" and isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
        place = aliases.place(node.func.value)
        if place is not None and len(place) > 1 - (place[0] != "self") and node.func.name in RELEASES:
            yield Effect("release", place)


class Skipped(Watch[str]):
    """
    Paths on which a release of another place raises and the watched one is never tried. For an
    item of a collection: on which its own release raises and the loop does not go on.
    """

    def __init__(self, inside: Inside, watched: Place) -> None:
        super().__init__(start="before")
        self.inside = inside
        self.watched = watched

    def step(self, step: Step, state: str) -> str | None:
        if step.kind == "next" and state == "skipping" and self.watched[-1] == ANY_ITEM:
            return None
        return None if self.watched in released(self.inside, step) and self.watched[-1] != ANY_ITEM else state

    def interrupted(self, step: Step, state: str) -> str | None:
        places = released(self.inside, step)
        if self.watched in places and self.watched[-1] != ANY_ITEM:
            return None
        return "skipping" if places else state


class Later(Watch[bool]):
    """Whether the watched release follows when the first one completes."""

    def __init__(self, inside: Inside, first: Step) -> None:
        super().__init__(start=False)
        self.inside = inside
        self.first = first

    def step(self, step: Step, state: bool) -> bool:  # noqa: FBT001 -- the state
        return state or step is self.first

    def interrupted(self, step: Step, state: bool) -> bool:  # noqa: FBT001 -- the state
        del step
        return state


def released(inside: Inside, step: Step) -> set[Place]:
    return {place for verb, place in inside.possible(step) if verb == "release"}


def skipped_releases(inside: Inside, graph: Graph) -> Iterator[tuple[Edge, Place, Path]]:
    """What raises, what is then never reached, and the path."""
    ends = (graph.exit, graph.raised)
    for watched in sorted({place for step in graph.steps() for place in released(inside, step)}):
        path = find_path(graph, Skipped(inside, watched), lambda block, state: block in ends and state == "skipping")
        if not isinstance(path, Path):
            continue
        cause = next(edge for edge in path.raising if edge.step is not None and released(inside, edge.step))
        assert cause.step is not None
        if follows(inside, graph, cause.step, watched):
            yield cause, watched, path


def follows(inside: Inside, graph: Graph, first: Step, watched: Place) -> bool:
    """Whether the watched release can come after the first has completed."""
    blocks = [block for block in graph.blocks if any(watched in released(inside, step) for step in block.steps)]
    return find_path(graph, Later(inside, first), lambda block, after: after and block in blocks) is not None


HEAD = """
import contextlib, threading, pika, socket

class Worker:
    def __init__(self, children):
        self.channel = pika.BlockingConnection().channel()
        self.connection = pika.BlockingConnection()
        self.wake = threading.Event()
        self.children = children

"""
BAD = {
    "two in a row": """
    def stop(self):
        self.channel.close()
        self.connection.close()
""",
    "the second in finally of something else": """
    def stop(self):
        try:
            self.wake.set()
        finally:
            self.channel.close()
            self.connection.close()
""",
    "children in a loop": """
    def stop(self):
        for child in self.children:
            child.stop()
""",
    "swap, then close": """
    def stop(self):
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.close()
        self.connection.close()
""",
    "only some classes are caught": """
    def stop(self):
        try:
            self.channel.close()
        except ValueError:
            pass
        self.connection.close()
""",
    "a helper that does not swallow": """
    def _close(self, thing):
        thing.close()

    def stop(self):
        self._close(self.channel)
        self._close(self.connection)
""",
    "the handler raises again": """
    def stop(self):
        try:
            self.channel.close()
        except Exception as error:
            self.wake.set()
            raise RuntimeError("channel") from error
        self.connection.close()
""",
}
GOOD = {
    "each step guarded": """
    def stop(self):
        try:
            self.channel.close()
        except Exception:
            pass
        self.connection.close()
""",
    "suppress": """
    def stop(self):
        with contextlib.suppress(Exception):
            self.channel.close()
        self.connection.close()
""",
    "ExitStack": """
    def stop(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.connection.close)
            stack.callback(self.channel.close)
""",
    "nested finally": """
    def stop(self):
        try:
            self.channel.close()
        finally:
            self.connection.close()
""",
    "a helper that swallows": """
    def _close(self, thing):
        try:
            thing.close()
        except Exception:
            self.wake.set()

    def stop(self):
        self._close(self.channel)
        self._close(self.connection)
        for child in self.children:
            self._close(child)
""",
    "steps that cannot raise": """
    def stop(self):
        self.wake.set()
        self.channel.close()
""",
    "one resource only": """
    def stop(self):
        self.connection.close()
""",
    "one or the other": """
    def stop(self):
        if self.channel:
            self.channel.close()
        else:
            self.connection.close()
""",
    "children guarded in the loop": """
    def stop(self):
        for child in self.children:
            try:
                child.stop()
            except Exception:
                continue
""",
}


@pytest.mark.parametrize("case", BAD)
def test_reported(world: Any, case: str) -> None:
    inside, graph = world(HEAD + BAD[case], raises, effects).inside("Worker.stop")
    found = list(skipped_releases(inside, graph))
    assert len(found) == 1
    cause, place, path = found[0]
    assert cause.step is not None
    assert isinstance(cause.step.node, ir.Call)
    expected = ("self", "children", ANY_ITEM) if "children" in case else ("self", "connection")
    assert place == expected
    assert path.edges[-1].target is graph.raised


@pytest.mark.parametrize("case", GOOD)
def test_silent(world: Any, case: str) -> None:
    inside, graph = world(HEAD + GOOD[case], raises, effects).inside("Worker.stop")
    assert not list(skipped_releases(inside, graph))
