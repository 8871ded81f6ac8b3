"""The command group. Each command is a module of its own, imported when it is called."""

from __future__ import annotations

import importlib
from typing import Final

import click

from worker_lint.cli.version import VERSION

COMMANDS: Final[dict[str, str]] = {
    "check": "Find broken workers and contracts.",
    "fix": "Repair what can be repaired.",
    "explain": "Show the page of a rule.",
    "rules": "List the rules.",
    "workers": "Show how each worker works and stops.",
    "baseline": "Accept what is there, and fail on what is new.",
    "init": "Write a configuration and a pre-commit hook.",
    "new": "Write a rule or a worker from a template.",
    "schema": "Print the JSON schema of the configuration.",
}
"""All commands with their one line of help, in the order of the help page."""


class LazyGroup(click.Group):
    """Lists the commands from the table above; loads one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # given by click
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of the module that bears its name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"worker_lint.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="worker-lint")
def app() -> None:
    """
    Finds broken background workers before they are committed.

    Exit codes: 0 clean; 1 diagnostics; 2 the work could not be done; 130 interrupted.
    """
