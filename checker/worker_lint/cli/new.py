"""`worker-lint new`: a rule or a worker to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from worker_lint.cli.skeleton import Place, find_pack, next_code, place_of, rule_text, start_pack
from worker_lint.cli.speaking import exiting, loaded_packs, refuse, tell

WORKERS = ("thread", "asyncio", "pika")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FAMILY = re.compile(r"[A-Z]{3}")


@click.group("new")
def command() -> None:
    """Write a rule or a worker from a template."""


@command.command("rule")
@click.argument("name")
@click.option("--family", metavar="ABC", help="The three letters of the code.  [default: those of the pack]")
@click.option("--pack", type=click.Path(path_type=Path, file_okay=False), help="The package that holds the rules.")
def rule(name: str, family: str | None, pack: Path | None) -> None:
    """
    Write the skeleton of the rule NAME, which says what is wrong: `retry-without-backoff`.

    Its tests fail until examples and check are filled in. Without --pack the rule goes to the pack
    of the project around the working directory; a pack that does not exist is begun.
    """
    with exiting():
        if not NAME.fullmatch(name):
            refuse(f"{name!r} is no name of a rule", "small letters and digits, joined by hyphens")
        if family is not None and not FAMILY.fullmatch(family):
            refuse(f"{family!r} is no family of codes", "three capital letters")
        folder = pack.absolute() if pack else find_pack(Path.cwd())
        if folder is None:
            refuse("there is no rule pack here", "name the package that is to hold the rule: --pack my_rules")
        place = place_of(folder, name, family, loaded_packs(foreign=True).rules)
        begun = start_pack(folder)
        code = next_code(place)
        _create(place.file, rule_text(code, name))
    tell(f"written: {place.file} ({code})")
    tell(_next_steps(place, begun=begun))


def _next_steps(place: Place, *, begun: bool) -> str:
    steps = ["next: examples, then the page, then the check; its examples are its tests"]
    if begun:
        entry = f'[project.entry-points."worker_lint.rules"]\n  {place.pack.name} = "{place.pack.name}"'
        steps.append(f"so that worker-lint finds the pack, put in its pyproject.toml:\n  {entry}")
    return "\n".join(steps)


@command.command("worker")
@click.argument("name", metavar="CLASS")
@click.option("--kind", type=click.Choice(WORKERS), default="thread", show_default=True, help="What it stands on.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
def worker(name: str, kind: str, output: Path | None) -> None:
    """
    Write a worker called CLASS that stops in the right order and survives bad messages.

    It stands on the library of its kind alone. Fill in `handle`; the comments say what must stay.
    """
    with exiting():
        if not (name.isidentifier() and name.isascii() and name[0].isupper()):
            refuse(f"{name!r} is no name of a class", "write it like OrderWorker")
        file = output or Path(f"{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name).lower()}.py")
        template = Path(__file__).with_name("templates") / f"worker_{kind}.txt"
        _create(file, template.read_text(encoding="utf-8").replace("ExampleWorker", name))
    tell(f"written: {file}")


def _create(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except FileExistsError:
        refuse("is there already", "choose another name", str(file))
    except OSError as error:
        refuse(f"cannot be written: {error.strerror or error}", "see whether the folder is writable", str(file))
