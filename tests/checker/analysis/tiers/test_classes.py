"""Exception classes of except clauses: names, bases over libraries and the project, tiers."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project

Link = Callable[[Mapping[str, str]], Project]

SOURCE = """
import asyncio
import concurrent.futures
import redis
import socket
from celery.exceptions import SoftTimeLimitExceeded
from redis import exceptions as errors
from unknown import Strange

class Lost(errors.ConnectionError):
    pass

class Open(Strange, ValueError):
    pass

NETWORK = (ConnectionError, socket.timeout)

def work(client):
    try:
        client.work()
    except {}:
        pass
"""


def caught(link: Link, clause: str) -> tuple[str | None, ...]:
    project = link({"worker.py": SOURCE.replace("{}", clause)})
    (site,) = project.tiers.sites("worker.py")
    return project.tiers.caught(site.scope, site.node.handlers[0])


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("Exception", ("Exception",)),
        ("(IOError, socket.timeout)", ("OSError", "TimeoutError")),
        ("NETWORK", ("ConnectionError", "TimeoutError")),
        ("(*NETWORK, KeyError)", ("ConnectionError", "TimeoutError", "KeyError")),
        ("redis.ConnectionError", ("redis.exceptions.ConnectionError",)),
        ("Lost", ("worker.Lost",)),
        ("asyncio.CancelledError", ("asyncio.CancelledError",)),
        ("concurrent.futures.CancelledError", ("concurrent.futures._base.CancelledError",)),
        ("SoftTimeLimitExceeded", ("billiard.exceptions.SoftTimeLimitExceeded",)),
        ("Strange", (None,)),
        ("client.errors", (None,)),
    ],
)
def test_classes_of_a_clause(link: Link, clause: str, names: tuple[str | None, ...]) -> None:
    assert caught(link, clause) == names


def test_a_class_of_the_project_has_the_tier_of_its_base(link: Link) -> None:
    tiers = link({"worker.py": SOURCE.replace("{}", "Lost")}).tiers
    site = tiers.sites("worker.py")[0]
    assert tiers.caught(site.scope, site.node.handlers[0]) == ("worker.Lost",)
    assert tiers.tier("worker.Lost") == "recoverable"
    assert tiers.is_class("worker.Lost", "redis.exceptions.RedisError")
    assert not tiers.is_class("worker.Lost", "ConnectionError")
    assert not tiers.is_open("worker.Lost")


def test_a_class_with_an_unknown_base_may_be_more(link: Link) -> None:
    project = link({"worker.py": SOURCE.replace("{}", "Open")})
    site = project.tiers.sites("worker.py")[0]
    assert project.tiers.caught(site.scope, site.node.handlers[0]) == ("worker.Open",)
    assert project.tiers.is_open("worker.Open")


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("pika.exceptions.StreamLostError", "recoverable"),
        ("pika.exceptions.ProbableAuthenticationError", "fatal"),
        ("redis.exceptions.AuthenticationError", "fatal"),
        ("celery.exceptions.Retry", "control-flow"),
        ("KeyboardInterrupt", "control-flow"),
        ("MemoryError", "system"),
        ("ConnectionResetError", "recoverable"),
        ("KeyError", None),
    ],
)
def test_tiers(link: Link, name: str, tier: str | None) -> None:
    assert link({"worker.py": "import pika, redis, celery"}).tiers.tier(name) == tier


def test_fatal_classes_below_a_recoverable_one(link: Link) -> None:
    tiers = link({"worker.py": "import pika"}).tiers
    below = tiers.below("pika.exceptions.AMQPConnectionError", "fatal")
    assert "pika.exceptions.ProbableAuthenticationError" in below
    assert "pika.exceptions.ChannelClosedByBroker" not in below
