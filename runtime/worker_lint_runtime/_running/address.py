"""Brokers by URL, so that a worker outgrows one machine by a change of settings."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from worker_lint_runtime._broker import Broker

Options = Mapping[str, Callable[[str], float | int | str]]

EXAMPLES = "amqp://host/vhost, redis://host/0, sqlite:///var/lib/jobs.db, sqlite:relative.db, memory:"

_SQLITE_OPTIONS: Options = {"lease": float, "delivery_limit": int, "synchronous": str}
_AMQP_OPTIONS: Options = {"heartbeat": int, "delivery_limit": int, "timeout": float}
_REDIS_OPTIONS: Options = {"lease": float, "delivery_limit": int, "timeout": float}


def open_broker(url: str) -> Broker:
    """
    The broker of a URL, with its settings as a query.

    `amqp://user:password@host/vhost?heartbeat=10&delivery_limit=20&timeout=30`, or `amqps:`.
    `redis://host:6379/0?lease=30&delivery_limit=20&timeout=10`, or `rediss:`.
    `sqlite:///var/lib/jobs.db?lease=30&delivery_limit=20&synchronous=FULL`, or relative, `sqlite:jobs.db`.
    `memory:` for a try. Raises ValueError, with the reason, for anything else, and for a package that is missing.
    """
    parts = urlsplit(url)
    makers: dict[str, Callable[[SplitResult], Broker]] = {
        "amqp": _open_rabbit,
        "amqps": _open_rabbit,
        "memory": _open_memory,
        "redis": _open_redis,
        "rediss": _open_redis,
        "sqlite": _open_sqlite,
    }
    if parts.scheme not in makers:
        raise ValueError(f"{_show(parts)!r}: no broker for the scheme {parts.scheme!r}; there are {', '.join(makers)}")
    return makers[parts.scheme](parts)


def _open_memory(_parts: SplitResult) -> Broker:
    from worker_lint_runtime._brokers.memory import MemoryBroker

    return MemoryBroker()


def _open_sqlite(parts: SplitResult) -> Broker:
    from worker_lint_runtime._brokers.sqlite import SqliteBroker

    if parts.netloc or not parts.path:
        raise ValueError(f"{_show(parts)!r}: write sqlite:///var/lib/jobs.db or sqlite:relative.db")
    return SqliteBroker(unquote(parts.path), **_read_options(parts, _SQLITE_OPTIONS))


def _open_rabbit(parts: SplitResult) -> Broker:
    _require("pika", "rabbitmq", parts)
    from worker_lint_runtime._brokers.amqp import RabbitBroker

    return RabbitBroker(parts._replace(query="").geturl(), **_read_options(parts, _AMQP_OPTIONS))


def _open_redis(parts: SplitResult) -> Broker:
    _require("redis", "redis", parts)
    from worker_lint_runtime._brokers.redis_streams import RedisBroker

    return RedisBroker(parts._replace(query="").geturl(), **_read_options(parts, _REDIS_OPTIONS))


def _require(package: str, extra: str, parts: SplitResult) -> None:
    if find_spec(package) is None:
        raise ValueError(f"{_show(parts)!r}: needs the package {package}: pip install 'worker-lint-runtime[{extra}]'")


def _read_options(parts: SplitResult, known: Options) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in known:
            raise ValueError(f"{_show(parts)!r}: no option {key!r}; there are {', '.join(sorted(known))}")
        try:
            options[key] = known[key](value)
        except ValueError:
            raise ValueError(f"{_show(parts)!r}: {key} is no number: {value!r}") from None
    return options


def _show(parts: SplitResult) -> str:
    """The URL for a message: a password has no place in a log."""
    _, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"***{at}{host}" if at else host).geturl()
