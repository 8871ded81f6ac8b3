"""The lists of packages keep what was promised when they were frozen."""

import tomllib
from pathlib import Path

import ecosystem
import pins
import suites

HERE = Path(__file__).parent


def test_the_frozen_list_and_the_holdout_have_their_sizes_and_nothing_in_common() -> None:
    sets = [{pin.name for pin in ecosystem.chosen(name)} for name in ("frozen", "holdout", "second", "third")]
    assert [len(names) for names in sets] == [48, 15, 15, 15]
    assert len(set().union(*sets)) == 93


def test_the_packages_with_workers_are_split_into_those_that_were_read_and_those_looked_at_once() -> None:
    read, once = ({pin.name for pin in ecosystem.chosen(name)} for name in ("workers", "fourth"))
    assert not read & once
    assert min(len(read), len(once)) >= 79
    assert not (read | once) & {pin.name for name in ("frozen", "second", "third") for pin in ecosystem.chosen(name)}


def test_the_holdout_is_what_the_seed_draws() -> None:
    assert [pin.name for pin in ecosystem.chosen("holdout")] == ecosystem.draw()[:15]
    assert [pin.name for pin in ecosystem.chosen("second")] == ecosystem.draw()[15:30]
    read = tomllib.loads(ecosystem.PACKAGES.read_text(encoding="utf-8"))["read"]
    unread = [name for name in ecosystem.draw()[30:] if name not in read]
    assert [pin.name for pin in ecosystem.chosen("third")] == unread[:15]


def test_nobody_looks_at_the_holdout_while_measuring_speed() -> None:
    bench = {pin.name for pin in pins.load(HERE / "bench.toml", "package")}
    assert "homeassistant" in bench
    assert not bench & set(ecosystem.draw())


def test_the_pool_is_large_enough_and_apart_from_the_frozen_list() -> None:
    pool = ecosystem.draw()
    assert len(pool) == len(set(pool)) >= 75
    assert not set(pool) & {pin.name for pin in ecosystem.chosen("frozen")}


def test_continuous_integration_compares_five() -> None:
    assert len(ecosystem.chosen("ci")) == 5


def test_every_suite_is_pinned_to_a_commit() -> None:
    assert all(len(suite["commit"]) == 40 and suite["files"] for suite in suites.suites().values())
