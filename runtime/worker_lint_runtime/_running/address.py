"""Brokers by URL, so that a worker outgrows one machine by a change of settings."""

from urllib.parse import parse_qsl, unquote, urlsplit

from worker_lint_runtime._broker import Broker

_SQLITE_OPTIONS = {"lease": float, "delivery_limit": int, "synchronous": str}


def open_broker(url: str) -> Broker:
    """
    The broker of a URL: `sqlite:///var/lib/jobs.db`, `sqlite:jobs.db` (relative), or `memory:` for a try.

    SQLite takes `?lease=30&delivery_limit=20&synchronous=FULL`. Raises ValueError, with the reason, for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        from worker_lint_runtime._brokers.memory import MemoryBroker

        return MemoryBroker()
    if parts.scheme == "sqlite":
        return _open_sqlite(url)
    raise ValueError(f"{url!r}: no broker for the scheme {parts.scheme!r}; there are sqlite and memory")


def _open_sqlite(url: str) -> Broker:
    from worker_lint_runtime._brokers.sqlite import SqliteBroker

    parts = urlsplit(url)
    if parts.netloc or not parts.path:
        raise ValueError(f"{url!r}: write sqlite:///var/lib/jobs.db or sqlite:relative.db")
    options: dict[str, float | int | str] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in _SQLITE_OPTIONS:
            raise ValueError(f"{url!r}: no option {key!r}; there are {', '.join(sorted(_SQLITE_OPTIONS))}")
        try:
            options[key] = _SQLITE_OPTIONS[key](value)
        except ValueError:
            raise ValueError(f"{url!r}: {key} is no number: {value!r}") from None
    return SqliteBroker(unquote(parts.path), **options)  # type: ignore[arg-type]  # each was converted to its type
