"""
A stop method leaves a thread, process, timer or pool running that the object started.

What it catches
    A field with a thread or process whose code goes round, and nothing tells it to end or waits for it; the same where
    stop sets its flag, does not wait, and then closes what the thread still writes to; a daemon thread that has to
    clean up after its loop while stop only sets the flag; a timer never cancelled; a pool never shut down.

Why it hurts in production
    The process does not exit, because a thread that nobody told holds it; or `stop` returns, the connection is closed,
    and the thread fails in the middle of its last message; or the interpreter kills the thread before it cleaned up.

What to do instead
    Tell it, wait for it, close what it uses: `set()`, `join(timeout)`, `close()`; `Timer.cancel`, `Executor.shutdown`.

When to ignore it
    When the thread may be cut off at any point.

Limits
    Only what the class starts itself; a thread that anybody else may join is let pass, and a pool of which the stop
    ends a part. Only likely are the pool of an example, or of the constructor of what can start again after a `stop`,
    a thread whose loop may end by itself, and one that is a daemon, or expects an error, where it uses what is closed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.child_limits import is_detached
from worker_lint.analysis.children import (
    Child,
    children_of,
    has_cleanup,
    is_daemon_call,
    is_dropped,
    serves,
    waits_for_anything,
)
from worker_lint.analysis.demonstrating import is_demonstration
from worker_lint.analysis.left_behind import is_of_lifetime
from worker_lint.analysis.left_running import closed_under, is_ended_by_part, is_expected, is_on_its_own, never_lets_go
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.resources import Held
from worker_lint.analysis.stopping import STOP_WORDS
from worker_lint.analysis.touching import Act, acts_of, code_of, done_by, told_by_stops, whole_stops
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP110",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="A stop method leaves a thread, process, timer or pool running that the object started",
    words=(*STOP_WORDS, "Thread(", "Process(", "Timer(", "Callback(", "Executor("),
    product_only=True,
    yields_to=("STP127", "STP105"),
    silences=("daemon by design", "joined elsewhere"),
    examples=(
        bad(
            "nobody tells the thread",
            """
            import threading

            class Worker:
                def __init__(self, source):
                    self.source = source
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while True:
                        print(self.source.next())

                def stop(self):  # bad: self.thread
                    print("stopped")
            """,
        ),
        bad(
            "the file is closed under the thread",
            """
            import threading

            class Recorder:
                def __init__(self, path):
                    self.file = open(path, "a")
                    self.running = True
                    self.thread = threading.Thread(target=self.run, daemon=True)
                    self.thread.start()

                def run(self):
                    while self.running:
                        self.file.write("alive")

                def stop(self):  # bad: self.thread
                    self.running = False
                    self.file.close()
            """,
            is_likely=True,
        ),
        bad(
            "the daemon thread has to clean up",
            """
            import threading

            class Server:
                def start(self):
                    self.stopping = threading.Event()
                    threading.Thread(target=self.run, daemon=True).start()

                def run(self):
                    with open("journal", "a") as journal:
                        while not self.stopping.is_set():
                            journal.write("alive")

                def stop(self):
                    self.stopping.set()  # bad: run
            """,
        ),
        bad(
            "a timer that fires after the stop",
            """
            import threading

            class Lease:
                def start(self):
                    self.timer = threading.Timer(30, self.renew)
                    self.timer.start()

                def renew(self):
                    print("renewed")

                def close(self):  # bad: self.timer
                    print("closed")
            """,
        ),
        bad(
            "a child process that outlives its owner",
            """
            import subprocess

            class Worker:
                def start(self):
                    self.child = subprocess.Popen(["converter"])

                def stop(self):  # bad: self.child
                    print("stopped")
            """,
        ),
        bad(
            "a pool that nobody shuts down",
            """
            from concurrent.futures import ThreadPoolExecutor

            class Worker:
                def __init__(self):
                    self.pool = ThreadPoolExecutor()

                def handle(self, message):
                    self.pool.submit(print, message)

                def stop(self):  # bad: self.pool
                    pass
            """,
            is_likely=True,
        ),
        good(
            "a daemon with a flag and nothing to flush",
            """
            import threading

            class Heart:
                def __init__(self):
                    self.running = True
                    self.thread = threading.Thread(target=self.beat, daemon=True)
                    self.thread.start()

                def beat(self):
                    while self.running:
                        print("beat")

                def stop(self):
                    self.running = False
            """,
            silence="daemon by design",
        ),
        good(
            "the stop ends the pool by a part of it",
            """
            import threading
            from concurrent.futures import ThreadPoolExecutor

            class Pool(ThreadPoolExecutor):
                def __init__(self):
                    super().__init__()
                    self.stopping = threading.Event()

            class Worker:
                def start(self):
                    self.pool = Pool()

                def handle(self, message):
                    self.pool.submit(print, message)

                def stop(self):
                    self.pool.stopping.set()
            """,
        ),
        good(
            "another method joins it",
            """
            import threading

            class Worker:
                def __init__(self):
                    self.running = True
                    self.thread = threading.Thread(target=self.run)
                    self.thread.start()

                def run(self):
                    while True:
                        print("working")

                def stop(self):
                    self.running = False

                def wait(self):
                    self.thread.join()
            """,
            silence="joined elsewhere",
        ),
        good(
            "the close wakes the thread, and it ends",
            """
            import socket
            import threading

            class Reader:
                def __init__(self, address):
                    self.running = True
                    self.socket = socket.create_connection(address)
                    self.thread = threading.Thread(target=self.run, daemon=True)
                    self.thread.start()

                def run(self):
                    while self.running:
                        print(self.socket.recv(4096))

                def close(self):
                    self.running = False
                    self.socket.close()
            """,
        ),
        good(
            "stop waits for the event that the thread sets at its end",
            """
            import threading

            class Server:
                def start(self):
                    self.stopping = threading.Event()
                    self.stopped = threading.Event()
                    threading.Thread(target=self.run, daemon=True).start()

                def run(self):
                    with open("journal", "a") as journal:
                        while not self.stopping.is_set():
                            journal.write("alive")
                    self.stopped.set()

                def stop(self):
                    self.stopping.set()
                    self.stopped.wait(10)
            """,
        ),
    ),
)

_WORK: Final = frozenset({"submit", "map", "apply_async", "imap", "starmap", "run_in_executor"})


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """What the class starts and its stop leaves running."""
    stops = whole_stops(cls)
    if not stops or not context.project.store.text(cls.path).has_word("self", cls.node.at[0], cls.node.at[2]):
        return
    held = context.project.resources.held(cls)
    for one in held:
        is_pool = one.duty.is_executor and one.derived_from is None and _is_left(one)
        if is_pool and _is_used(cls, one) and not is_ended_by_part(cls, one):
            found = _finding(cls, stops[0], one, "pool", "its jobs and threads outlive", [])
            is_meant = is_of_lifetime(one, stops) or is_demonstration(cls.path, stops[0].function)
            yield replace(found, confidence="likely") if is_meant else found
    for child in children_of(cls):
        yield from _judged(cls, stops, child) if _is_left(child.held) else ()
    yield from _unkept(cls, stops)


def _is_left(held: Held) -> bool:
    return bool(held.acquired) and not held.ends and held.is_ours


def _is_used(cls: Class, held: Held) -> bool:
    """Whether a method gives the pool work: before that it has no threads."""
    for method in cls.project.values.fields.methods(cls):
        for act in acts_of(method, cls) if mentions(method, *_WORK) else ():
            is_passed = act.use is not None and act.use.how == "passed"  # `loop.run_in_executor(self.pool, …)`
            if act.name == held.place[1] and (is_passed or act.called in _WORK):
                return True
    return False


def _judged(cls: Class, stops: list[Runs], child: Child) -> Iterator[Finding]:
    if child.kind == "timer":
        if not child.is_daemon:
            yield _finding(cls, stops[0], child.held, "timer", "it fires after", [])
        return
    if child.kind == "process" and child.runs is None and not child.is_daemon and is_on_its_own(cls, child.held):
        if is_detached(child.held):
            return
        yield _finding(cls, stops[0], child.held, "process", "it outlives", [])
    if child.runs is None or child.runs.me is not cls or not serves(child.runs):
        return
    if any(waits_for_anything(stop) for stop in stops):
        return
    seen = code_of(cls, child.runs)
    names = {act.name for act in seen}
    if not child.is_daemon and not any(act.tells and act.name in names for act in told_by_stops(cls)):
        found = _finding(cls, stops[0], child.held, child.kind, "nothing tells it to end, and it holds", [])
        yield found if never_lets_go(child.runs) else replace(found, confidence="likely")
        return
    for stop in stops:
        for act, used in closed_under(stop, child, seen):
            notes = [
                Note(
                    act.function.path, act.at, f"`self.{act.name}` is closed here, without waiting for the {child.kind}"
                ),
                Note(used.function.path, used.at, f"the {child.kind} uses it here"),
            ]
            found = _finding(cls, stop, child.held, child.kind, "it still uses what is closed by", notes)
            is_certain = not child.is_daemon and not is_expected(used)
            yield replace(found, confidence="certain" if is_certain else "likely")
            return


def _unkept(cls: Class, stops: list[Runs]) -> Iterator[Finding]:
    """Daemon threads that nobody keeps, whose code has to clean up, where stop sets what they read and returns."""
    if any(waits_for_anything(stop) for stop in stops):
        return
    for method in cls.project.values.fields.methods(cls):
        for entry in cls.project.workers.entries(method, cls):
            if entry.kind != "thread" or len(entry.callee.runs) != 1 or entry.callee.runs[0].me is not cls:
                continue
            runs = entry.callee.runs[0]
            if not is_daemon_call(entry.call) or not is_dropped(entry.site.function, entry.call):
                continue
            cleanup = has_cleanup(runs)
            names = {act.name for act in code_of(cls, runs)}
            told = (act for stop in stops for act in done_by(stop) if act.tells and act.name in names)
            act = next((act for act in told if act.function.path == method.path), None)
            if cleanup is not None and act is not None:
                yield _not_awaited(runs, act, method, entry.call, cleanup)


def _not_awaited(runs: Runs, act: Act, method: Function, call: ir.Call, cleanup: ir.Stmt) -> Finding:
    name, stop = runs.function.name, act.function
    return Finding(
        at=act.at,
        message=f"`{stop.name}` does not wait for the daemon thread of `{name}`, which has to clean up",
        consequence=f"`{stop.name}` returns at once, and the interpreter may end in the middle of the clean-up.",
        help=f"keep the thread, and `join` it with a time-out at the end of `{stop.name}`",
        notes=(
            Note(method.path, call.at, "the thread is made here, and nobody keeps it"),
            Note(runs.function.path, cleanup.at[:2] + cleanup.at[:2], "what is left here is released by the thread"),
        ),
        symbol=stop.symbol,
    )


def _finding(cls: Class, stop: Runs, held: Held, what: str, why: str, notes: list[Note]) -> Finding:
    site, name = held.acquired[0], stop.function.name
    ending = "the whole process" if why.endswith("holds") else f"`{name}`"
    remedy = {
        "timer": f"`{held.name}.cancel()` in `{name}`",
        "pool": f"`{held.name}.shutdown()` in `{name}`",
    }.get(what, f"tell the {what} to end in `{name}`, and `join` it with a time-out before closing what it uses")
    is_here = stop.function.path == cls.path
    return Finding(
        at=stop.function.node.name_at if is_here else cls.node.name_at,
        message=f"`{name}` leaves the {what} `{held.name}` running, and nothing else ends it",
        consequence=f"After the stop the {what} goes on: {why} {ending}.",
        help=remedy,
        notes=(Note(site.function.path, site.at, f"the {what} is started here"), *notes),
        symbol=stop.function.symbol if is_here else cls.symbol,
        culprit=("resource", cls.symbol, held.place[-1]),
    )
