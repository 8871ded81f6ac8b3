"""
The exception policy of the models: tiers of exceptions, their bases, what calls raise.

That the classes exist with these bases in the lowest and the newest release is proven in
test_libraries.py and test_stdlib.py; here is what the rules make of them.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_lint.analysis import Models, Project
from worker_lint.testing import built_in_packs, models_of, tree_of

MODELS = Path(__file__).parents[3] / "rules" / "worker_lint_rules" / "models"


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(tree_of({"empty.py": ""}), models_of(built_in_packs()))


def stated() -> Iterator[tuple[str, str]]:
    for library in Models.open([MODELS]).libraries():
        for name, tables in library.tables.errors.items():
            yield from ((name, table.tier) for table in tables)


def test_each_class_with_a_tier_is_an_exception_and_stands_once(project: Project) -> None:
    tiers = dict(stated())
    assert len(tiers) == len(list(stated()))
    errors = project.routines.errors
    assert [name for name in tiers if not errors.is_known(name)] == []


def test_what_calls_raise_are_exceptions(project: Project) -> None:
    errors = project.routines.errors
    raised = {
        name
        for library in project.models.libraries()
        for calls in library.tables.calls.values()
        for call in calls
        if isinstance(call.raises, tuple)
        for name in call.raises
    }
    assert [name for name in sorted(raised) if not errors.is_known(name)] == []


SAME_NAME = {
    "redis.exceptions.ConnectionError": False,
    "redis.exceptions.TimeoutError": False,
    "amqp.exceptions.ConnectionError": False,
    "celery.exceptions.TimeoutError": False,
    "requests.exceptions.ConnectionError": False,
    "botocore.exceptions.ConnectionError": False,
    "sqlalchemy.exc.TimeoutError": False,
    "multiprocessing.TimeoutError": False,
    "dramatiq.errors.ConnectionError": False,
    "nats.errors.TimeoutError": True,
    "asyncio.TimeoutError": True,
    "concurrent.futures.TimeoutError": True,
}


@pytest.mark.parametrize(("name", "derives"), SAME_NAME.items())
def test_a_builtin_name_need_not_be_the_builtin_class(project: Project, name: str, derives: bool) -> None:  # noqa: FBT001
    builtin = name.rpartition(".")[2]
    assert isinstance(getattr(builtins, builtin), type)
    errors = project.routines.errors
    assert errors.is_known(name)
    assert errors.is_subclass(name, builtin) is derives


BELOW_RECOVERABLE = [
    ("pika.exceptions.AMQPConnectionError", "pika.exceptions.ProbableAuthenticationError"),
    ("aiormq.exceptions.AMQPConnectionError", "aiormq.exceptions.AuthenticationError"),
    ("psycopg.OperationalError", "psycopg.errors.InvalidPassword"),
    ("redis.exceptions.ConnectionError", "redis.exceptions.AuthenticationError"),
    ("requests.exceptions.ConnectionError", "requests.exceptions.SSLError"),
    ("botocore.exceptions.ConnectionError", "botocore.exceptions.SSLError"),
    ("httpx.TransportError", "httpx.LocalProtocolError"),
    ("aiohttp.client_exceptions.ClientConnectionError", "aiohttp.client_exceptions.ServerFingerprintMismatch"),
]


@pytest.mark.parametrize(("above", "below"), BELOW_RECOVERABLE)
def test_fatal_classes_hide_below_recoverable_ones(project: Project, above: str, below: str) -> None:
    assert project.tiers.tier(above) == "recoverable"
    assert below in project.tiers.below(above, "fatal")


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("aiokafka.errors.ConsumerStoppedError", "control-flow"),
        ("aiokafka.errors.ProducerFenced", "fatal"),
        ("celery.exceptions.MaxRetriesExceededError", "message"),
        ("huey.exceptions.TaskTimeout", "control-flow"),
        ("kafka.errors.NotLeaderForPartitionError", "recoverable"),
        ("kafka.errors.TopicAuthorizationFailedError", "fatal"),
        ("nats.errors.DrainTimeoutError", "recoverable"),
        ("nats.js.errors.FetchTimeoutError", "idle"),
        ("redis.exceptions.MaxConnectionsError", "recoverable"),
        ("redis.exceptions.OutOfMemoryError", "fatal"),
        ("requests.exceptions.ReadTimeout", "recoverable"),
        ("requests.exceptions.JSONDecodeError", "message"),
        ("rq.timeouts.HorseMonitorTimeoutException", "control-flow"),
        ("sqlalchemy.exc.IntegrityError", "message"),
        ("taskiq.exceptions.TaskBrokerMismatchError", "fatal"),
        ("zmq.error.Again", "idle"),
        ("zmq.error.ContextTerminated", "control-flow"),
    ],
)
def test_tiers(project: Project, name: str, tier: str) -> None:
    assert project.tiers.tier(name) == tier


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("redis.client.Redis.xreadgroup", "redis.exceptions.ConnectionError"),
        ("requests.get", "requests.exceptions.RequestException"),
        ("requests.Session.post", "requests.exceptions.RequestException"),
        ("httpx.Client.get", "httpx.RequestError"),
        ("aio_pika.connect_robust", "aiormq.exceptions.AMQPConnectionError"),
        ("kombu.Connection.drain_events", "builtins.OSError"),
        ("nats.connect", "nats.errors.NoServersError"),
        ("aiokafka.AIOKafkaConsumer.getone", "aiokafka.errors.ConsumerStoppedError"),
        ("sqlalchemy.orm.Session.commit", "sqlalchemy.exc.SQLAlchemyError"),
    ],
)
def test_calls_tell_what_they_raise(project: Project, call: str, error: str) -> None:
    found = project.models.find_function(call)
    assert found is not None
    assert isinstance(found.raises, tuple)
    assert error in found.raises
