"""Real servers for the tests that need them, one of each kind: on free ports, with data of their own."""

import os
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from faults.servers import MissingServerError, RabbitServer, RedisServer

Kind = TypeVar("Kind", RabbitServer, RedisServer)


@pytest.fixture(scope="session")
def rabbit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    yield from run(lambda: RabbitServer(tmp_path_factory.mktemp("rabbit")))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    yield from run(lambda: RedisServer(tmp_path_factory.mktemp("redis")))


def run(make: Callable[[], Kind]) -> Iterator[Kind]:
    """A server for as long as tests need it. Where it is not installed they are skipped, but never in CI."""
    try:
        server = make()
    except MissingServerError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.close()
