"""Each delivery is settled once: by its handler or by the stop that takes it away."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from worker_lint_runtime import Delivery, Message
from worker_lint_runtime._ledger import DeliveryLedger


class LedgerMachine(RuleBasedStateMachine):
    deliveries = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = DeliveryLedger()
        self.quieted = False
        self.granted: dict[int, int] = {}
        self.kept: list[Delivery] = []
        self.running: set[int] = set()

    @rule(target=deliveries)
    def receive(self) -> Delivery:
        delivery = Delivery(Message("same", b"", "q"), None)
        self.kept.append(delivery)
        assert self.ledger.begin(delivery) is not self.quieted
        if not self.quieted:
            self.running.add(id(delivery))
        return delivery

    @rule(delivery=deliveries)
    def claim(self, delivery: Delivery) -> None:
        if self.ledger.claim(delivery):
            assert id(delivery) in self.running
            self.granted[id(delivery)] = self.granted.get(id(delivery), 0) + 1

    @rule(delivery=deliveries)
    def finish(self, delivery: Delivery) -> None:
        if self.granted.get(id(delivery)):
            self.ledger.finish(delivery)
            self.running.discard(id(delivery))

    @rule()
    def quiet(self) -> None:
        self.ledger.quiet()
        self.quieted = True

    @rule(_=st.none())
    def seize(self, _: None) -> None:
        for delivery in self.ledger.seize():
            self.granted[id(delivery)] = self.granted.get(id(delivery), 0) + 1
            self.running.discard(id(delivery))

    @invariant()
    def nobody_settles_twice(self) -> None:
        assert all(times == 1 for times in self.granted.values())
        assert self.ledger.in_flight == len(self.running)


LedgerMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLedger = LedgerMachine.TestCase
