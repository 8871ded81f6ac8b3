"""Kills lose nothing, stops do nothing twice: the counting script on a few faults, with real processes."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reliability
from faults import broker_faults, process_faults, wall_clock
from faults.load import Site
from faults.servers import RabbitServer, RedisServer
from faults.waiting import wait_until


@pytest.fixture
def sqlite() -> Iterator[Site]:
    with reliability.open_sites(["sqlite"]) as sites:
        yield sites[0]  # needs no server


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_faults_lose_nothing(sqlite: Site, number: signal.Signals) -> None:
    figures = process_faults.signal_at_random(sqlite, number, 4, seed=11)
    assert figures.faults == 4
    assert figures.published > 50
    assert len(figures.recoveries) >= 1
    assert not figures.failed, figures


@pytest.mark.slow
def test_a_full_disk_loses_nothing(sqlite: Site) -> None:
    figures = broker_faults.fill_disk(sqlite, 2)
    assert figures.refused == 2
    assert not figures.failed, figures


@pytest.mark.slow
def test_poison_is_put_aside_after_its_attempts(sqlite: Site) -> None:
    figures = process_faults.poison(sqlite, good=20, bad=1, limit=2)
    assert figures.dead == 2
    assert not figures.failed, figures


@pytest.fixture
def redis(redis_server: RedisServer) -> Site:
    return reliability.describe_redis(redis_server)


@pytest.fixture
def rabbitmq(rabbit_server: RabbitServer) -> Site:
    return reliability.describe_rabbit(rabbit_server)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["redis", "rabbitmq"])
def test_a_cut_link_loses_nothing(request: pytest.FixtureRequest, name: str) -> None:
    figures = broker_faults.cut_link(request.getfixturevalue(name), 3)
    assert figures.faults == len(figures.recoveries) == 3
    assert not figures.failed, figures


@pytest.mark.slow
@pytest.mark.parametrize("name", ["redis", "rabbitmq"])
def test_kills_at_each_point_lose_nothing(request: pytest.FixtureRequest, name: str) -> None:
    figures = process_faults.kill_at_points(request.getfixturevalue(name), 1, seed=3)
    assert figures.faults >= 10
    assert not figures.failed, figures


@pytest.mark.slow
def test_leases_that_end_early_lose_nothing(redis: Site) -> None:
    figures = broker_faults.end_leases(redis, 3)
    assert figures.faults == 3
    assert not figures.failed, figures


@pytest.mark.slow
def test_a_clock_that_steps_changes_nothing(sqlite: Site) -> None:
    if not wall_clock.LIBRARIES:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("faketime is not installed")
    figures = broker_faults.step_clocks(sqlite, 4)
    assert figures.faults == 4
    assert figures.duplicated == 0
    assert not figures.failed, figures


@pytest.mark.slow
def test_a_killed_server_loses_nothing(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    try:
        figures = broker_faults.restart_broker(reliability.describe_redis(server), 2, kill=True)
    finally:
        server.close()
    assert not figures.failed, figures


@pytest.mark.slow
@pytest.mark.usefixtures("redis_server")  # skips where there is none
def test_a_script_that_is_ended_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, str(reliability.__file__), "--brokers", "redis", "--faults", "1000"]
    # Its folder for temporary files is the test's, so what it starts is found by where it runs.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tmp_path)}) as script:
        wait_until(lambda: len(_running_in(tmp_path)) > 1, "no server and no worker was started")
        script.terminate()
        assert script.wait(60) == 128 + signal.SIGTERM
    assert _running_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def _running_in(folder: Path) -> list[str]:
    """The ids of the processes whose working folder lies there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            if (process / "cwd").readlink().is_relative_to(folder):
                found.append(process.name)
    return found
