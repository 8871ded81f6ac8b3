"""What a context manager of the project swallows: for `Policy.suppressed`."""

from __future__ import annotations

from worker_lint.analysis.flow.build import build
from worker_lint.analysis.flow.exceptions import NOTHING, Raises, Split, Thrown
from worker_lint.analysis.flow.graph import Step, Unknown
from worker_lint.analysis.flow.paths import Watch, find_path
from worker_lint.analysis.flow.policy import DerivedPolicy, Policy
from worker_lint.analysis.flow.routine import Routine, Summary


def swallowed_by_generator(routine: Routine, policy: Policy, thrown: Thrown) -> Split:
    """
    What a function under `@contextmanager` or `@asynccontextmanager` does with an exception of
    the with body, which is raised at its `yield`. Both ways when that cannot be told.
    """
    whole = frozenset({thrown})
    graph = Unknown("no body") if routine.body is None else build(routine.body, _ThrownIn(policy, thrown))
    if isinstance(graph, Unknown):
        return Split(whole, whole)
    returns = find_path(graph, _FromYield(), lambda block, thrown_in: block is graph.exit and thrown_in)
    raises = find_path(graph, _FromYield(), lambda block, thrown_in: block is graph.raised and thrown_in)
    return Split(whole if returns is not None else NOTHING, whole if raises is not None else NOTHING)


def swallowed_by_exit(summary: Summary | Unknown, thrown: Thrown) -> Split:
    """What an `__exit__` or `__aexit__` with this summary does with an exception of the with body."""
    whole = frozenset({thrown})
    if isinstance(summary, Unknown):
        return Split(whole, whole)
    caught = whole if summary.results & {"true", "other"} else NOTHING
    return Split(caught, NOTHING if summary.results == {"true"} else whole)


class _ThrownIn(DerivedPolicy):
    """Each `yield` raises one exception and never completes."""

    def __init__(self, inner: Policy, thrown: Thrown) -> None:
        super().__init__(inner)
        self._thrown = thrown

    def raises(self, step: Step) -> Raises:
        if step.kind == "yield":
            return Raises(frozenset({self._thrown}), always=True)
        return self.inner.raises(step)


class _FromYield(Watch[bool]):
    """Whether a `yield` lies behind."""

    def __init__(self) -> None:
        super().__init__(start=False)

    def interrupted(self, step: Step, state: bool) -> bool:  # noqa: FBT001 -- the state
        return state or step.kind == "yield"
