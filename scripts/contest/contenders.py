"""Who is measured, on which servers, and what must be installed for that."""

import os
import platform
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from faults.servers import RabbitServer, RedisServer

_SHARED = {"worker-lint-runtime": "ours", "Celery": "with_celery", "Dramatiq": "with_dramatiq"}
CONTENDERS = {
    "RabbitMQ": {"raw pika": "raw_pika", **_SHARED},
    "Redis": {**_SHARED, "RQ": "with_rq"},
}
"""By broker: the name of each contender, and its module."""
SERVERS: dict[str, Callable[[Path], RabbitServer | RedisServer]] = {"RabbitMQ": RabbitServer, "Redis": RedisServer}
_NEEDED = ("pika", "redis", "celery", "dramatiq", "rq", "packaging")  # the last for Celery on Redis


def what_is_missing() -> str:
    """What to install first, and how; empty when all is there."""
    missing = " ".join(name for name in _NEEDED if find_spec(name) is None)
    return missing and f"not installed: {missing}; run `pip install {missing}`"


def machine() -> str:
    """What the figures were measured on."""
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
