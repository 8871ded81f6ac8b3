"""
Something is opened, and an error before it is closed or handed over leaves it open for good.

What it catches
    A connection, socket, process or the like that a function opens, works on, and then hands to its caller or puts
    into a field, when a step in between may raise and nothing on that way releases it. And a field that
    `__init__`, `__enter__` or `__aenter__` opens before a later step of the same method that may raise: then there
    is no object, and `__exit__` is not called, so that no stop can ever reach the field; or that one method alone
    releases, at the end of its work; or that the body of a thread opens and no code closes; or a context that such
    a method enters by hand. Also a connection that a function opens, uses and closes in a row, or takes out of a pool
    and hands back in a row, or an object that a method gives, which is asked something over its link and then closed.

Why it hurts in production
    The step that fails is the connect to a broker that is down, and the code that called it tries again: each turn
    leaves one more thread, child or session behind. A socket stays open until the error is dropped, or the object.

What to do instead
    Release it in an `except` that raises again, or build with a `contextlib.ExitStack` and take over with `pop_all()`
    once all is there.

When to ignore it
    When the process ends upon that error.

Limits
    A step counts as raising when a library model or the project's own code says so. Plain files are left alone, since
    the interpreter closes them, and so are a function whose error ends the process, and what an `except` ends behind
    a test that it is there. Certain are errors of a library or the system, where what is open goes on without a
    reference, or was meant for a caller or an object that exists. Only likely are a socket that goes with its frame or
    constructor, threads and children that may end by themselves, and what only a forked child or the start runs.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.borrowed import Borrowed, borrowed
from worker_lint.analysis.entered_by_hand import EnteredByHand, entered_by_hand
from worker_lint.analysis.handed_back import borrowed_fields, borrowed_items
from worker_lint.analysis.left_behind import is_certain, is_moot, remains
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.one_shot import ends_process
from worker_lint.analysis.passed_by import Passed, passed_by
from worker_lint.analysis.sure_link import is_paired
from worker_lint.analysis.thread_body import LeftByThread, left_by_thread
from worker_lint.analysis.unhanded import Unhanded, in_construction, is_open, only_here, unhanded, unreleased
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP104",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="An error between opening and closing or handing over leaves it open for good",
    words=(
        *("socket(", "socketpair(", "onnection(", "onnection.", ".connect(", " connect(", "(connect(", "._connect("),
        *("Popen(", "Executor(", "Thread(", "Client(", "Consumer(", "Producer(", "hannel(", ".release("),
        *(".__enter__()", ".__aenter__()"),
    ),
    besides=(
        *("import socket", "socket.socket", "from socket", "socketserver", "subprocess", "threading", "billiard"),
        *("multiprocessing", "pika", "aiormq", "kafka", "amqp", "kombu", "nats", "pubsub", "sqlite3", "smtplib"),
        *("psycopg", "sqlalchemy", "http.client", "open_connection", "start_server", "zmq", ".close(", ".release("),
        *(".quit(", ".disconnect(", "putconn(", "put_conn(", "checkin(", "give_back(", "put_back("),
        *("release_connection(", "return_connection(", ".__enter__()", ".__aenter__()"),
    ),
    product_only=True,
    silences=(
        "closed in a finally",
        "released and raised again",
        "ExitStack with pop_all",
        "nothing may raise",
        "in a field at once",
    ),
    examples=(
        bad(
            "a socket that cannot be connected",
            """
            import socket

            def open_socket(path, timeout):
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                sock.settimeout(timeout)
                sock.connect(path)  # bad: sock
                return sock
            """,
        ),
        bad(
            "the second connection fails",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._consuming = pika.BlockingConnection(parameters)
                    self._sending = pika.BlockingConnection(parameters)  # bad: self._consuming
            """,
        ),
        bad(
            "no way out without a way in",
            """
            import pika

            class Session:
                def __enter__(self):
                    self._connection = pika.BlockingConnection()
                    self._channel = self._connection.channel()  # bad: self._connection
                    return self

                def __exit__(self, *error):
                    self._connection.close()
            """,
        ),
        bad(
            "closed when the loop is over, and by nobody else",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._running = True
                    self._connection = pika.BlockingConnection(parameters)

                def run(self):
                    while self._running:
                        self._connection.process_data_events(time_limit=1)  # bad: self._connection
                    self._connection.close()
            """,
            is_likely=True,
        ),
        bad(
            "opened, asked and closed in a row",
            """
            def get(connection, queue):
                receiver = connection.receiver(queue)
                message = receiver.fetch(timeout=0)  # bad: receiver
                receiver.close()
                return message
            """,
            is_likely=True,
        ),
        bad(
            "taken out of a pool and handed back at the end",
            """
            async def save(pool, query):
                connection = await pool.acquire()
                await connection.execute(query)  # bad: connection
                await pool.release(connection)
            """,
        ),
        bad(
            "handed back after a question that may fail",
            """
            class Pipeline:
                async def reset(self):
                    try:
                        await self._connection.send_command("UNWATCH")  # bad: self._connection
                    except ConnectionError:
                        await self._connection.disconnect()
                    await self._pool.release(self._connection)
            """,
            is_likely=True,
        ),
        bad(
            "the items are handed back in a loop at the end",
            """
            def run(pools, commands):
                connections = []
                for pool in pools:
                    connections.append(pool.get_connection())
                for connection in connections:
                    connection.send(commands)  # bad: connections
                for connection in connections:
                    connection.pool.release(connection)
            """,
            is_likely=True,
        ),
        bad(
            "entering starts it, and leaves it half started",
            """
            import pika

            class Worker:
                def __enter__(self):
                    self.start()
                    return self

                def start(self):
                    self._consuming = pika.BlockingConnection()
                    self._sending = pika.BlockingConnection()  # bad: self._consuming

                def __exit__(self, *error):
                    self._consuming.close()
                    self._sending.close()
            """,
        ),
        good(
            "closed whatever happens",
            """
            def get(connection, queue):
                receiver = connection.receiver(queue)
                try:
                    return receiver.fetch(timeout=0)
                finally:
                    receiver.close()
            """,
            silence="closed in a finally",
        ),
        good(
            "closed before it is raised again",
            """
            import socket

            def open_socket(path):
                sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    sock.connect(path)
                except OSError:
                    sock.close()
                    raise
                return sock
            """,
            silence="released and raised again",
        ),
        good(
            "the stack gives it up at the end",
            """
            import contextlib
            import pika

            class Worker:
                def __init__(self, parameters):
                    with contextlib.ExitStack() as stack:
                        self._consuming = pika.BlockingConnection(parameters)
                        stack.callback(self._consuming.close)
                        self._sending = pika.BlockingConnection(parameters)
                        self._stack = stack.pop_all()
            """,
            silence="ExitStack with pop_all",
        ),
        good(
            "the one thing that fails is the opening",
            """
            import socket

            def open_socket(address):
                sock = socket.create_connection(address)
                sock.settimeout(3)
                return sock
            """,
            silence="nothing may raise",
        ),
        good(
            "a client that connects when it is first used",
            """
            import pika
            import redis

            class Worker:
                def __init__(self, parameters):
                    self._cache = redis.Redis()
                    self._sending = pika.BlockingConnection(parameters)
            """,
        ),
        good(
            "whoever called start can call stop",
            """
            import pika

            class Worker:
                def start(self, parameters):
                    self._consuming = pika.BlockingConnection(parameters)
                    self._sending = pika.BlockingConnection(parameters)

                def stop(self):
                    self._consuming.close()
                    self._sending.close()
            """,
            silence="in a field at once",
        ),
    ),
)


@rule.on_class
def check_methods(cls: Class, context: Context) -> Iterator[Finding]:
    """The methods of a class: their locals, and the fields that they open or that they alone release."""
    for method in context.project.values.fields.methods(cls):
        text = body_text(method)
        found = list(in_construction(context.project, method, cls)) if _OPENS.search(text) else []
        if _CLOSES.search(text):
            found.extend(only_here(context.project, method, cls))
        open_ones = [one for one in found if is_open(one.held, context.project) and not is_paired(one.held)]
        kept = [one for one in open_ones if not is_moot(one, method)]
        yield from (_finding(one, method) for one in kept)
        yield from _of_locals(method, cls, context, {one.cause.at for one in open_ones})
        if _GIVES_BACK.search(text):
            for taken in borrowed_fields(context.project, method, cls):
                yield _left_behind(taken, method)
        if method.name == "run" and not found and _OPENS.search(text):
            yield from (_left_behind(one, method) for one in left_by_thread(context.project, method, cls))
        if "enter__()" in text:
            yield from (_left_behind(one, method) for one in entered_by_hand(context.project, method, cls))


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """The locals of functions that are no methods."""
    if function.owner is None:
        yield from _of_locals(function, None, context)


_GIVES_BACK: Final = re.compile(r"\.(?:release|checkin|put_?conn|\w+_connection|give_back|put_back)\(")


_SAID: Final = {
    Borrowed: (
        "an error here keeps `{}` from the pool: it is handed back after that",
        "Each time that this fails, the pool has one less to give, until nobody gets any.",
        "put what uses `{}` into a try, and hand it back in the finally",
        ("`{}` is taken here", "handed back here, when nothing fails"),
    ),
    Passed: (
        "an error here leaves `{}` open: its close is passed by",
        "Each time that this fails, one more of them stays open at the other side of the link.",
        "put what uses `{}` into a try, and its close into the finally",
        ("`{}` is opened here", "and closed here, when nothing fails"),
    ),
    LeftByThread: (
        "an error here ends the thread and leaves `{}` open",
        "Nothing closes it then, for as long as the object is kept.",
        "release `{}` in an `except` that raises again",
        ("`{}` is opened here", ""),
    ),
    EnteredByHand: (
        "an error here leaves `{}` entered, and nobody leaves it",
        "What failed to start is not stopped: its own exit is never called.",
        "leave `{}` in an `except BaseException` that raises again, or enter it by an ExitStack",
        ("`{}` is entered here", ""),
    ),
}


def _left_behind(one: Borrowed | Passed | LeftByThread | EnteredByHand, function: Function) -> Finding:
    message, consequence, remedy, (begun, ended) = _SAID[type(one)]
    sites = ((one[1], begun.format(one.name)), (one.release, ended))  # another method may fill a field, none end it
    return Finding(
        at=one.cause.at,
        message=message.format(one.name),
        consequence=consequence,
        help=remedy.format(one.name),
        notes=tuple(Note(function.path, site.at, said) for site, said in sites if site is not None),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in one.cause.at)),
        confidence="certain" if one.is_certain else "likely",
    )


def _of_locals(
    function: Function, me: Class | None, context: Context, said: Collection[ir.At] = ()
) -> Iterator[Finding]:
    """What locals leave open, apart from what is said of the fields that they are put into."""
    text = body_text(function)
    if _OPENS.search(text):
        new = (one for one in unhanded(context.project, function, me) if one.cause.at not in said)
        for one in (*new, *unreleased(context.project, function, me)):
            if is_open(one.held, context.project) and not is_moot(one, function):
                yield _finding(one, function)
    if _CLOSES.search(text) and not ends_process(function):
        yield from (_left_behind(passed, function) for passed in passed_by(context.project, function))
    if _GIVES_BACK.search(text):
        for taken in (*borrowed(context.project, function), *borrowed_items(context.project, function)):
            yield _left_behind(taken, function)


_OPENS: Final = re.compile(
    r"(?:[Ss]ocket|Popen|Thread|Process|[Cc]onnection|connect|Consumer|Producer|Client|[Cc]hannel|Subscription)\w*\("
)


_CLOSES: Final = re.compile(r"\.(?:close|release|disconnect|quit)\(")


def _finding(one: Unhanded, function: Function) -> Finding:
    names = sorted({thrown.name.rpartition(".")[2] for thrown in one.thrown})
    error = " or ".join(names[:2]) if all(name.isidentifier() for name in names) else "an error"
    made = one.held.acquired[0] if one.held.acquired else one.held.created[0]
    return Finding(
        at=one.cause.at,
        message=f"an error here leaves `{one.held.name}` open, and nobody can close it",
        consequence=remains(one.held, error),
        help=f"release `{one.held.name}` in an `except` that raises again, or build with an ExitStack",
        notes=(Note(made.function.path, made.at, f"`{one.held.name}` is opened here"),),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in one.cause.at)),
        confidence="certain" if is_certain(one, function) else "likely",
    )
