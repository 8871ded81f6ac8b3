"""The oracle's generated programs, and the machine that lets Python run them by a schedule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from textwrap import indent
from types import TracebackType
from typing import Any, ClassVar, NamedTuple

import pytest
from hypothesis import strategies as st


class E1(Exception):  # noqa: N818 -- short names keep failing programs legible
    pass


class E2(E1):
    pass


class F(Exception):  # noqa: N818 -- as above
    pass


CLASSES: dict[str, type[Exception]] = {"E1": E1, "E2": E2, "F": F}
DEPTH = 3
FAULTS = ("", *CLASSES)
CATCHERS = ("except E1", "except E2", "except (E2, F)", "except Exception", "except F as error", "except")


# --- generated programs ---


class Programs:
    """Draws function bodies whose every choice is made by the schedule at run time."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 0

    def number(self) -> int:
        self.count += 1
        return self.count

    def block(self, depth: int, **around: bool) -> str:
        size = self.draw(st.integers(1, 3 if 0 < depth < DEPTH else 2))
        return "\n".join(self.statement(depth, **around) for _ in range(size))

    def inside(self, depth: int, **around: bool) -> str:
        return indent(self.block(depth - 1, **around), "    ")

    def statement(self, depth: int, **around: bool) -> str:
        kinds = ["step", "step", "value", "jump", "jump", "assert"]
        if depth:
            kinds += ["if", "while", "for", "try", "try", "finally", "finally", "with", "match", "group"]
        if depth == DEPTH:
            kinds = ["while", "for", "try", "finally", "with"]
        return str(getattr(self, "make_" + self.draw(st.sampled_from(kinds)))(depth, **around))

    def make_step(self, _depth: int, **_around: bool) -> str:
        return f"step({self.number()})"

    def make_value(self, _depth: int, **_around: bool) -> str:
        first, second, third = self.number(), self.number(), self.number()
        forms = (
            f"x = cond({first}) and step({second})",
            f"x = step({first}, step({second}))",
            f"x = step({first}) if cond({second}) and not cond({third}) else step({third})",
            f"x = [step({first}) for _ in items({second}) if cond({third})]",
            f"x = (y := step({first}), [step({second})])",
            f"x = cond({first}) or (cond({second}) and step({third}))",
            f"box[step({first})] = step({second})",
        )
        return str(self.draw(st.sampled_from(forms)))

    def make_assert(self, _depth: int, **_around: bool) -> str:
        return f"assert cond({self.number()}), step({self.number()})"

    def make_jump(self, _depth: int, *, loop: bool = False, handler: bool = False, free: bool = True) -> str:
        forms = [f"raise {self.draw(st.sampled_from(FAULTS[1:]))}()"]
        forms += [f"return step({self.number()})", "return"] * free
        forms += ["break", "continue"] * 2 * (free and loop)
        forms += ["raise"] * 2 * handler
        jump = self.draw(st.sampled_from(forms))
        return f"if cond({self.number()}):\n    {jump}" if self.draw(st.booleans()) else str(jump)

    def make_if(self, depth: int, **around: bool) -> str:
        first, second = self.inside(depth, **around), self.inside(depth, **around)
        return f"if cond({self.number()}) or cond({self.number()}):\n{first}\nelse:\n{second}"

    def make_while(self, depth: int, **around: bool) -> str:
        endless = self.draw(st.booleans()) and around.get("free", True)
        body = self.inside(depth, **{**around, "loop": True})
        if endless:
            return f"while True:\n    if not cond({self.number()}):\n        break\n{body}"
        return f"while cond({self.number()}):\n{body}\nelse:\n{self.inside(depth, **around)}"

    def make_for(self, depth: int, **around: bool) -> str:
        body = self.inside(depth, **{**around, "loop": True})
        return f"for item in items({self.number()}):\n{body}\nelse:\n{self.inside(depth, **around)}"

    def make_try(self, depth: int, **around: bool) -> str:
        clauses = sorted(self.draw(st.sets(st.sampled_from(range(len(CATCHERS))), min_size=1, max_size=3)))
        text = f"try:\n{self.inside(depth, **around)}"
        for clause in clauses:
            text += f"\n{CATCHERS[clause]}:\n{self.inside(depth, **{**around, 'handler': True})}"
        if self.draw(st.booleans()):
            text += f"\nelse:\n{self.inside(depth, **around)}"
        return text + (self.ending(depth, **around) if self.draw(st.booleans()) else "")

    def make_finally(self, depth: int, **around: bool) -> str:
        return f"try:\n{self.inside(depth, **around)}{self.ending(depth, **around)}"

    def ending(self, depth: int, **around: bool) -> str:
        return f"\nfinally:\n{self.inside(min(depth, 2), **around)}"

    def make_group(self, depth: int, **around: bool) -> str:
        text = f"try:\n{self.inside(depth, **around)}"
        for catcher in ("except* E2", "except* (E1, F)"):
            text += f"\n{catcher}:\n    step({self.number()})\n    if cond({self.number()}):\n        raise F()"
        return text

    def make_with(self, depth: int, **around: bool) -> str:
        kinds = self.draw(st.lists(st.sampled_from(("guard", "quiet")), min_size=1, max_size=2))
        items = ", ".join(f"{kind}({self.number()}) as c" for kind in kinds)
        return f"with {items}:\n{self.inside(depth, **around)}"

    def make_match(self, depth: int, **around: bool) -> str:
        arms = [f"    case {arm}:\n{indent(self.inside(depth, **around), '    ')}" for arm in ("0", "1", "_")]
        return f"match value({self.number()}):\n" + "\n".join(arms)


