"""
What the builder asks about the code: what a step may raise, who catches it, what a context
swallows. The graph is as precise as these answers; the builder itself guesses nothing.
"""

from __future__ import annotations

from worker_lint.analysis.flow.exceptions import NEVER, NOTHING, Hierarchy, Raises, Split, Thrown, always_raises
from worker_lint.analysis.flow.graph import Step
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir


class Policy:
    """
    The answers when nothing is known of any library: `raise` and a failing `assert` raise,
    nothing else does; `contextlib.suppress` swallows what it names.

    Override `raises` to add modelled calls (and `await` as cancellation, `yield` as
    GeneratorExit), `resolve` to see through imports, `suppressed` for other contexts.
    """

    observed: frozenset[type[ir.Node]] = frozenset({ir.Subscript})
    """Kinds of expressions, besides calls, await and yield, that become `read` steps."""

    def __init__(self, hierarchy: Hierarchy | None = None) -> None:
        self.hierarchy = hierarchy or Hierarchy()

    def resolve(self, expression: ir.Expr) -> str | None:
        """The qualified name of what an expression names, or None; as written unless overridden."""
        return ir.dotted_name(expression)

    def raises(self, step: Step) -> Raises:
        """What this step may raise. Bare `raise`, and `raise` of a handler's own name, are never asked."""
        if isinstance(step.node, ir.Raise) and step.node.exception is not None:
            return self.raised_class(step.node.exception)
        if isinstance(step.node, ir.Assert):
            return always_raises("AssertionError")
        return NEVER

    def raised_class(self, exception: ir.Expr) -> Raises:
        """What `raise exception` raises: the class named or called, else any `Exception`."""
        name = self.resolve(uncalled(exception))
        return always_raises() if name is None or not self.is_exception(name) else always_raises(name)

    def is_exception(self, name: str) -> bool:
        """Whether a resolved name is an exception class (a variable holding one is not)."""
        return self.hierarchy.canonical(name) in self.hierarchy.known

    def split(self, handler: ir.Handler, thrown: Thrown) -> Split:
        """What of `thrown` an except clause catches."""
        if handler.exception is None:
            return Split(frozenset({thrown}), NOTHING)
        return self.hierarchy.split(thrown, self._classes(handler.exception))

    def suppressed(self, item: ir.WithItem, thrown: Thrown) -> Split:
        """What of `thrown` the exit of a context swallows (`caught`)."""
        call = item.context
        if isinstance(call, ir.Call) and self.resolve(call.func) == "contextlib.suppress":
            return self.hierarchy.split(thrown, [name for arg in call.args for name in self._classes(arg)])
        return Split(NOTHING, frozenset({thrown}))

    def _classes(self, expression: ir.Expr) -> list[str | None]:
        """The classes an except clause names; a name that is no known class may hold any."""
        if isinstance(expression, ir.Collection):
            return [name for item in expression.items for name in self._classes(item)]
        name = self.resolve(expression)
        return [name if name is not None and self.is_exception(name) else None]


class DerivedPolicy(Policy):
    """Another policy's answers, for policies that change only some of them."""

    observed: frozenset[type[ir.Node]]

    def __init__(self, inner: Policy) -> None:
        super().__init__(inner.hierarchy)
        self.inner = inner
        self.observed = inner.observed

    def resolve(self, expression: ir.Expr) -> str | None:
        """As the other policy."""
        return self.inner.resolve(expression)

    def raises(self, step: Step) -> Raises:
        """As the other policy."""
        return self.inner.raises(step)

    def split(self, handler: ir.Handler, thrown: Thrown) -> Split:
        """As the other policy."""
        return self.inner.split(handler, thrown)

    def suppressed(self, item: ir.WithItem, thrown: Thrown) -> Split:
        """As the other policy."""
        return self.inner.suppressed(item, thrown)
