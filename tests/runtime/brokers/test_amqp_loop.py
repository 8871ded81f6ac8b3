"""The loop that lends a connection to other threads while its own sleeps."""

import selectors
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from faults.waiting import wait_until
from worker_lint_runtime._brokers import amqp_loop
from worker_lint_runtime._brokers.amqp_loop import SharedLoop

PATIENCE = 60.0
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Run:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = SharedLoop()
        self.error: Exception | None = None
        self.thread = threading.Thread(target=self._live)

    def _live(self) -> None:
        try:
            self.loop.start()
        except (RuntimeError, InterruptedError) as error:
            self.error = error

    def start(self) -> None:
        self.thread.start()
        wait_until(lambda: self.loop._asleep, "it does not sleep")

    def close(self) -> None:
        self.loop.add_callback(self.loop.stop)
        if self.thread.ident is not None:
            self.thread.join(PATIENCE)
        self.loop.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(amqp_loop, "LONGEST_SLEEP", 3600.0)  # who is not woken sleeps for ever
    run = Run()
    yield run
    run.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_while_it_sleeps_others_do_their_things_themselves(run: Run) -> None:
    run.start()
    who: list[threading.Thread] = []
    run.loop.run_soon(lambda: who.append(threading.current_thread()))
    assert who == [threading.current_thread()]


def test_while_somebody_works_on_the_connection_the_loop_does_it_afterwards(run: Run) -> None:
    run.start()
    who: list[threading.Thread] = []
    done = threading.Event()

    def act() -> None:
        who.append(threading.current_thread())
        done.set()

    run.loop.run_soon(lambda: run.loop.run_soon(act))
    assert done.wait(PATIENCE)
    assert who == [run.thread]


def test_what_is_asked_before_the_start_is_done_after_it(run: Run) -> None:
    done = [threading.Event(), threading.Event()]
    run.loop.run_soon(done[0].set)
    run.loop.add_callback(done[1].set)
    assert not done[0].is_set()
    run.start()
    assert all(each.wait(PATIENCE) for each in done)


def test_what_is_asked_after_the_end_is_never_done(run: Run) -> None:
    run.start()
    run.close()
    done: list[int] = []
    run.loop.run_soon(lambda: done.append(1))
    run.loop.add_callback(lambda: done.append(2))
    run.loop.close()
    assert done == []


def test_an_error_of_another_thread_ends_the_loop_as_one_of_its_own(run: Run) -> None:
    run.start()

    def fail() -> None:
        raise RuntimeError("broken")

    run.loop.run_soon(fail)
    run.thread.join(PATIENCE)
    assert str(run.error) == "broken"


def test_a_thread_that_is_interrupted_leaves_no_half_used_connection(run: Run) -> None:
    run.start()

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.loop.run_soon(fail)
    run.thread.join(PATIENCE)
    assert isinstance(run.error, InterruptedError)


def test_no_call_is_forgotten_however_the_threads_meet(run: Run) -> None:
    run.start()
    count, each = 4, 2000
    done: list[int] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        asks = [run.loop.run_soon, run.loop.add_callback]
        threads = [
            threading.Thread(target=lambda ask: [ask(lambda: done.append(1)) for _ in range(each)], args=[asks[n % 2]])
            for n in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        wait_until(lambda: len(done) == count * each, "some were forgotten")
    finally:
        sys.setswitchinterval(before)


def test_a_timer_set_by_another_thread_wakes_it(run: Run) -> None:
    run.start()
    done = threading.Event()
    run.loop.run_soon(lambda: run.loop.call_later(0.0, done.set))
    assert done.wait(PATIENCE)


def test_timers_come_in_their_order_unless_they_are_cancelled(run: Run) -> None:
    came: list[str] = []
    done = threading.Event()
    run.loop.call_later(0.02, done.set)
    run.loop.call_later(0.01, lambda: came.append("second"))
    run.loop.remove_timeout(run.loop.call_later(0.005, lambda: came.append("never")))
    run.loop.call_later(0.0, lambda: came.append("first"))
    run.start()
    assert done.wait(PATIENCE)
    assert came == ["first", "second"]


def test_what_is_to_be_written_is_tried_at_once(run: Run, pair: tuple[socket.socket, socket.socket]) -> None:
    fd = pair[0].fileno()
    tries: list[tuple[int, threading.Thread]] = []

    def handle(_fd: int, events: int) -> None:
        tries.append((events, threading.current_thread()))
        run.loop.update_handler(fd, READ)

    run.loop.add_handler(fd, handle, READ)
    run.start()
    run.loop.run_soon(lambda: run.loop.update_handler(fd, READ | WRITE))
    assert tries == [(WRITE, threading.current_thread())]
    assert run.loop._selector.get_key(fd).events == READ


def test_where_there_is_no_room_it_waits_for_it(run: Run, pair: tuple[socket.socket, socket.socket]) -> None:
    fd = pair[0].fileno()
    tries: list[threading.Thread] = []
    done = threading.Event()

    def handle(_fd: int, events: int) -> None:
        tries.append(threading.current_thread())
        if len(tries) > 1:  # the first time, the socket is said to be full
            run.loop.update_handler(fd, READ)
            done.set()

    run.loop.add_handler(fd, handle, READ)
    run.start()
    run.loop.run_soon(lambda: run.loop.update_handler(fd, READ | WRITE))
    assert done.wait(PATIENCE)
    assert tries == [threading.current_thread(), run.thread]


def test_an_attempt_that_ends_the_connection_leaves_nothing_watched(
    run: Run, pair: tuple[socket.socket, socket.socket]
) -> None:
    fd = pair[0].fileno()
    run.loop.add_handler(fd, lambda _fd, _events: run.loop.remove_handler(fd), READ)
    run.start()
    run.loop.run_soon(lambda: run.loop.update_handler(fd, READ | WRITE))
    watched = run.loop._selector.get_map() or {}
    assert fd not in watched
    assert len(watched) == 1