@st.composite
def programs(draw: Any) -> str:
    return "def program():\n" + indent(Programs(draw).block(DEPTH), "    ") + "\n"


# --- running them ---


class Event(NamedTuple):
    """A choice that the schedule made: what, its number, and the outcome."""

    kind: str
    number: int
    outcome: str


class Machine:
    """The world of a program. Beyond its schedule nothing raises and every loop ends."""

    outcomes: ClassVar[dict[str, tuple[str, ...]]] = {
        "step": FAULTS,
        "enter": FAULTS,
        "exit": FAULTS,
        "case": ("0", "1", "2"),
        "test": ("", "true"),
        "next": ("", "true"),
    }

    def __init__(self, schedule: Sequence[int]) -> None:
        self.schedule = iter(schedule)
        self.trace: list[Event] = []

    def choose(self, kind: str, number: int) -> str:
        outcomes = self.outcomes[kind]
        outcome = outcomes[next(self.schedule, 0) % len(outcomes)]
        self.trace.append(Event(kind, number, outcome))
        return outcome

    def step(self, number: int, *_: object) -> None:
        self.fail_at("step", number)

    def fail_at(self, kind: str, number: int) -> None:
        if fault := self.choose(kind, number):
            raise CLASSES[fault]

    def items(self, number: int) -> Iterator[None]:
        while self.choose("next", number):
            yield

    def world(self) -> dict[str, Any]:
        """The names that a program uses."""
        return {
            **CLASSES,
            "step": self.step,
            "items": self.items,
            "cond": lambda number: bool(self.choose("test", number)),
            "value": lambda number: int(self.choose("case", number)),
            "guard": lambda number: Guard(self, number, swallows=False),
            "quiet": lambda number: Guard(self, number, swallows=True),
            "box": {},
        }

    def run(self, source: str) -> str:
        """Runs the program; gives the class of the exception that left it, or nothing."""
        world = self.world()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # jumps in finally are what we want to see
            exec(source, world)  # noqa: S102 -- our own text, made a moment ago
        try:
            world["program"]()
        except Exception as error:  # noqa: BLE001 -- whatever the program raised is the result
            return type(error).__name__
        return ""


class Guard:
    """A context manager that may fail, and may swallow E1."""

    def __init__(self, machine: Machine, number: int, *, swallows: bool) -> None:
        self.machine = machine
        self.number = number
        self.swallows = swallows

    def __enter__(self) -> None:
        self.machine.fail_at("enter", self.number)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.machine.fail_at("exit", self.number)
        return kind is not None and self.swallows and issubclass(kind, E1)


@pytest.fixture(scope="session")
def machine() -> type[Machine]:
    return Machine


@pytest.fixture(scope="session")
def sources() -> Callable[[], st.SearchStrategy[str]]:
    return programs
