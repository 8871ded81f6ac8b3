"""The options that `check` and `fix` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from worker_lint.cli.workbench import Choices

_F = TypeVar("_F", bound=Callable[..., Any])


def _selectors(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """`--select A,B --select C` means all three."""
    return tuple(part.strip() for item in value for part in item.split(",") if part.strip())


_OPTIONS = (
    click.option("--select", multiple=True, callback=_selectors, metavar="RULES", help="Use these rules only."),
    click.option("--extend-select", multiple=True, callback=_selectors, metavar="RULES", help="Use these rules too."),
    click.option("--ignore", multiple=True, callback=_selectors, metavar="RULES", help="Do not use these rules."),
    click.option("--preview/--no-preview", default=None, help="Use preview rules, and report what is only likely."),
    click.option("--profile", type=click.Choice(["default", "strict"]), help="The rules to start from."),
    click.option("--fail-on", type=click.Choice(["error", "warning", "note"]), help="The least severity that fails."),
    click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Use this configuration file."),
    click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
    click.option("--packs/--no-packs", default=True, help="Load rule packs of other distributions.  [default: packs]"),
    click.option("--cache/--no-cache", default=True, help="Use what earlier runs kept.  [default: cache]"),
    click.option("--screen/--no-screen", default=True, help="Parse only files that can matter.  [default: screen]"),
    click.option("--confirm", is_flag=True, help="Ask astroid too, and drop what it contradicts (slow)."),
    click.option("--jobs", "-j", type=click.IntRange(1), help="Processes to work in.  [default: the number of cores]"),
    click.option("--start-method", type=click.Choice(["spawn", "forkserver"]), hidden=True),
)


def checking_options(function: _F) -> _F:
    """Adds the shared options to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def choices_of(given: Mapping[str, Any]) -> Choices:
    """The shared options as values."""
    return Choices(
        select=given["select"],
        ignore=given["ignore"],
        extend_select=given["extend_select"],
        preview=given["preview"],
        profile=given["profile"],
        fail_on=given["fail_on"],
        config=given["config"],
        isolated=given["isolated"],
        packs=given["packs"],
        cache=given["cache"],
        screen=given["screen"],
        confirm=given["confirm"],
        jobs=given["jobs"],
        method=given["start_method"] or "",
    )
