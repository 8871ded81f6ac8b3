"""
One bad message ends the loop that serves all of them.

What it catches
    A loop that goes on until it is told to end, an iterator of deliveries, or a callback for them, which an error
    leaves that one message can cause: it cannot be decoded, names what is not there, or the code that it names fails.

Why it hurts in production
    Somebody sends one malformed message, or one for a task that the last release removed. The worker dies on it. With
    redelivery its successor dies on the same one, and the next, while all that is behind it waits.

What to do instead
    Take the error inside the loop, around the treatment of one message: log it with its traceback, reject the message
    or put it aside, and go on with the next.

When to ignore it
    Where the sender is this very program, and the worker may die with a message that it does not understand, because
    somebody restarts it and the message is gone by then.

Limits
    Deliveries are followed through locals, fields that a receiving call fills, and sure calls; the address that
    `recvfrom` gives is none. A test for membership or length anywhere in the function is a guard. Certain is an error
    over what a broker delivered, of the code that a message names, or over what clients send to a server that answers
    other malformed messages, where the loop has a thread, task, greenlet or process of its own and a log line at most
    tells of its end; and a stream of bytes that the loop parses which looks after the processes at its other end.
    What else sockets and pipes bring, explicit raises and jobs are likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.escaping import Boundary, Origin, boundaries, origins
from worker_lint.analysis.escaping.alone import says_why
from worker_lint.analysis.escaping.evident import does_harm, is_evident, may_go_on
from worker_lint.analysis.escaping.parsing import MALFORMED
from worker_lint.analysis.escaping.unseen import may_end_unseen
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source.going_on import GOES_ON, HANDS_OVER

rule = Rule(
    code="ERR101",
    severity="error",
    stage="certain",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="One bad message ends the loop that serves all of them",
    words=(GOES_ON, HANDS_OVER),
    product_only=True,
    yields_to=("ERR102", "ERR103", "MSG107"),
    silences=(
        "framework boundary that catches",
        "crash-only by design with a supervisor and redelivery",
        "a handler in the loop",
        "tested before",
        "a table with defaults",
        "somebody above goes on",
        "the decoder's own form",
        "jobs that look after themselves",
        "a part is tested",
        "one batch",
        "a breach is refused",
    ),
    examples=(
        bad(
            "a body that is no JSON",
            """
            import json

            class Worker:
                def run(self):
                    while self.running:
                        message = self.client.get_message(timeout=1)
                        if message is None:
                            continue
                        job = json.loads(message["data"])  # bad: JSONDecodeError
                        self.process(job)
            """,
            is_likely=True,
        ),
        bad(
            "a task that is no more",
            """
            class Worker:
                def run(self):
                    while not self.stopping:
                        message = self.queue.receive()
                        self.execute(message)

                def execute(self, message):
                    task = self.tasks[message.name]  # bad: KeyError
                    self.pool.put(task)
            """,
            is_likely=True,
        ),
        bad(
            "code that the message names",
            """
            def serve(server, handlers, log):
                while True:
                    message = server.recv()
                    if message.kind in handlers:
                        handlers[message.kind](message)  # bad: the code that the message names
                    else:
                        log.warning("unknown kind %s", message.kind)
            """,
            is_likely=True,
        ),
        bad(
            "a pool of threads",
            """
            import queue
            import threading

            class Pool:
                def __init__(self):
                    self.jobs = queue.Queue()
                    self.thread = threading.Thread(target=self.work)

                def work(self):
                    while True:
                        function, arguments = self.jobs.get()
                        function(*arguments)  # bad: job
            """,
            is_likely=True,
        ),
        bad(
            "an iterator of deliveries",
            """
            import json
            import pika

            class Consumer:
                def __init__(self, channel, queue):
                    self.iterator = channel.consume(queue)

                def __next__(self):
                    try:
                        method, _, body = next(self.iterator)
                        return method, json.loads(body)  # bad: JSONDecodeError
                    except pika.exceptions.AMQPError:
                        raise ConnectionError from None
            """,
        ),
        bad(
            "the length of the frame tells nothing of its parts",
            """
            def watch(socket, write):
                while True:
                    raw = socket.recv_multipart()
                    if len(raw) == 2:
                        topic, text = raw
                        name, level = topic.split(".")  # bad: ValueError
                        write(name, level, text)
            """,
            is_likely=True,
        ),
        good(
            "the separator is looked for in the frame that the name comes from",
            """
            def watch(socket, write):
                while True:
                    raw = socket.recv_multipart()
                    if len(raw) == 2 and "." in raw[0]:
                        topic, text = raw
                        name, level = topic.rsplit(".", 1)
                        write(name, level, text)
            """,
            silence="a part is tested",
        ),
        good(
            "a handshake between processes of this program",
            """
            def accept(listener, children):
                while True:
                    channel = listener.accept()
                    line = channel.recv(64)
                    if not line:
                        raise RuntimeError("the child said nothing")
                    children.append(int(line))
            """,
            silence="a breach is refused",
        ),
        good(
            "a list of messages",
            """
            import json

            def consume_scores(consumer, slot):
                for raw in consumer.get_messages(count=64):
                    slot.add(json.loads(raw))
            """,
            silence="one batch",
        ),
        good(
            "the loop goes on",
            """
            import json
            import logging

            def run(client, process):
                while True:
                    message = client.get_message(timeout=1)
                    try:
                        process(json.loads(message["data"]))
                    except Exception:
                        logging.exception("cannot process %r", message)
            """,
            silence="a handler in the loop",
        ),
        good(
            "known before it is looked up",
            """
            def run(queue, tasks, log, pool):
                while True:
                    message = queue.receive()
                    if message.name not in tasks:
                        log.error("no task %s", message.name)
                        continue
                    pool.put(tasks[message.name])
            """,
            silence="tested before",
        ),
        good(
            "counters that begin by themselves",
            """
            from collections import defaultdict

            class Stats:
                def __init__(self, queue):
                    self.seen = defaultdict(list)
                    while True:
                        message = queue.receive()
                        self.seen[message.name].append(message)
            """,
            silence="a table with defaults",
        ),
        good(
            "a loop around the loop",
            """
            import json
            import logging

            class Worker:
                def run(self):
                    while True:
                        try:
                            self.consume()
                        except Exception:
                            logging.exception("starting anew")

                def consume(self):
                    while True:
                        self.process(json.loads(self.client.recv()))
            """,
            silence="somebody above goes on",
        ),
        good(
            "it dies on purpose",
            """
            import json
            import logging

            def run(client, process):
                try:
                    while True:
                        process(json.loads(client.recv()))
                except Exception:
                    logging.critical("giving up", exc_info=True)
                    raise
            """,
            silence="crash-only by design with a supervisor and redelivery",
        ),
        good(
            "the framework catches",
            """
            import json

            def add(app):
                @app.task
                def handle(message):
                    return json.loads(message)["name"]
            """,
            silence="framework boundary that catches",
        ),
        good(
            "a class that decodes, and knows the form",
            """
            class Server:
                def run(self):
                    while True:
                        raw = self.socket.recv_multipart()
                        try:
                            message = self.session.deserialize(raw)
                        except Exception:
                            self.log.exception("malformed")
                            continue
                        kind, text = message
                        self.handle(kind, text, message["header"])
            """,
            silence="the decoder's own form",
        ),
        good(
            "all that is ever put in catches its errors",
            """
            import logging
            import queue
            import threading

            class Later:
                def __init__(self):
                    self._tasks = queue.Queue()
                    self._thread = threading.Thread(target=self._process)

                def _process(self):
                    while True:
                        task = self._tasks.get()
                        task()

                def do(self, task):
                    self._tasks.put(task)

            class Message:
                def acknowledge(self):
                    def _ack():
                        try:
                            self.message.ack()
                        except Exception:
                            logging.exception("not acknowledged")

                    self.later.do(_ack)
            """,
            silence="jobs that look after themselves",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every boundary of the file; the first error of each kind that leaves it."""
    seen: set[tuple[int, ...]] = set()
    for boundary in boundaries(context.project.escaping, module.path, None if context.wants_likely else may_end_unseen):
        if boundary.kind == "iterator" and not boundary.variant.delivered.has_deliveries:
            continue  # what comes over a connection of its own: the caller asked for it, and gets the error
        if not context.wants_likely and says_why(boundary.function):
            continue
        by_kind: dict[str, list[Origin]] = {}
        for origin in origins(context.project.escaping, boundary):
            if does_harm(boundary, origin):
                by_kind.setdefault(origin.failure.sort, []).append(origin)
        for same in by_kind.values() if by_kind and not may_go_on(boundary) else ():
            finding = _finding(boundary, same, context)
            if finding.at not in seen:
                seen.add(finding.at)
                yield finding


