"""The version of the tool, as reports and caches name it."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
"""Equal to the version in pyproject.toml; a test compares them. Reading metadata would cost 30 ms."""
