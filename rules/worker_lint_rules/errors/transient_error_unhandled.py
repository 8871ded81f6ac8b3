"""
A worker's loop has no answer to the loss of its connection.

What it catches
    A loop that goes on until it is told to end (a consumer, a listener for notifications, a
    heartbeat, a scheduler, a reader of broadcasts) which talks to a server, and which the error of
    a lost connection leaves: no handler in the loop, none around it that goes on.

Why it hurts in production
    Brokers and databases are restarted, and networks have bad minutes. After the first one the
    loop is gone. A listener on a thread or task of its own dies without a sign, and the process
    goes on looking well.

What to do instead
    Catch the library's recoverable errors in the loop, wait (longer each time), connect anew,
    subscribe anew, and go on.

When to ignore it
    Where the process is meant to end on the first error, and something restarts it.

Limits
    Known are the libraries with a model, reads whose names mean nothing else (`blpop`, `xread`,
    `drain_events`, `pubsub.get_message`), and connections that are opened in each turn. Clients that
    reconnect by themselves are left out. Any clause that may be meant for connections silences. Certain is a read
    from a server, or a database's connection opened in each turn, in a loop of whose end a log line tells at most: on a
    thread of its own, in tasks at which nobody looks before all ends, or where it looks after a pool of processes that
    then ends as if all were well. The rest is likely, so a process that may be meant to end.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.escaping import Boundary, Origin, boundaries, losses
from worker_lint.analysis.escaping.alone import is_handed_on, leaves_it_to_caller
from worker_lint.analysis.escaping.apart import runs_in_child
from worker_lint.analysis.escaping.ending import surely_ends
from worker_lint.analysis.escaping.serving import serves
from worker_lint.analysis.escaping.supervision import is_supervised
from worker_lint.analysis.escaping.unseen import may_end_unseen
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source.going_on import GOES_ON

rule = Rule(
    code="ERR102",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="A worker's loop has no answer to the loss of its connection",
    words=(GOES_ON,),
    product_only=True,
    yields_to=("ERR103", "ERR104"),
    silences=(
        "robust connections",
        "process restarts by design",
        "a handler in the loop",
        "a decorator that retries",
        "somebody above goes on",
        "looks for one thing",
        "waits for an end",
        "handed to a supervisor",
        "the caller is told",
    ),
    examples=(
        bad(
            "a reader of broadcasts",
            """
            class Worker:
                def run(self):
                    while not self.stopping:
                        self.listen_once()

                def listen_once(self):
                    message = self._pubsub.get_message(timeout=1)  # bad: _pubsub.get_message
                    if message:
                        self.children.notify(message)
            """,
            is_likely=True,
        ),
        bad(
            "a listener for notifications",
            """
            class Connector:
                async def listen_notify(self, on_notification, channels):
                    while True:
                        async with self.pool.acquire() as connection:  # bad: connection
                            for channel in channels:
                                await connection.execute(f"LISTEN {channel}")
                            await self.loop_notify(on_notification, connection)
            """,
            is_likely=True,
        ),
        bad(
            "a consumer with redis",
            """
            import redis

            class Consumer:
                def __init__(self):
                    self.client = redis.Redis()

                def run(self):
                    while self.running:
                        item = self.client.blpop("jobs", timeout=1)  # bad: ConnectionError
                        if item:
                            self.handle(item)
            """,
            is_likely=True,
        ),
        bad(
            "a heartbeat",
            """
            import threading
            import time
            import requests

            def beat(url):
                while True:
                    requests.post(url, timeout=5)  # bad: ConnectionError
                    time.sleep(10)

            def start(url):
                threading.Thread(target=beat, args=(url,), daemon=True).start()
            """,
        ),
        bad(
            "a log line is no answer",
            """
            import logging
            import threading
            import redis

            class Listener:
                def __init__(self):
                    self.pubsub = redis.Redis().pubsub()
                    threading.Thread(target=self.listen, daemon=True).start()

                def listen(self):
                    try:
                        while True:
                            message = self.pubsub.get_message(timeout=1)  # bad: ConnectionError
                            if message:
                                self.handle(message)
                    except Exception:
                        logging.exception("the listener has ended")
            """,
        ),
        bad(
            "a task that is looked at when all ends",
            """
            import asyncio
            import psycopg_pool

            class Listener:
                def __init__(self, pool: psycopg_pool.AsyncConnectionPool):
                    self.pool = pool

                async def run(self):
                    tasks = [asyncio.create_task(self.listen())]
                    try:
                        await self.serve()
                    finally:
                        await asyncio.gather(*tasks, return_exceptions=True)

                async def listen(self):
                    while True:
                        async with self.pool.connection() as connection:  # bad: pool.connection
                            await connection.execute("LISTEN jobs")
                            await self.serve_notifications(connection)
            """,
        ),
        good(
            "a lock that is asked for until it is free",
            """
            class Lock:
                def acquire(self):
                    busy = True
                    while busy:
                        busy = not self.client.set(self.name, self.owner, nx=True)
                        if busy:
                            self.client.blpop(self.signal, 10)

                def stop(self):
                    self.client.delete(self.name)
            """,
            silence="waits for an end",
        ),
        good(
            "it connects anew",
            """
            import time
            import redis

            class Consumer:
                def __init__(self):
                    self.client = redis.Redis()

                def run(self):
                    while self.running:
                        try:
                            item = self.client.blpop("jobs", timeout=1)
                        except redis.ConnectionError:
                            time.sleep(5)
                            continue
                        if item:
                            self.handle(item)
            """,
            silence="a handler in the loop",
        ),
        good(
            "the client reconnects",
            """
            from kafka import KafkaConsumer

            def run(handle):
                consumer = KafkaConsumer("jobs", group_id="workers")
                while True:
                    for batch in consumer.poll(timeout_ms=1000).values():
                        handle(batch)
            """,
            silence="robust connections",
        ),
        good(
            "it ends on purpose",
            """
            import logging
            import sys

            def run(connection):
                try:
                    while True:
                        connection.drain_events(timeout=1)
                except OSError:
                    logging.critical("no broker", exc_info=True)
                    sys.exit(1)
            """,
            silence="process restarts by design",
        ),
        good(
            "tried again from above",
            """
            import tenacity

            class Consumer:
                @tenacity.retry(wait=tenacity.wait_exponential())
                def run(self):
                    while self.running:
                        self.connection.drain_events(timeout=1)
            """,
            silence="a decorator that retries",
        ),
        good(
            "a loop around",
            """
            import logging
            import time

            class Consumer:
                def run(self):
                    while True:
                        try:
                            self.consume()
                        except Exception:
                            logging.exception("again in five seconds")
                            time.sleep(5)

                def consume(self):
                    while self.running:
                        self.connection.drain_events(timeout=1)
            """,
            silence="somebody above goes on",
        ),
        good(
            "the caller asked for one answer",
            """
            def wait_for_answer(client, key):
                while True:
                    answer = client.blpop(key, timeout=1)
                    if answer is not None:
                        return answer
            """,
            silence="looks for one thing",
        ),
        good(
            "a job that runs elsewhere",
            """
            import time
            import requests

            class Task:
                def run(self):
                    while True:
                        if requests.get(self.url, timeout=5).json()["state"] == "done":
                            break
                        time.sleep(10)
            """,
            silence="waits for an end",
        ),
        good(
            "a supervisor gets the loop as an argument",
            """
            import threading

            class Broker:
                def start(self):
                    threading.Thread(target=run_forever, args=(self._listen, self.stopped)).start()

                def _listen(self):
                    for message in self.pubsub.listen():
                        self.handle(message)

            def run_forever(function, stopped):
                while not stopped.is_set():
                    try:
                        function()
                    except Exception:
                        stopped.wait(5)
            """,
            silence="handed to a supervisor",
        ),
        good(
            "what is left is written once, and the caller keeps it",
            """
            import psycopg_pool

            class Outbox:
                def __init__(self, pool: psycopg_pool.ConnectionPool):
                    self.pool = pool

                def flush(self):
                    while not self.outgoing.empty():
                        with self.pool.connection() as connection:
                            connection.execute("INSERT INTO sent VALUES (%s)", self.outgoing.get())

                def stop(self):
                    self.flush()
            """,
            silence="waits for an end",
        ),
        good(
            "the docstring says who tries again",
            '''
            class Feed:
                def listen(self):
                    """Errors of the connection go to the caller, which subscribes anew and retries."""
                    while True:
                        message = self._pubsub.get_message(timeout=1)
                        if message:
                            self.handle(message)
            ''',
            silence="the caller is told",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every loop of the file that a lost connection ends; the first step that tells of it."""
    seen: set[tuple[int, ...]] = set()
    for boundary in boundaries(context.project.escaping, module.path, None if context.wants_likely else may_end_unseen):
        if boundary.kind != "loop" or not serves(boundary):
            continue
        found = sorted(losses(context.project.escaping, boundary), key=runs_in_child)
        function = boundary.function
        if not found or is_supervised(function) or is_handed_on(function) or leaves_it_to_caller(function):
            continue
        finding = _finding(boundary, found, context)
        if finding.at not in seen:
            seen.add(finding.at)
            yield finding


def _finding(boundary: Boundary, found: list[Origin], context: Context) -> Finding:
    first = found[0]
    frame = first.shown(boundary)
    notes = [Note(context.path, boundary.at, "this loop ends")]
    notes += [Note(one.function.path, one.at, "called here") for one in first.frames if one is not frame][:3]
    names = [name.rpartition(".")[2] for name in first.failure.classes]
    what = next((name for name in names if "Connection" in name), names[0] if names else "")
    return Finding(
        at=frame.at,
        message=f"{first.failure.shown} raises {f'`{what}`' if what else 'an error'} when the connection is lost, "
        f"and nothing in the loop takes it",
        consequence=f"The first restart of the server ends the loop in `{boundary.function.name}` for good.",
        help="catch the library's recoverable errors in the loop, wait, connect anew, and go on",
        notes=tuple(notes),
        symbol=frame.function.symbol,
        confidence="certain" if surely_ends(boundary, first) else "likely",
    )
