"""The command line page, from the click commands."""

import inspect
from collections.abc import Iterator

import click

from pages.notice import with_notice


def render_cli(program: click.Group, name: str) -> str:
    """All commands with their options, and how to complete them in a shell."""
    context = click.Context(program, info_name=name)
    parts = ["# Command line", render_help(program.help or "")]
    parts += [render_command(command, child) for command, child in find_commands(program, context)]
    return with_notice("the commands in checker/worker_lint/cli", "\n\n".join(part for part in parts if part))


def find_commands(group: click.Group, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Every command that can be run, in the order of the help page, groups resolved."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        child = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from find_commands(command, child)
        else:
            yield command, child


def render_command(command: click.Command, context: click.Context) -> str:
    """One command: what it does, its usage line, its parameters."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}", render_help(command.help or ""), f"```console\n{usage}\n```"]
    rows = [row for parameter in command.get_params(context) if (row := render_parameter(parameter, context))]
    if rows:
        parts.append("| option | meaning |\n| --- | --- |\n" + "\n".join(rows))
    return "\n\n".join(parts)


def render_help(text: str) -> str:
    """Help text as Markdown: click's marks for pages and unwrapped paragraphs removed."""
    return inspect.cleandoc(text.replace("\f", "").replace("\b\n", "")).strip()


def render_parameter(parameter: click.Parameter, context: click.Context) -> str:
    """One row of the table; arguments without help have none."""
    record = parameter.get_help_record(context)
    if record is None:
        return ""
    flags, meaning = (text.replace("|", "\\|").replace("\n", " ") for text in record)
    if not meaning:
        return ""
    return f"| `{flags}` | {meaning} |"
