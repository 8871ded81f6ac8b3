"""The connection to RabbitMQ: one thread keeps it, mends it, and does what others ask while it is busy."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

import pika
from pika.adapters.utils.selector_ioloop_adapter import SelectorIOServicesAdapter
from pika.channel import Channel
from pika.connection import Parameters
from pika.exceptions import AMQPError

from worker_lint_runtime._broker import BrokerError
from worker_lint_runtime._brokers.amqp_loop import SharedLoop
from worker_lint_runtime._brokers.amqp_publishing import ConfirmedChannel, Posting
from worker_lint_runtime._brokers.amqp_topology import Steps, run_steps
from worker_lint_runtime._brokers.amqp_untyped import break_off, loop_of, when_blocked, when_closed
from worker_lint_runtime._clock import Clock
from worker_lint_runtime._retry import Backoff

log = logging.getLogger("worker_lint_runtime.amqp")

CLOSE_SECONDS = 2.0
"""How long the broker may take to answer that a connection is closed."""
ADD_SECONDS = 30.0
"""How long a new session may wait for the connection."""
STEADY_SECONDS = 5.0
"""A connection that lived so long was a good one: the next attempt is made at once."""

PRECONDITION_FAILED = 406
"""What is declared exists already, and is something else."""

Action = Callable[["Future[Any]"], None]
"""Done by whoever owns the connection; resolves the future, then or later."""


class Session(Protocol):
    """Somebody who needs the connection anew each time it was lost."""

    def attach(self, connection: pika.SelectConnection) -> None:
        """There is a new connection."""

    def detach(self, reason: str) -> None:
        """The connection is gone."""


class Link:
    """
    A connection that is made again whenever it breaks, with growing delays. Safe for threads.

    One thread at a time calls the client library: the connection's own, which also keeps the heartbeats, or another
    while that one sleeps; see SharedLoop. Who needs an answer waits for a future.
    """

    def __init__(self, parameters: Parameters, *, clock: Clock, backoff: Backoff) -> None:
        self._parameters, self._clock, self._backoff = parameters, clock, backoff
        self.place = f"amqp://{parameters.host}:{parameters.port}"
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._current: pika.SelectConnection | None = None
        self._announced: pika.SelectConnection | None = None
        self._publishing: ConfirmedChannel | None = None
        self._sessions: list[Session] = []
        self._pending: set[Future[Any]] = set()
        self._closing = False
        self._reason = ""
        self._ever_open = False

    def open(self, timeout: float) -> None:
        """Start the thread and wait for the first connection. Raises BrokerError, and nothing is left started."""
        with self._changed:
            if self._thread is None:
                # A daemon, so that a worker nobody stopped does not hang its process; `close` joins it.
                self._thread = threading.Thread(target=self._live, name="amqp-connection", daemon=True)
                self._thread.start()
            self._clock.wait_for(self._changed, lambda: self._ever_open or bool(self._reason), timeout)
            if self._ever_open:
                return
            reason = self._reason or f"no answer in {timeout:g} s"
        self.close()
        raise BrokerError(f"{self.place}: {reason}")

    def close(self) -> None:
        """Close the connection and end the thread; in bounded time, also when the broker is silent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread, current = self._thread, self._current
        if current is not None:
            loop_of(current).add_callback(lambda: self._begin_close(current))
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS + 5.0)

    @property
    def obstacle(self) -> str | None:
        """Why there is no connection; None when there is one."""
        with self._changed:
            return None if self._publishing is not None else f"{self.place}: {self._reason or 'not connected'}"

    def add(self, session: Session) -> None:
        """Attach a session now, and again after each loss."""
        self.call(lambda done: self._add(session, done), ADD_SECONDS)

    def _add(self, session: Session, done: "Future[Any]") -> None:
        self._sessions.append(session)
        if self._current is not None:
            session.attach(self._current)
        done.set_result(None)

    def remove(self, session: Session) -> None:
        """Attach it no more."""
        with self._changed:
            if session in self._sessions:
                self._sessions.remove(session)

    def call(self, action: Action, timeout: float) -> Any:
        """
        Do something with the connection and wait for its result, and before that for the connection.

        Raises BrokerError when the connection breaks meanwhile, or the time (seconds) is over.
        """
        deadline = self._clock.monotonic() + timeout
        done: Future[Any] = Future()
        with self._changed:
            self._clock.wait_for(self._changed, lambda: self._publishing is not None or self._closing, timeout)
            if self._publishing is None or self._current is None:
                raise BrokerError(f"{self.place}: {self._reason or 'not connected'}")
            self._pending.add(done)
            current = self._current
        loop_of(current).run_soon(lambda: self._attempt(action, done))
        try:
            return done.result(max(0.0, deadline - self._clock.monotonic()))
        except TimeoutError:
            raise BrokerError(f"{self.place}: no answer in {timeout:g} s") from None
        finally:
            with self._changed:
                self._pending.discard(done)

    def run_soon(self, action: Callable[[], None]) -> None:
        """Do something with the connection, before all that is asked of it later; not if it breaks meanwhile."""
        current = self._current
        if current is not None:
            loop_of(current).run_soon(action)

    def publish(self, posting: Posting, timeout: float) -> None:
        """Publish and wait until the broker has stored it. Raises BrokerError when it is not known to have."""

        def send(done: "Future[Any]") -> None:
            if self._publishing is None:
                raise BrokerError(f"{self.place}: the connection was lost")
            self._publishing.send(posting, done)

        self.call(send, timeout)

    def declare(self, steps: Callable[[Channel], Steps], timeout: float) -> Any:
        """Declare on a channel of its own, since a refusal closes the channel; what the steps return."""
        return self.call(lambda done: self._declare(steps, done), timeout)

    def _declare(self, steps: Callable[[Channel], Steps], done: "Future[Any]") -> None:
        if self._current is None:
            raise BrokerError(f"{self.place}: the connection was lost")

        def refuse(_channel: Channel, reason: BaseException) -> None:
            if not done.done():
                done.set_exception(BrokerError(f"{self.place}: {describe(reason)}"))

        def finish(channel: Channel, result: Any) -> None:
            if not done.done():
                done.set_result(result)
            channel.close()

        def begin(channel: Channel) -> None:
            when_closed(channel, refuse)
            run_steps(steps(channel), lambda result: finish(channel, result))

        self._current.channel(on_open_callback=begin)

    def _attempt(self, action: Action, done: "Future[Any]") -> None:
        if done.done():  # the connection was lost meanwhile
            return
        try:
            action(done)
        except BrokerError as error:
            done.set_exception(error)
        except Exception as error:  # noqa: BLE001  # the caller waits for an answer, whatever it is
            done.set_exception(BrokerError(f"{self.place}: {describe(error)}"))

    def _live(self) -> None:
        failures = 0
        while not self._closing:
            began = self._clock.monotonic()
            try:
                self._run_connection()
            except Exception as error:  # whatever the client library raises, the next attempt must be made
                log.exception("the connection to %s broke", self.place)
                self._lose(describe(error))
            steady = self._clock.monotonic() - began > STEADY_SECONDS
            failures = 1 if steady else failures + 1
            with self._changed:
                if not self._ever_open:
                    return  # the caller of `open` is told
                delay = self._backoff.delay(failures, self._clock.random())
                self._clock.wait_for(self._changed, lambda: self._closing, delay)

    def _run_connection(self) -> None:
        loop = SharedLoop()
        try:
            self._run_loop(loop)
        finally:
            loop.close()

    def _run_loop(self, loop: SharedLoop) -> None:
        connection = pika.SelectConnection(
            self._parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_end,
            on_close_callback=self._on_end,
            custom_ioloop=SelectorIOServicesAdapter(loop),
        )
        with self._changed:
            self._current = connection
            closing = self._closing
        if closing:  # asked for while the connection was being made
            loop.add_callback(lambda: self._begin_close(connection))
        try:
            loop.start()
        finally:
            if self._current is connection:
                self._lose("the connection was closed")

    def _on_open(self, connection: pika.SelectConnection) -> None:
        when_blocked(
            connection, lambda: log.warning("%s takes no messages for now: it lacks memory or disk", self.place)
        )
        connection.channel(on_open_callback=self._start_publishing)

    def _start_publishing(self, channel: Channel) -> None:
        publishing = ConfirmedChannel(channel)
        when_closed(channel, lambda _, reason: self._reopen_publishing(channel, publishing, reason))
        channel.confirm_delivery(publishing.on_answer, callback=lambda _: self._be_ready(publishing))

    def _reopen_publishing(self, channel: Channel, publishing: ConfirmedChannel, reason: BaseException) -> None:
        publishing.fail_all(reason)
        with self._changed:
            if self._publishing is publishing:
                self._publishing, self._reason = None, describe(reason)
        if channel.connection.is_open and not self._closing:  # the broker closed just the channel
            channel.connection.channel(on_open_callback=self._start_publishing)

    def _be_ready(self, publishing: ConfirmedChannel) -> None:
        with self._changed:
            self._publishing = publishing
            self._reason, self._ever_open = "", True
            sessions, current, announced = list(self._sessions), self._current, self._announced
            self._announced = current
            self._changed.notify_all()
        if current is not None and current is not announced:  # and not just the channel is new
            for session in sessions:
                session.attach(current)

    def _on_end(self, connection: pika.SelectConnection, reason: BaseException) -> None:
        text = describe(reason)
        if not self._closing and text != self._reason:  # once for an outage, not once for each attempt
            log.warning("%s: %s", self.place, text)
        self._lose(text)
        loop_of(connection).stop()

    def _lose(self, reason: str) -> None:
        """Tell everybody who waits for the connection that it is gone."""
        with self._changed:
            self._publishing = self._current = self._announced = None
            self._reason = reason
            pending, self._pending = self._pending, set()
            sessions = list(self._sessions)
            self._changed.notify_all()
        for done in pending:
            if not done.done():
                done.set_exception(BrokerError(f"{self.place}: the connection was lost: {reason}"))
        for session in sessions:
            session.detach(reason)

    def _begin_close(self, connection: pika.SelectConnection) -> None:
        if connection.is_closing or connection.is_closed:
            return
        connection.close()
        loop_of(connection).call_later(CLOSE_SECONDS, lambda: self._abort(connection))

    def _abort(self, connection: pika.SelectConnection) -> None:
        if not connection.is_closed:
            break_off(connection, AMQPError("the broker did not answer the close"))


def describe(error: BaseException) -> str:
    """What a client library says, freed of the errors around it; some errors say nothing but their class."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        wrapped = [*getattr(error, "exceptions", ()), getattr(error, "exception", None), *error.args]
        inner = next((each for each in wrapped if isinstance(each, BaseException)), None)
    text = str(getattr(error, "reply_text", "")) or str(error) or type(error).__name__
    if getattr(error, "reply_code", 0) == PRECONDITION_FAILED:
        text += ": somebody else made it; take another name"
    return text
