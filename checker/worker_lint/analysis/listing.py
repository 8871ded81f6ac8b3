"""How messages list names."""

from __future__ import annotations

from collections.abc import Iterable


def list_names(names: Iterable[str], limit: int = 3) -> str:
    """`` `a`, `b` and 2 more`` for messages."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > limit:
        return f"{', '.join(quoted[:limit])} and {len(quoted) - limit} more"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
