"""From the table of a configuration file to checked settings, or to every problem it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from worker_lint.config.kinds import Keys
from worker_lint.config.known import KnownRules
from worker_lint.config.problems import ConfigError, ConfigProblem, nearest
from worker_lint.config.project import ConfigFile, Project, find_project, read_config
from worker_lint.config.settings import REMOVED_KEYS, SETTINGS, Settings


class Loaded(msgspec.Struct, frozen=True):
    """The settings of a project, and what its configuration should change before long."""

    project: Project
    settings: Settings
    warnings: tuple[ConfigProblem, ...] = ()


def load_settings(first: Path, known: KnownRules, *, working: Path, config: Path | None = None) -> Loaded:
    """
    Load the settings that hold for a run that begins at a path.

    `config` names a file in place of the nearest one; the project root stays where it is. Raises
    ConfigError with every problem found.
    """
    if config is not None:
        named = read_config(config)
        project = Project(_root_without_config(first, working), named)
    else:
        project = find_project(first, working)
    if project.config is None:
        return Loaded(project, Settings())
    settings, warnings = read_settings(project.config, known)
    return Loaded(project, settings, warnings)


def read_settings(
    config: ConfigFile, known: KnownRules, removed: Mapping[str, str] = REMOVED_KEYS
) -> tuple[Settings, tuple[ConfigProblem, ...]]:
    """Check a configuration; gives the settings and the warnings. Raises ConfigError."""
    reader = ConfigReader(config, known)
    values: dict[str, Any] = {}
    for key, value in config.table.items():
        setting = SETTINGS.get(reader.current_key(key, removed))
        if setting is None:
            reader.error((key,), f"unknown setting {key!r}", nearest(key, SETTINGS) or f"known: {', '.join(SETTINGS)}")
            continue
        read = setting.kind.read(value, (key,), reader)
        if isinstance(read, dict) and isinstance(setting.default, dict):
            read = {**setting.default, **read}
        values[setting.field] = read
    if reader.errors:
        raise ConfigError(sorted(reader.errors))
    return Settings(**values), tuple(sorted(reader.warnings))


class ConfigReader(msgspec.Struct):
    """Collects what is wrong with one file."""

    config: ConfigFile
    known: KnownRules
    errors: list[ConfigProblem] = msgspec.field(default_factory=list)
    warnings: list[ConfigProblem] = msgspec.field(default_factory=list)

    def error(self, keys: Keys, message: str, remedy: str = "", value: str | None = None) -> None:
        """Report a wrong key or value."""
        self.errors.append(self._problem(keys, message, remedy, value))

    def warning(self, keys: Keys, message: str, remedy: str = "", value: str | None = None) -> None:
        """Report a key or value that still works, but not for long."""
        self.warnings.append(self._problem(keys, message, remedy, value))

    def current_key(self, key: str, removed: Mapping[str, str]) -> str:
        """Give the present name of a key, with a warning when it has a new one."""
        successor = removed.get(key)
        if successor is None:
            return key
        self.warning((key,), f"the setting {key!r} was removed", f"write {successor!r} instead")
        return successor

    def _problem(self, keys: Keys, message: str, remedy: str, value: str | None) -> ConfigProblem:
        from worker_lint.config.places import find_line  # only a faulty configuration needs it

        line = find_line(self.config.text, (*self.config.above, *keys), value)
        return ConfigProblem(str(self.config.path), line, message, remedy)


def _root_without_config(first: Path, working: Path) -> Path:
    try:
        return find_project(first, working).root
    except ConfigError as error:  # the nearest file is not the one that counts; its folder is still the root
        return Path(error.problems[0].path).parent
