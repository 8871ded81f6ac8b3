"""A worker of threads: what becomes of messages, and how it starts and stops."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from worker_lint_runtime import (
    BaseWorker,
    BrokerError,
    CircuitOpenError,
    ExpectedError,
    FatalError,
    MemoryBroker,
    Message,
    Outcome,
    StartError,
    StopReport,
    Tier,
    Urgency,
    WorkerSettings,
    pause,
)
from worker_lint_runtime._brokers import memory
from worker_lint_runtime._brokers.memory import MemoryConsumer

MakeRecorder = Callable[[Callable[[Any, Message], Outcome | None]], Any]


def raiser(error: BaseException) -> Callable[[Any, Message], Outcome | None]:
    def script(_worker: Any, _message: Message) -> Outcome | None:
        raise error

    return script


def waits_for(event: threading.Event) -> Callable[[Any, Message], Outcome | None]:
    def script(_worker: Any, _message: Message) -> Outcome | None:
        event.wait(60)
        return None

    return script


def test_messages_are_processed_and_acknowledged(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    worker = recorder(lambda worker, message: None)
    for number in range(5):
        broker.publish("q", b"%d" % number)
    worker.start()
    worker.wait_for(5)
    report = worker.stop()
    assert report.clean
    assert sorted(worker.seen) == [(b"%d" % number, 1) for number in range(5)]
    depth = broker.depth("q")
    assert (depth.ready, depth.unsettled, depth.dead) == (0, 0, 0)
    assert worker.events == ["setup", "cleanup"]
    assert worker.fatal_error is None


def test_nothing_is_left_after_a_stop(recorder: MakeRecorder) -> None:
    before = set(threading.enumerate())
    worker = recorder(lambda worker, message: None)
    worker.start()
    assert worker.health().ready
    worker.stop()
    assert set(threading.enumerate()) == before
    assert not worker.health().ready


@pytest.mark.parametrize(
    ("error", "attempts", "dead"),
    [
        (ExpectedError("cancelled"), 1, False),
        (ConnectionError("down"), 3, True),
        (ValueError("unknown"), 3, True),
    ],
)
def test_tiers_decide_about_the_message(
    recorder: MakeRecorder, broker: MemoryBroker, error: Exception, attempts: int, *, dead: bool
) -> None:
    worker = recorder(raiser(error))
    worker.settings = WorkerSettings()
    broker.publish("q", b"m")
    worker.start()
    worker.wait_for(attempts)
    worker.stop()
    assert [attempt for _, attempt in worker.seen] == list(range(1, attempts + 1))
    assert [letter.reason for letter in broker.dead_letters("q")] == (
        [f"{type(error).__name__}: {error}"] if dead else []
    )


@pytest.mark.parametrize("error", [FatalError("no database"), SystemExit(3), MemoryError()])
def test_a_fatal_error_stops_the_worker_and_keeps_the_message(
    recorder: MakeRecorder, broker: MemoryBroker, error: BaseException
) -> None:
    worker = recorder(raiser(error))
    broker.publish("q", b"m")
    report = worker.run()
    assert worker.fatal_error is error
    assert report.reason.startswith(type(error).__name__)
    assert broker.depth("q").ready == 1
    assert worker.alerts == ([error] if isinstance(error, MemoryError) else [])


def test_a_message_that_stops_its_workers_becomes_a_dead_letter(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    broker.publish("q", b"poison")
    for _ in range(2):
        recorder(raiser(FatalError("again"))).run()
    assert [letter.message.body for letter in broker.dead_letters("q")] == [b"poison"]


def test_a_message_that_killed_its_workers_is_not_handled_again(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    broker.publish("q", b"killer")
    for _ in range(3):  # received, never settled: the process died
        consumer = broker.consume("q", 1)
        assert consumer.receive(0) is not None
        consumer.close()
    worker = recorder(lambda worker, message: None)
    broker.publish("q", b"good")
    worker.start()
    worker.wait_for(1)
    worker.stop()
    assert worker.seen == [(b"good", 1)]
    (letter,) = broker.dead_letters("q")
    assert letter.reason == "delivered 3 times without an answer"


def test_an_open_circuit_costs_no_attempt_and_pauses(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    worker = recorder(raiser(CircuitOpenError("db", 3600)))
    broker.publish("q", b"m")
    worker.start()
    worker.wait_for(1)
    worker.stop()
    depth = broker.depth("q")
    assert (depth.ready, depth.dead) == (1, 0)
    delivery = broker.consume("q", 1).receive(0)
    assert delivery is not None
    assert delivery.message.attempt == 1


def test_classify_overrides_the_table_and_may_fail(broker: MemoryBroker) -> None:
    class Own(BaseWorker):
        queue = "q"

        def classify(self, error: BaseException, message: Message) -> Tier | None:
            if message.body == b"bad hook":
                raise RuntimeError("the hook itself")
            return Tier.EXPECTED if isinstance(error, LookupError) else None

        def process_message(self, message: Message) -> Outcome | None:
            if message.body == b"last":
                raise FatalError("end")
            raise LookupError("gone") if message.body == b"expected" else ExpectedError("by the table")

    for body in (b"expected", b"bad hook", b"last"):
        broker.publish("q", body)
    Own(broker).run()
    assert broker.depth("q").ready == 1  # the fatal one
    assert broker.dead_letters("q") == []


def test_a_stop_drains_what_is_in_work_and_leaves_the_rest(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    both, go_on = threading.Barrier(3), threading.Event()

    def script(_worker: Any, _message: Message) -> None:
        both.wait(60)
        assert go_on.wait(60)

    worker = recorder(script)
    for number in range(6):
        broker.publish("q", b"%d" % number)
    worker.start()
    both.wait(60)
    worker.request_stop("deploy")
    assert worker.stopping
    go_on.set()
    report = worker.stop()
    assert report.clean
    assert report.reason == "deploy"
    assert sorted(worker.seen) == [(b"0", 1), (b"1", 1)]
    assert (broker.depth("q").ready, broker.depth("q").unsettled) == (4, 0)


def test_a_handler_that_does_not_end_is_interrupted_and_its_message_given_back(
    recorder: MakeRecorder, broker: MemoryBroker
) -> None:
    free = threading.Event()
    worker = recorder(waits_for(free))
    name = broker.publish("q", b"hangs")
    worker.start()
    while not worker.seen:
        pause(0.001)
    report = worker.stop(timeout=0.05)
    assert report.complete
    assert report.interrupted == (name,)
    assert worker.cancelled
    assert worker.events == ["setup", "cleanup"]
    delivery = broker.consume("q", 1).receive(0)
    assert delivery is not None
    assert delivery.message.attempt == 1
    free.set()  # its late result is refused: the message is another consumer's now
    worker.wait_for(1)
    assert broker.depth("q").unsettled == 1


def test_a_pause_within_a_handler_ends_with_the_stop(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    waiting = threading.Event()
    results = []

    def script(_worker: Any, _message: Message) -> Outcome:
        waiting.set()
        results.append(pause(3600))
        return Outcome.release()

    worker = recorder(script)
    broker.publish("q", b"m")
    worker.start()
    assert waiting.wait(60)
    assert worker.stop().clean
    assert results == [True]


def test_concurrent_callers_share_one_report(recorder: MakeRecorder) -> None:
    worker = recorder(lambda worker, message: None)
    worker.start()
    together = threading.Barrier(8)
    reports: list[StopReport] = []

    def stop() -> None:
        together.wait(60)
        reports.append(worker.stop())

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(reports) == 8
    assert all(report is reports[0] for report in reports)
    assert worker.stop() is reports[0]
    assert worker.events == ["setup", "cleanup"]


def test_a_handler_may_call_stop(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    reports: list[StopReport] = []
    worker = recorder(lambda worker, message: reports.append(worker.stop("from a handler")))
    broker.publish("q", b"m")
    report = worker.run()
    assert report.clean
    assert not reports[0].complete
    assert broker.depth("q").ready == 0


def test_a_stop_before_the_start(recorder: MakeRecorder) -> None:
    worker = recorder(lambda worker, message: None)
    report = worker.stop()
    assert report.complete
    assert worker.stop() is report
    with pytest.raises(StartError, match="not after it was stopped"):
        worker.start()
    assert worker.events == []


def test_a_worker_starts_once(recorder: MakeRecorder) -> None:
    worker = recorder(lambda worker, message: None)
    worker.start()
    with pytest.raises(StartError, match="started once"):
        worker.start()
    worker.stop()


@pytest.mark.parametrize("broken", ["connect", "consume"])
def test_a_failed_start_leaves_nothing_started(
    recorder: MakeRecorder, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise BrokerError("refused")

    monkeypatch.setattr(broker, broken, fail)
    before = set(threading.enumerate())
    worker = recorder(lambda worker, message: None)
    with pytest.raises(StartError, match="refused") as raised:
        worker.start()
    assert isinstance(raised.value.__cause__, BrokerError)
    assert set(threading.enumerate()) == before
    assert worker.events == ([] if broken == "connect" else ["setup", "cleanup"])


def test_a_setup_that_fails_is_cleaned_up(recorder: MakeRecorder) -> None:
    worker = recorder(lambda worker, message: None)

    def fail() -> None:
        worker.events.append("setup")
        raise OSError("half-way")

    worker.setup = fail
    with pytest.raises(StartError, match="half-way"):
        worker.run()
    assert worker.events == ["setup", "cleanup"]


def test_each_step_of_a_stop_runs_although_others_fail(
    recorder: MakeRecorder, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = recorder(lambda worker, message: None)

    def fail() -> None:
        raise OSError("stop step")

    worker.start()
    worker.cleanup = fail
    monkeypatch.setattr(broker, "close", fail)
    report = worker.stop()
    assert [str(error) for error in report.errors] == ["stop step", "stop step"]
    with pytest.raises(ExceptionGroup):
        report.raise_errors()


def test_a_broker_that_fails_to_answer_does_not_end_a_handler(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    worker = recorder(lambda worker, message: None)
    receive = type(broker.consume("q", 1)).receive
    failing = iter([True, True])

    def flaky(self: Any, timeout: float) -> Any:
        if next(failing, False):
            raise BrokerError("connection lost")
        return receive(self, timeout)

    broker.publish("q", b"m")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("worker_lint_runtime._brokers.memory.MemoryConsumer.receive", flaky)
        worker.start()
        worker.wait_for(1)
        worker.stop()
    assert worker.seen == [(b"m", 1)]


def test_a_coroutine_that_nobody_awaits_is_a_fatal_error(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    async def forgotten() -> None: ...

    worker = recorder(lambda worker, message: forgotten())  # type: ignore[arg-type, return-value]
    broker.publish("q", b"m")
    worker.run()
    assert "AsyncBaseWorker" in str(worker.fatal_error)


def test_a_second_request_raises_the_urgency(recorder: MakeRecorder, broker: MemoryBroker) -> None:
    free = threading.Event()
    worker = recorder(waits_for(free))
    broker.publish("q", b"hangs")
    worker.start()
    while not worker.seen:
        pause(0.001)
    engine = worker._engine
    for urgency in Urgency:
        engine.request_stop("signal", urgency=urgency)
    report = worker.stop()
    free.set()
    assert report.urgency is Urgency.CLOSE
    assert len(report.interrupted) == 1
    assert not report.late


class _Severed(MemoryConsumer):
    """A consumer whose connection comes and goes as a test wants."""

    obstacle: str | None = None


def test_a_worker_is_not_ready_while_its_broker_is_away(
    recorder: MakeRecorder, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MemoryConsumer", _Severed)
    worker = recorder(lambda worker, message: None)
    worker.start()

    def handle_one() -> None:
        broker.publish("q", b"")
        worker.wait_for(1)  # a message that is handled was received before

    try:
        handle_one()
        assert worker.health().ready
        monkeypatch.setattr(_Severed, "obstacle", "no connection")
        while worker.health().ready:
            handle_one()
        assert "the broker is away" in worker.health().reasons
        assert worker.health().live
        monkeypatch.setattr(_Severed, "obstacle", None)
        while not worker.health().ready:
            handle_one()
    finally:
        worker.stop()
