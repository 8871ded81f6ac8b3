"""
What the commands share: packs, configuration, files and a session, built once and passed on.

A user's mistake becomes `Refused`, with place and remedy, and exit code 2; nothing here prints a
traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from worker_lint.analysis.models import ModelError, Models
from worker_lint.cli.version import VERSION
from worker_lint.config import ConfigError, KnownRules, Loaded, Selection, Settings, find_project, load_settings
from worker_lint.config.project import Project
from worker_lint.diagnostic import Problem
from worker_lint.diagnostic.address import rule_url
from worker_lint.engine.baseline import BaselineError
from worker_lint.engine.cache import Cache, cache_folder, digest_of
from worker_lint.engine.packs import Packs, load_packs
from worker_lint.engine.plan import Plan
from worker_lint.engine.session import Session
from worker_lint.source.discover import DiscoverOptions, Discovery, discover
from worker_lint.source.revision import HistoryError

if TYPE_CHECKING:
    from worker_lint.engine.environment import Environment


class Refused(Exception):  # noqa: N818  # not a fault of ours
    """The work cannot be done; shown as it is, exit code 2."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Choices(msgspec.Struct, frozen=True):
    """What the command line says; None or empty leaves it to the configuration."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    preview: bool | None = None
    profile: str | None = None
    fail_on: str | None = None
    config: Path | None = None
    isolated: bool = False
    packs: bool = True
    cache: bool = True
    screen: bool = True
    confirm: bool = False
    jobs: int | None = None
    method: str = ""


class Workbench(msgspec.Struct):
    """A project with its rules and settings, ready to check files."""

    packs: Packs
    known: KnownRules
    project: Project
    settings: Settings
    choices: Choices
    notes: list[Problem] = msgspec.field(default_factory=list)

    @property
    def root(self) -> Path:
        """The project root: all paths of a report are relative to it."""
        return self.project.root

    def plan(self) -> Plan:
        """The rules with their selection."""
        selection = Selection(self.known, self.settings)
        return Plan(
            self.packs.rules,
            selection.codes,
            self.settings.rules,
            rule_url,
            screen=self.choices.screen,
            enabled=selection.anywhere,
            worker_bases=self.settings.worker_bases,
            steps_limit=self.settings.limits["function-steps"],
            tiers={str(tier): names for tier, names in self.settings.tiers.items()},
            only_certain=selection.only_certain,
        )

    def discover(self, paths: Sequence[Path], *, context: bool = True) -> Discovery:
        """The files of the paths and, as context, the rest of the tree."""
        return discover(paths, self.root, self.discovering(context=context))

    def discovering(self, *, context: bool = True) -> DiscoverOptions:
        """How files are found."""
        return DiscoverOptions(exclude=self.exclude, context=context)

    @property
    def exclude(self) -> tuple[str, ...]:
        """The patterns of files that are left out."""
        return (*(self.settings.exclude or ()), *self.settings.extend_exclude)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose cache is written and closed at the end."""
        models = self._models()
        environment = self._environment()
        folder = cache_folder(self.root, self.settings.cache_dir, os.environ) if self.choices.cache else None
        with Cache(folder) as cache:
            yield Session(
                self.plan(),
                models,
                self._digest(models, environment),
                cache,
                self.settings.limits["file-bytes"],
                processes=self.choices.jobs or os.cpu_count() or 1,
                method=self.choices.method,
                confirm=self.choices.confirm,
                environment=environment,
            )
            if cache.note is not None:  # not opened, or full before the end
                self.notes.append(cache.note)

    def _models(self) -> Models:
        from worker_lint.analysis.models.versions import read_versions

        own = [self.root / place for place in self.settings.models]
        return Models.open([*map(Path, self.packs.models), *own], read_versions(self.root))

    def _environment(self) -> Environment | None:
        """The configured environment, with a note when none lies there."""
        place = self.settings.python
        if place is None:
            return None
        from worker_lint.engine.environment import Environment  # most projects configure none

        found = Environment(str(self.root), place, self.settings.limits["file-bytes"])
        if not found.folders:
            remedy = "create it, or correct the setting `python`; until then its packages are unknown"
            self.notes.append(Problem("the environment holds no packages", place, remedy, fatal=False))
        return found

    def _digest(self, models: Models, environment: Environment | None) -> str:
        """Everything that an answer depends on besides the files of the tree."""
        packs = [f"{pack.name} {pack.version} {pack.fingerprint}" for pack in self.packs.packs]
        folders = environment.folders if environment is not None else None
        choices = repr((self.choices.screen, sys.version_info[:2], folders))
        if self.choices.confirm:
            from importlib.metadata import version

            choices += f" astroid {version('astroid')}"
        return digest_of(VERSION, self.settings.digest(), models.fingerprint, choices, *packs)


def open_workbench(paths: Sequence[Path], choices: Choices) -> Workbench:
    """
    Loads packs and configuration for a run that begins at the first path.

    Raises:
        Refused: the configuration cannot be used.
    """
    packs = load_packs(foreign=choices.packs)
    known = KnownRules(packs.rules)
    working = Path.cwd()
    with refusing():
        if choices.isolated:
            loaded = Loaded(find_project(paths[0], working), Settings(), ())
        else:
            loaded = load_settings(paths[0], known, working=working, config=choices.config)
        settings = _overridden(loaded.settings, choices, known)
    bench = Workbench(packs, known, loaded.project, settings, choices)
    bench.notes.extend(packs.problems)
    bench.notes.extend(
        Problem(item.message, _place(item.path, item.line), item.help, fatal=False) for item in loaded.warnings
    )
    return bench


def _overridden(settings: Settings, choices: Choices, known: KnownRules) -> Settings:
    for selector in (*choices.select, *choices.ignore, *choices.extend_select):
        if not known.is_selector(selector):
            from worker_lint.config import nearest

            hint = nearest(selector, known.selectors) or "`worker-lint rules` lists them"
            raise Refused([Problem(f"unknown rule {selector!r} on the command line", help=hint)])
    given: dict[str, Any] = {}
    if choices.select:
        given["select"] = choices.select
    if choices.ignore:
        given["ignore"] = (*settings.ignore, *choices.ignore)
    if choices.extend_select:
        given["extend_select"] = (*settings.extend_select, *choices.extend_select)
    for name in ("preview", "profile", "fail_on"):
        value = getattr(choices, name)
        if value is not None:
            given[name] = value
    return replace(settings, **given) if given else settings


@contextmanager
def refusing() -> Iterator[None]:
    """Turns the errors that users cause into `Refused`."""
    try:
        yield
    except ConfigError as error:
        raise Refused([Problem(p.message, _place(p.path, p.line), p.help) for p in error.problems]) from None
    except BaselineError as error:
        raise Refused([Problem(error.message, _place(error.path, error.line), error.remedy)]) from None
    except ModelError as error:
        raise Refused([Problem(error.message, _place(error.path, error.line), error.remedy)]) from None
    except HistoryError as error:
        raise Refused([error.problem]) from None


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def show_problems(problems: Iterable[Problem]) -> None:
    """Writes problems to stderr, each with its remedy."""
    from worker_lint.report import problem_lines

    for line in problem_lines(problems):
        print(line, file=sys.stderr)  # noqa: T201
