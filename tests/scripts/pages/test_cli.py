"""The command line page follows the click commands."""

import click

from pages.cli import render_cli


@click.group(help="Finds things.")
def program() -> None:
    raise NotImplementedError


@program.command(help="Checks files.\n\n\b\nunwrapped\nlines")
@click.argument("paths", nargs=-1)
@click.option("--format", "form", type=click.Choice(["full", "json"]), help="How to print.", show_default=True)
def check(paths: tuple[str, ...], form: str) -> None:
    raise NotImplementedError


@program.group()
def new() -> None:
    raise NotImplementedError


@new.command(name="rule", help="Writes a skeleton.")
def new_rule() -> None:
    raise NotImplementedError


@program.command(hidden=True)
def inner() -> None:
    raise NotImplementedError


def test_every_visible_command_has_a_section() -> None:
    page = render_cli(program, "worker-lint")
    sections = [line for line in page.splitlines() if line.startswith("## ")]
    assert sections == ["## worker-lint check", "## worker-lint new rule"]


def test_section_holds_help_usage_and_options() -> None:
    page = render_cli(program, "worker-lint")
    assert "Checks files.\n\nunwrapped\nlines\n" in page
    assert "worker-lint check [OPTIONS] [PATHS]..." in page
    assert "| `--format [full\\|json]` | How to print. |" in page
