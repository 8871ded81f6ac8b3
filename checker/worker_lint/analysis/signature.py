"""
What a function accepts: the arguments of a call bound to parameters as Python binds them.

The binding follows "Calls" in the Python language reference, section 6.3.4. Starred arguments
may bring anything, so only what fails whatever they bring is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from worker_lint.analysis.models import ModelMember
from worker_lint.source import ir

SlotKind: TypeAlias = Literal["positional-only", "positional", "var-positional", "keyword-only", "var-keyword"]

_MODEL_KINDS: Final[dict[str, SlotKind]] = {
    "positional": "positional-only",
    "either": "positional",
    "*": "var-positional",
    "keyword": "keyword-only",
    "**": "var-keyword",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter, without the receiver of a bound method."""

    name: str
    kind: SlotKind
    required: bool


@dataclass(frozen=True, slots=True)
class Arguments:
    """
    The shape of a call: how many arguments stand by position and which by name. `more_positional`
    and `more_keywords` tell that `*x` and `**x` may add to them.
    """

    positional: int
    keywords: tuple[str, ...] = ()
    more_positional: bool = False
    more_keywords: bool = False

    @property
    def exact(self) -> bool:
        """Whether the call holds no starred argument."""
        return not self.more_positional and not self.more_keywords


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters that the arguments of a call are bound to."""

    slots: tuple[Slot, ...]

    @property
    def by_position(self) -> tuple[Slot, ...]:
        """The parameters that take an argument by position, `*args` not among them."""
        return tuple(slot for slot in self.slots if slot.kind in {"positional-only", "positional"})

    @property
    def required_positional(self) -> int:
        """How many arguments a call by position must bring at least."""
        return sum(slot.required for slot in self.by_position)

    def has(self, kind: SlotKind) -> bool:
        """Whether it has a parameter of this kind."""
        return any(slot.kind == kind for slot in self.slots)

    def refusal(self, arguments: Arguments) -> str | None:
        """
        Why a call with these arguments raises TypeError, in words that follow the function's name
        (``takes no argument `x` ``); None when it may be accepted.
        """
        named = self.by_position
        if arguments.positional > len(named) and not self.has("var-positional"):
            return f"takes {_count(len(named))} by position, not {arguments.positional}"
        filled = set(named[: arguments.positional])
        for name in arguments.keywords:
            slot = self._named(name)
            if slot is None and not self.has("var-keyword"):
                return f"takes no argument `{name}`"
            if slot in filled:
                return f"gets `{name}` by position and by name"
            filled.update(() if slot is None else (slot,))
        return next(self._unfilled(arguments, filled), None)

    def _named(self, name: str) -> Slot | None:
        for slot in self.slots:
            if slot.name == name and slot.kind in {"positional", "keyword-only"}:
                return slot
        return None

    def _unfilled(self, arguments: Arguments, filled: set[Slot]) -> Iterator[str]:
        for slot in self.slots:
            if not slot.required or slot in filled:
                continue
            by_star = arguments.more_positional and slot.kind != "keyword-only"
            by_name = arguments.more_keywords and slot.kind != "positional-only"
            if not by_star and not by_name:
                yield f"needs `{slot.name}`"

    def accepts_all_of(self, other: Signature) -> bool:
        """
        Whether every call that `other` takes is taken too. Errs to the safe side: True is certain,
        False means that some call could tell them apart.
        """
        if other.has("var-positional") and not self.has("var-positional"):
            return False
        if other.has("var-keyword") and not self.has("var-keyword"):
            return False
        if any(self.refusal(call) is not None for call in _calls_of(other)):
            return False
        mine, theirs = self._places(), other._places()
        if other.has("var-keyword") and mine.keys() - theirs.keys():
            return False
        return all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())

    def refusal_of_all(self, other: Signature) -> str | None:
        """
        Why every call that `other` asks for fails, by position with any number of its arguments and by
        name; None when one may succeed, or when `other` takes nothing or not by position alone.
        """
        named = other.by_position
        if not named or len(named) < len(other.slots):
            return None
        by_name = Arguments(0, tuple(slot.name for slot in named if slot.required))
        calls = [Arguments(count) for count in range(other.required_positional, len(named) + 1)]
        refusals = [self.refusal(call) for call in (*calls, by_name)]
        return None if None in refusals else refusals[0]

    def _places(self) -> dict[str, int]:
        """The parameters that can be given by position and by name, and where they stand."""
        return {slot.name: index for index, slot in enumerate(self.by_position) if slot.kind == "positional"}


def _calls_of(signature: Signature) -> Iterator[Arguments]:
    """The calls that try a signature's limits: fewest and most arguments, by position and by name."""
    named = signature.by_position
    only = sum(slot.kind == "positional-only" for slot in named)
    needed = tuple(slot.name for slot in signature.slots if slot.kind == "keyword-only" and slot.required)
    every = tuple(slot.name for slot in signature.slots if slot.kind == "keyword-only")
    yield Arguments(signature.required_positional, needed)
    yield Arguments(len(named), every)
    first = min(only, signature.required_positional)
    yield Arguments(first, (*(slot.name for slot in named[first:] if slot.required), *needed))
    yield Arguments(only, (*(slot.name for slot in named[only:]), *every))


def signature_of(node: ir.FunctionDef, *, bound: bool) -> Signature | None:
    """
    The signature of a function; with `bound` without its receiver. None for a method that takes no
    receiver at all.
    """
    slots = [Slot(item.name, item.kind, _is_required(item)) for item in node.params]
    return _bound(slots) if bound else Signature(tuple(slots))


def _is_required(parameter: ir.Parameter) -> bool:
    return parameter.default is None and parameter.kind not in {"var-positional", "var-keyword"}


def signature_of_model(member: ModelMember) -> Signature | None:
    """The signature of a modelled method without its receiver; None when it is not known."""
    if member.signature is None:
        return None
    slots = [Slot(item.name, _MODEL_KINDS[item.kind], item.required) for item in member.signature.parameters]
    return Signature(tuple(slots)) if member.kind == "staticmethod" else _bound(slots)


def _bound(slots: list[Slot]) -> Signature | None:
    if not slots or slots[0].kind in {"keyword-only", "var-keyword"}:
        return None
    return Signature(tuple(slots if slots[0].kind == "var-positional" else slots[1:]))


def arguments_of(call: ir.Call) -> Arguments:
    """The shape of a call's arguments."""
    return Arguments(
        positional=sum(not isinstance(argument, ir.Starred) for argument in call.args),
        keywords=tuple(keyword.name for keyword in call.keywords if keyword.name),
        more_positional=any(isinstance(argument, ir.Starred) for argument in call.args),
        more_keywords=any(keyword.name is None for keyword in call.keywords),
    )


def passes_all_on(call: ir.Call, caller: ir.FunctionDef) -> bool:
    """Whether a call in a method passes on just the method's own `*args` and `**kwargs`, its only parameters."""
    kinds = {item.kind: item.name for item in caller.params[1:]}
    if kinds.keys() != {"var-positional", "var-keyword"} or len(call.args) != 1 or len(call.keywords) != 1:
        return False
    star, double = call.args[0], call.keywords[0]
    return (
        isinstance(star, ir.Starred)
        and ir.dotted_name(star.value) == kinds["var-positional"]
        and double.name is None
        and ir.dotted_name(double.value) == kinds["var-keyword"]
    )


def _count(number: int) -> str:
    return "no arguments" if number == 0 else "one argument" if number == 1 else f"at most {number} arguments"
