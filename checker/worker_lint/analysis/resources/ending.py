"""What uses of an object mean for its duty: they end it, give it away, or do neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker_lint.analysis.entity import Class
from worker_lint.analysis.places import Use
from worker_lint.analysis.resources.duty import Duty
from worker_lint.analysis.resources.held import End, EndKind, Site
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.source import ir

if TYPE_CHECKING:
    from worker_lint.analysis.project import Project

DEPTH: Final = 4
"""Helpers that may pass an object on to one another."""

_HARMLESS: Final = frozenset(
    f"builtins.{name}"
    for name in (
        "isinstance", "len", "print", "str", "repr", "bool", "id", "hasattr", "getattr", "callable", "hash", "type",
        "sum", "any", "all", "min", "max", "issubclass", "format", "range", "vars", "sorted",
    )
)  # fmt: skip
_WAITING: Final = frozenset(
    {"asyncio.gather", "asyncio.wait", "asyncio.wait_for", "asyncio.shield", "asyncio.as_completed"}
    | {"concurrent.futures.wait", "concurrent.futures._base.wait", "concurrent.futures.as_completed"}
)
_LOG: Final = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
_LOGGERS: Final = frozenset({"logger", "log", "logging", "_logger", "_log", "LOG", "LOGGER"})


class Ending:
    """Answers for objects with one duty."""

    def __init__(self, project: Project, duty: Duty) -> None:
        self.project = project
        self.duty = duty

    def of(self, use: Use, me: Class | None, depth: int = DEPTH) -> End | Use | None:
        """An End when the use ends the object, the use itself when it may give it away, else None."""
        match use.how:
            case "called":
                return self._called(use)
            case "attribute":
                return self._end(use, "registered", use.name) if self._ends(use.name) else None
            case "entered":
                return self._end(use, "context") if self.duty.context is not False else None
            case "passed":
                return self._passed(use, me, depth)
            case "returned" | "stored" | "held" | "invoked":
                return use
            case _:
                return None

    def _called(self, use: Use) -> End | None:
        kinds: tuple[tuple[EndKind, tuple[str, ...]], ...] = (
            ("release", self.duty.release),
            ("request", self.duty.request),
            ("wait", self.duty.wait),
        )
        for kind, names in kinds:
            if use.name in names:
                return self._end(use, kind, use.name)
        return self._end(use, "other", use.name) if is_stop_name(use.name) else None

    def _ends(self, name: str) -> bool:
        return name in self.duty.ends or is_stop_name(name)

    @staticmethod
    def _end(use: Use, kind: EndKind, name: str = "") -> End:
        return End(Site(use.function, use.at), kind, name)

    def _passed(self, use: Use, me: Class | None, depth: int) -> End | Use | None:
        call = use.call
        if call is None or _is_logging(call):
            return None
        callee = self.project.calls.of(use.function, call, me)
        if callee.dotted in _HARMLESS or (callee.creates is not None and _named(callee.creates) in _HARMLESS):
            return None
        if callee.dotted in _WAITING:
            return self._end(use, "wait", callee.dotted.rpartition(".")[2])
        if callee.creates is not None or not callee.is_single or depth == 0:
            return use
        runs = callee.runs[0]
        name = _parameter(runs.function.node.params, call, use.at, is_bound=callee.is_bound)
        if name is None:
            return use
        inner = [one for one in self.project.places.uses(runs.function, runs.me) if one.place == (name,)]
        found = [self.of(one, runs.me, depth - 1) for one in inner]
        if any(isinstance(one, End) for one in found):
            return self._end(use, "helper", runs.function.name)
        return use if any(isinstance(one, Use) for one in found) else None


def _named(target: object) -> str:
    return getattr(target, "dotted", "")


def _is_logging(call: ir.Call) -> bool:
    func = call.func
    if not isinstance(func, ir.Attribute) or func.name not in _LOG:
        return False
    return (ir.dotted_name(func.value) or "").rpartition(".")[2] in _LOGGERS


def _parameter(params: ir.Parameters, call: ir.Call, at: ir.At, *, is_bound: bool) -> str | None:
    """The name of the parameter that gets the argument at this span."""
    positional = [param.name for param in params if param.kind in ("positional", "positional-only")]
    if is_bound:
        positional = positional[1:]
    for index, argument in enumerate(call.args):
        if isinstance(argument, ir.Starred):
            return None
        if argument.at == at:
            return positional[index] if index < len(positional) else None
    return next((keyword.name for keyword in call.keywords if keyword.value.at == at), None)
