"""The store against a model: any order of claims, answers, lost leases, passing time and reboots."""

import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from worker_lint_runtime import Message, Outcome
from worker_lint_runtime._brokers.sqlite_store import Claim, SqliteStore

LEASE, LIMIT = 30.0, 3


@dataclass
class Entry:
    state: str = "ready"
    attempt: int = 0
    until: float = 0.0
    holder: Claim | None = None


class StoreMachine(RuleBasedStateMachine):
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now, self.published, self.acked, self.rebooted = 1000.0, 0, 0, False
        self.stores = self.opened()
        self.model: dict[str, Entry] = {}

    def opened(self) -> list[SqliteStore]:
        return [SqliteStore(self.folder / "q.db", self.now, synchronous="NORMAL") for _ in range(2)]

    def close(self) -> None:
        for store in self.stores:
            store.close()

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    @rule(which=st.integers(0, 1), delay=st.sampled_from([0.0, 5.0, 100.0]))
    def publish(self, which: int, delay: float) -> None:
        self.published += 1
        name = str(self.published)
        self.stores[which].add(Message(name, b"", "q"), self.now, delay)
        self.model[name] = Entry("delayed" if delay else "ready", until=self.now + delay)

    @rule(which=st.integers(0, 1), target=claims)
    def claim(self, which: int) -> tuple[str, Claim] | None:
        self.pass_time(0)
        found = self.stores[which].claim("q", self.now, LEASE, LIMIT)
        spent = [entry for entry in self.model.values() if entry.state == "ready" and entry.attempt >= LIMIT]
        if found is None:
            assert len(spent) == sum(entry.state == "ready" for entry in self.model.values())
            for entry in spent:
                entry.state = "dead"
            return None
        message, claim = found
        entry = self.model[message.id]
        assert entry.state == "ready"
        assert message.attempt == entry.attempt + 1 <= LIMIT
        entry.state, entry.attempt, entry.until, entry.holder = "unsettled", message.attempt, self.now + LEASE, claim
        self.bury_as_found()
        return message.id, claim

    def bury_as_found(self) -> None:
        """A claim passes over messages without attempts left and buries those that it met, and only those."""
        dead = {letter.message.id for letter in self.stores[0].list_dead("q")}
        for name, entry in self.model.items():
            if name in dead and entry.state == "ready":
                assert entry.attempt >= LIMIT
                entry.state = "dead"

    @rule(which=st.integers(0, 1), held=claims, kind=st.sampled_from(["ack", "retry", "later", "release", "reject"]))
    def settle(self, which: int, held: tuple[str, Claim] | None, kind: str) -> None:
        if held is None:
            return
        name, claim = held
        outcome = {
            "ack": Outcome.ack(),
            "retry": Outcome.retry(),
            "later": Outcome.retry(7),
            "release": Outcome.release(),
            "reject": Outcome.reject("r"),
        }[kind]
        entry = self.model.get(name)
        held_still = entry is not None and entry.holder == claim
        assert self.stores[which].settle(claim, outcome, self.now) == held_still
        if entry is None or not held_still:
            return
        entry.holder = None
        entry.state = {"later": "delayed", "reject": "dead"}.get(kind, "ready")
        if kind == "ack":
            del self.model[name]
            self.acked += 1
        elif kind == "later":
            entry.until = self.now + 7
        elif kind == "release":
            entry.attempt -= 1

    @rule(held=claims)
    def extend(self, held: tuple[str, Claim] | None) -> None:
        if held is None:
            return
        entry = self.model.get(held[0])
        held_still = entry is not None and entry.holder == held[1]
        assert self.stores[0].extend(held[1], self.now, LEASE) == held_still
        if entry is not None and held_still:
            entry.state, entry.until = "unsettled", self.now + LEASE

    @rule(seconds=st.sampled_from([1.0, 8.0, 31.0, 200.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for entry in self.model.values():
            if entry.state in {"delayed", "unsettled"} and entry.until <= self.now:
                entry.state = "ready"  # the holder of a lease that is over may still settle, until it is taken over

    @rule()
    def reboot(self) -> None:
        """The clock starts anew; all holders are dead, all delays over."""
        if not self.rebooted:
            self.rebooted = True
            self.close()
            self.now = 10.0
            self.stores = self.opened()
            for entry in self.model.values():
                if entry.state in {"delayed", "unsettled"}:
                    entry.state = "ready"

    @invariant()
    def no_message_is_lost_or_counted_twice(self) -> None:
        self.bury_as_found()
        depth = self.stores[1].count("q", self.now)
        states = [entry.state for entry in self.model.values()]
        expected = [states.count(each) for each in ("ready", "delayed", "unsettled", "dead")]
        assert [depth.ready, depth.delayed, depth.unsettled, depth.dead] == expected
        assert sum(expected) + self.acked == self.published


StoreMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestStore = StoreMachine.TestCase


def test_a_caller_whose_time_lags_behind_takes_nothing_over(tmp_path: Path) -> None:
    # It read the clock, waited for the file's lock, and another process claimed or published meanwhile.
    first, second = (SqliteStore(tmp_path / "q.db", 99.0) for _ in range(2))
    first.add(Message("claimed", b"", "q"), 100.0, 0)
    assert first.claim("q", 100.0, LEASE, LIMIT) is not None
    first.add(Message("delayed", b"", "q"), 100.0, 5.0)
    assert second.claim("q", 99.9, LEASE, LIMIT) is None
    first.close()
    second.close()


def test_what_an_earlier_boot_left_stays_ready_when_the_clock_comes_near_its_time(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "q.db", 1000.0)) as before:
        before.add(Message("held", b"", "q"), 1000.0, 0)
        assert before.claim("q", 1000.0, LEASE, LIMIT) is not None
        before.add(Message("waiting", b"", "q"), 1000.0, 0)
        before.add(Message("delayed", b"", "q"), 1000.0, 5.0)
    with closing(SqliteStore(tmp_path / "q.db", 10.0)) as store:
        for now in (10.0, 900.0, 942.0, 990.0, 1000.0, 1020.0):
            assert store.count("q", now).ready == 3
