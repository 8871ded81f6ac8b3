"""Which formats exist, and the module that renders each: loaded on demand, start-up time matters."""

from __future__ import annotations

import importlib
from typing import Final, cast

from worker_lint.report.context import Renderer

FORMATS: Final[dict[str, str]] = {
    "full": "worker_lint.report.full",
    "concise": "worker_lint.report.concise",
    "json": "worker_lint.report.json_",
    "sarif": "worker_lint.report.sarif",
    "github": "worker_lint.report.github",
    "gitlab": "worker_lint.report.gitlab",
    "junit": "worker_lint.report.junit",
}


def load_renderer(name: str) -> Renderer:
    """
    Import the renderer of a format.

    Raises KeyError for a name that is not in `FORMATS`.
    """
    return cast("Renderer", importlib.import_module(FORMATS[name]).render)
