"""What is called an example: it shows one thing, ends with its process, and nobody loses anything by it."""

from __future__ import annotations

import re
from typing import Final

from worker_lint.analysis.entity import Scope

_NAMES: Final = re.compile(r"(?:^|[/_])(?:examples?|demos?|tests?|samples?|tutorials?)(?=$|[/_.])")


def is_demonstration(path: str, scope: Scope) -> bool:
    """Whether the file, one of its folders or the function is called an example, a demonstration or a test."""
    return _NAMES.search(path) is not None or _NAMES.search(getattr(scope, "name", "")) is not None