def _finding(boundary: Boundary, same: list[Origin], context: Context) -> Finding:
    first = same[0]
    frame = first.shown(boundary)
    notes = [] if boundary.kind == "callback" else [Note(context.path, boundary.at, f"this {boundary.kind} ends")]
    notes += [Note(one.function.path, one.at, "called here") for one in first.frames if one is not frame][:3]
    notes += [Note(context.path, one.shown(boundary).at, f"{one.failure.shown} likewise") for one in same[1:4]]
    return Finding(
        at=frame.at,
        message=_message(first),
        consequence=_consequence(boundary),
        help="take it around the treatment of one message: log it with its traceback, settle the message, go on",
        notes=tuple(notes),
        symbol=frame.function.symbol,
        confidence="certain" if is_evident(boundary, first) else "likely",
    )


def _message(origin: Origin) -> str:
    names = [name.rpartition(".")[2] for name in origin.classes if name != MALFORMED]
    what = f"`{'` or `'.join(names)}`" if names else "an error"
    match origin.failure.sort:
        case "job":
            return f"An error of the job, {origin.failure.shown}, is taken by nobody"
        case "dispatch":
            return f"An error of the code that the message names, {origin.failure.shown}, is taken by nobody"
        case "lookup":
            return f"{origin.failure.shown} raises {what} for a message that names what is not there"
        case "unpack":
            return f"Unpacking {origin.failure.shown} raises {what} for a message of another shape"
        case "refusal":
            return f"{what} tells about one message, and nobody here takes it"
        case _:
            return f"{origin.failure.shown} raises {what} for a malformed message"


def _consequence(boundary: Boundary) -> str:
    name = boundary.function.name
    if boundary.kind == "callback":
        return f"The error leaves `{name}`: the message is neither processed nor settled."
    if boundary.kind == "iterator":
        return f"The error leaves `{name}`, which ends the loop over it: one message stops all behind it."
    return f"That one message ends the loop in `{name}`; if it comes again, it ends the next worker, too."
