"""
Configuration: finding it, checking it, and asking which rules hold for a file.

Knows no rule; the rules come in as `KnownRules`. The JSON schema and the page are made in schema.py
and documentation.py, which no run needs.
"""

from worker_lint.config.known import KnownRule, KnownRules
from worker_lint.config.loading import Loaded, load_settings, read_settings
from worker_lint.config.problems import ConfigError, ConfigProblem, nearest
from worker_lint.config.project import ConfigFile, Project, find_project, read_config
from worker_lint.config.selection import Selection, selected
from worker_lint.config.settings import SETTINGS, FailOn, Profile, Settings, Tier

__all__ = [
    "SETTINGS",
    "ConfigError",
    "ConfigFile",
    "ConfigProblem",
    "FailOn",
    "KnownRule",
    "KnownRules",
    "Loaded",
    "Profile",
    "Project",
    "Selection",
    "Settings",
    "Tier",
    "find_project",
    "load_settings",
    "nearest",
    "read_config",
    "read_settings",
    "selected",
]
