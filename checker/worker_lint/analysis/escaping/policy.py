"""What steps raise when the data of a delivery is bad, beside all that they may raise anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.escaping.failing import Failures
from worker_lint.analysis.escaping.level import Level
from worker_lint.analysis.escaping.losing import LOST, loss
from worker_lint.analysis.escaping.parsing import MALFORMED
from worker_lint.analysis.flow import DerivedPolicy, Policy, Raises, Split, Step, Thrown
from worker_lint.analysis.visit import uncalled
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.routines import Errors
    from worker_lint.analysis.tiers import Tiers

_CAUSED: Final = " caused by a message"
_LENIENT: Final = frozenset({"OSError", "AssertionError", "MemoryError", "ImportError"})
_UNRELATED: Final = frozenset({"recoverable", "system", "idle", "control-flow"})

_OF_CONNECTIONS: Final = (
    "onnect",
    "etwork",
    "ransport",
    "roker",
    "navailable",
    "perational",
    "Lost",
    "Closed",
    "Retry",
)
"""Parts of the names of a project's own exceptions that may stand for lost connections."""

_PASSING: Final = (
    *("lock", "semaphore", "connection", "session", "client", "channel", "pool", "span", "timeout", "open"),
    *("connect", "acquire", "cursor", "transaction", "connect_robust", "condition"),
)
"""Contexts, by the ends of their names, that let every error pass."""


def caused(errors: Errors, name: str) -> str:
    """The class of errors of this class that one message causes; handlers of the class take it."""
    name = errors.canonical(name) if errors.is_known(name) else "Exception"
    return errors.variant(name, f"{name}{_CAUSED}")


def is_caused(thrown: Thrown) -> bool:
    """Whether a message is the cause of an exception in flight."""
    return thrown.name.endswith(_CAUSED)


def is_loss(thrown: Thrown) -> bool:
    """Whether an exception in flight tells of a lost connection."""
    return thrown.name == LOST


def cause(name: str) -> str:
    """The class itself, without the mark that a message is the cause."""
    return name.removesuffix(_CAUSED)


class DeliveryPolicy(DerivedPolicy):
    """The policy of a function, with the failures that messages cause in it."""

    def __init__(self, inner: Policy, failures: Failures, tiers: Tiers) -> None:
        super().__init__(inner)
        self.failures = failures
        self.tiers = tiers
        tiers.errors.variant("Exception", MALFORMED)
        tiers.errors.variant("Exception", LOST)

    def raises(self, step: Step) -> Raises:
        """What the step raises anyway, and what a bad message makes it raise."""
        plain = self.inner.raises(step)
        if isinstance(step.node, ir.Raise):
            return self._refused(step.node, plain)
        thrown = plain.thrown
        failure = self.failures.of(step)
        if failure is not None:
            thrown |= {Thrown(caused(self.tiers.errors, name)) for name in failure.classes}
        if loss(self.failures.delivered, step) is not None:
            thrown |= {Thrown(LOST)}
        return Raises(thrown, plain.always)

    def _refused(self, node: ir.Raise, plain: Raises) -> Raises:
        if node.exception is None or not self.failures.refusal(node):
            return plain
        names = frozenset(Thrown(caused(self.tiers.errors, one.name), one.exact) for one in plain.thrown)
        return Raises(names, plain.always)

    def split(self, handler: ir.Handler, thrown: Thrown) -> Split:
        """
        What an except clause takes; a class that is not known may be just the one. An error of a
        decoder of which only the name is known is taken by every class that may stand for it: not
        by those of connections and of the machine.
        """
        if handler.exception is None or not (is_caused(thrown) or is_loss(thrown)):
            return self.inner.split(handler, thrown)
        names = self.tiers.named(self.failures.delivered.function, handler.exception)
        whole, nothing = frozenset({thrown}), frozenset[Thrown]()
        if None in names:
            return Split(whole, nothing)
        if cause(thrown.name) not in (MALFORMED, LOST):
            return self.inner.split(handler, thrown)
        may_be = self._may_be_loss if is_loss(thrown) else self._may_be
        return Split(whole, nothing) if any(map(may_be, filter(None, names))) else Split(nothing, whole)

    def suppressed(self, item: ir.WithItem, thrown: Thrown) -> Split:
        """What a context swallows: nothing if it belongs to a delivery, or is a lock, a connection or the like."""
        if is_caused(thrown) or is_loss(thrown):
            context = item.context.value if isinstance(item.context, ir.Await) else item.context
            func = uncalled(context)
            name = func.name if isinstance(func, ir.Attribute) else getattr(func, "id", "")
            if self.failures.delivered.level(context) > Level.CHOSEN or name.lower().endswith(_PASSING):
                return Split(frozenset(), frozenset({thrown}))
        return self.inner.suppressed(item, thrown)

    def _may_be_loss(self, name: str) -> bool:
        """Whether a clause may be meant for lost connections: of a library, of the project, of the system."""
        if name in ("Exception", "BaseException") or "." not in name:
            return self.tiers.is_class("OSError", name) or self.tiers.is_class(name, "OSError")
        if self.tiers.errors.own(name) is not None and not self.tiers.is_class(name, "OSError"):
            return any(word in name.rpartition(".")[2] for word in _OF_CONNECTIONS)
        return self.tiers.tier(name) not in ("idle", "message", "control-flow")

    def _may_be(self, name: str) -> bool:
        if name in ("Exception", "BaseException"):
            return True
        tier, model = self.tiers.tier(name), self.tiers.model(name)
        if tier in _UNRELATED or (model is not None and model.library != "python" and tier != "message"):
            return False
        return not any(self.tiers.is_class(name, each) for each in _LENIENT)
