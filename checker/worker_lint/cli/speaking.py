"""Text for people on standard output, and what a command says when it cannot go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, NoReturn

from worker_lint.cli.workbench import Refused, show_problems
from worker_lint.diagnostic import Problem
from worker_lint.engine.packs import Packs, load_packs
from worker_lint.report import terminal_of
from worker_lint.report.cells import Line
from worker_lint.report.painting import paint

ColourChoice = Literal["auto", "always", "never"]


@contextmanager
def exiting() -> Iterator[None]:
    """Ends the command with 2 and the reasons when the work is refused."""
    try:
        yield
    except Refused as refused:
        show_problems(refused.problems)
        raise SystemExit(2) from None


def refuse(message: str, help: str = "", place: str = "") -> NoReturn:  # noqa: A002  # as in Problem
    """
    Gives up.

    Raises:
        Refused: always.
    """
    raise Refused([Problem(message, place, help)])


def loaded_packs(*, foreign: bool) -> Packs:
    """The rule packs; what is wrong with some of them goes to stderr."""
    packs = load_packs(foreign=foreign)
    show_problems(packs.problems)
    return packs


def say(lines: Iterable[Line], colour: ColourChoice = "auto") -> None:
    """Writes lines to standard output, in colours where it has them."""
    terminal = terminal_of(sys.stdout, os.environ, colour)
    shown = (tuple((terminal.displayable(text), style) for text, style in line) for line in lines)
    paint(shown, terminal, sys.stdout)
    sys.stdout.flush()


def tell(text: str) -> None:
    """One line to stderr: what was done."""
    print(text, file=sys.stderr)  # noqa: T201
