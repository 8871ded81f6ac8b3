"""Kills lose nothing, stops do nothing twice: the counting script on a few faults, with real processes."""

import signal
from collections.abc import Iterator

import pytest

import reliability
from faults import broker_faults, process_faults
from faults.load import Site


@pytest.fixture
def sqlite() -> Iterator[Site]:
    with reliability.open_sites(["sqlite"]) as sites:
        yield sites[0]


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
