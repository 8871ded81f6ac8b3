"""A page of figures about all contenders, broker by broker: what its scripts have in common on the command line."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from contest.contenders import CONTENDERS, machine, what_is_missing
from faults.leaving import exit_on_signals
from faults.servers import MissingServerError

Lines = Callable[[str, argparse.Namespace, Path], Iterable[str]]
"""Gives the lines of one broker's tables; the folder is for what the servers and the handlers write."""


def page_parser(description: str | None, page: Path) -> argparse.ArgumentParser:
    """The options of every such script."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", choices=CONTENDERS, action="append", help="only this one")
    parser.add_argument("--out", type=Path, default=page, help="where to write the page; - prints it")
    return parser


def write_page(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, introduction: str, lines: Lines
) -> int:
    """
    Measure, and write the page, whose introduction has places for `machine` and `command`. Exit code 2 when something
    is missing.
    """
    options = parser.parse_args(arguments)
    if missing := what_is_missing():
        print(missing, file=sys.stderr)
        return 2
    exit_on_signals()
    found = [introduction.format(machine=machine(), command=_command(parser, options))]
    try:
        with tempfile.TemporaryDirectory() as folder:
            for broker in options.broker or CONTENDERS:
                found += lines(broker, options, Path(folder))
    except MissingServerError as error:
        print(error, file=sys.stderr)
        return 2
    text = "\n".join(found) + "\n"
    if str(options.out) == "-":
        print(text)
    else:
        options.out.write_text(text, encoding="utf-8")
    return 0


def _command(parser: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    """What makes the same figures again, wherever they were written to."""
    given = {name: value for name, value in vars(options).items() if name not in ("broker", "out")}
    words = [f"--{name} {value}" for name, value in given.items()]
    return " ".join([f"python scripts/{parser.prog}", *words, *(f"--broker {name}" for name in options.broker or ())])
