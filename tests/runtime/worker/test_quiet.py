"""A worker that takes no message any more, and one that is asked to stop again and again."""

import threading
from collections.abc import Callable
from typing import Any

from worker_lint_runtime import MemoryBroker, Message, Outcome, Urgency

MakeRecorder = Callable[[Callable[[Any, Message], Outcome | None]], Any]


def test_quiet_finishes_what_runs_and_takes_nothing_more(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    go_on = threading.Event()

    def waits(_worker: Any, _message: Message) -> None:
        go_on.wait(60)

    worker = recorder(waits)
    for body in (b"1", b"2"):
        broker.publish("q", body)
    worker.start()
    while len(worker.seen) < 2:
        threading.Event().wait(0.001)
    worker.quiet()
    worker.quiet()
    broker.publish("q", b"3")
    health = worker.health()
    assert (health.live, health.ready, health.reasons) == (True, False, ("quiet",))
    go_on.set()
    worker.wait_for(2)
    assert not worker.stopping
    assert worker.stop().clean
    assert broker.depth("q").ready == 1


def test_quiet_before_the_first_message(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    worker = recorder(lambda worker, message: None)
    broker.publish("q", b"")
    worker.quiet("deployment")
    worker.start()
    assert worker.health().reasons == ("deployment",)
    assert worker.stop().clean
    assert (worker.seen, broker.depth("q").ready) == ([], 1)


def test_the_second_request_cancels_and_the_third_closes(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    worker = recorder(lambda worker, message: None)
    worker.start()
    for _ in range(3):
        worker.escalate("operator")
    report = worker.stop()
    assert (report.reason, report.urgency) == ("operator", Urgency.CLOSE)
