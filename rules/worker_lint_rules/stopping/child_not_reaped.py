"""
A child process is killed and not waited for, left running after a time-out, or taken for ended.

What it catches
    A process that the code starts and kills or terminates, and never waits for; one on which `wait` or `communicate`
    may time out and which nobody kills then; a `waitpid` with `WNOHANG` whose returned pid is dropped; `os.kill` in a
    loop or a stop sequence, where one process that has already gone ends the whole sequence with ProcessLookupError;
    and a stop that makes a call without the clause for a gone process that the class has around this call elsewhere.

Why it hurts in production
    `kill` only asks. Without `wait` the dead child stays a zombie and its pid stays taken, a restart finds the
    old one still holding the port, and in a supervisor that restarts often the process table fills. A child left
    running after a time-out goes on working on a job that was reported as failed.

What to do instead
    `process.kill()`, then `process.wait()`; in the handler of TimeoutExpired too. Compare the pid that
    `waitpid` returns with the one asked for. Put `os.kill` into `try … except ProcessLookupError`.

When to ignore it
    When the parent ends at once, or the child is meant to outlive it.

Limits
    Only processes that the function or class starts itself and does not hand on. Those of multiprocessing
    that a function keeps for itself are let pass: it joins them when the program ends. A process whose
    output is read counts as waited for. Likely only: what a main function, a finalizer or Ctrl-C ends, a process of
    multiprocessing, and a call that another method has a clause around, unless it is made for process after process.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.child_limits import has_limit, is_detached
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import catches
from worker_lint.analysis.known_gone import GONE, Unready, unready_calls
from worker_lint.analysis.nesting import Placed, mentions, own_calls, placed_statements, with_inner
from worker_lint.analysis.one_shot import unless_ending
from worker_lint.analysis.process_ids import depends_on, is_for_windows, is_of_child, is_self
from worker_lint.analysis.resources.held import End, Held
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP118",
    severity="warning",
    stage="certain",
    summary="A child process is killed and not waited for, or left running after a time-out",
    words=("subprocess", "multiprocessing", "billiard", "os.kill", "waitpid", "NoSuchProcess", "ProcessLookupError"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("subprocess.run with a time-out", "detached on purpose"),
    examples=(
        bad(
            "the supervisor terminates its child and goes on",
            """
            import subprocess

            class Supervisor:
                def start(self):
                    self.child = subprocess.Popen(["worker"])

                def stop(self):
                    self.child.terminate()  # bad: self.child
            """,
        ),
        bad(
            "the time-out leaves the child running",
            """
            import subprocess

            def convert(path):
                child = subprocess.Popen(["convert", path])
                try:
                    child.wait(timeout=60)  # bad: child
                except subprocess.TimeoutExpired:
                    return None
            """,
        ),
        bad(
            "the status of a child that runs",
            """
            import os

            def status_of(pid):
                _, status = os.waitpid(pid, os.WNOHANG)  # bad: waitpid
                return status
            """,
        ),
        bad(
            "one worker that is gone keeps the others alive",
            """
            import os
            import signal

            def stop(pids):
                for pid in pids:
                    os.kill(pid, signal.SIGTERM)  # bad: os.kill
            """,
        ),
        bad(
            "processes of multiprocessing",
            """
            import multiprocessing

            class Pool:
                def __init__(self):
                    self.children = []

                def grow(self):
                    child = multiprocessing.Process(target=print)
                    child.start()
                    self.children.append(child)

                def stop(self):
                    for child in self.children:
                        child.terminate()  # bad: self.children
            """,
            is_likely=True,
        ),
        good(
            "killed and waited for",
            """
            import subprocess

            def convert(path):
                child = subprocess.Popen(["convert", path])
                try:
                    child.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            """,
        ),
        bad(
            "the class knows that the process may be gone, but not here",
            """
            class Watcher:
                def signal(self, process, number):
                    try:
                        self.send(process, number)
                    except ProcessLookupError:
                        pass

                def kill_process(self, process):
                    self.send(process, 15)  # bad: self.send
                    process.close_streams()
            """,
            is_likely=True,
        ),
        good(
            "run kills what times out",
            """
            import subprocess

            def convert(path):
                try:
                    subprocess.run(["convert", path], timeout=60)
                except subprocess.TimeoutExpired:
                    print("gave up on", path)
            """,
            silence="subprocess.run with a time-out",
        ),
        good(
            "a session of its own",
            """
            import subprocess

            def launch():
                child = subprocess.Popen(["service"], start_new_session=True)
                try:
                    child.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    print("it runs")
            """,
            silence="detached on purpose",
        ),
        good(
            "the pid tells whether the child has ended, and each kill is guarded",
            """
            import os
            import signal

            def status_of(pid):
                ended, status = os.waitpid(pid, os.WNOHANG)
                return status if ended == pid else None

            def stop(pids):
                for pid in pids:
                    try:
                        os.kill(pid, signal.SIGTERM)
                    except ProcessLookupError:
                        continue
            """,
        ),
        good(
            "multiprocessing joins what is left when the command ends; the other child is handed on",
            """
            import multiprocessing
            import subprocess

            def run(registry):
                server = multiprocessing.Process(target=print)
                server.start()
                child = subprocess.Popen(["service"])
                registry.add(child)
                server.terminate()
                child.terminate()
            """,
        ),
        good(
            "a loop polls until the child is gone",
            """
            import subprocess
            import time

            class Supervisor:
                def start(self):
                    self.child = subprocess.Popen(["worker"])

                def stop(self):
                    self.child.terminate()
                    while self.child.poll() is None:
                        time.sleep(0.1)
            """,
        ),
    ),
)

_KILLS = {"kill", "terminate"}
_REAPS = frozenset({"poll", "is_alive", "returncode", "exitcode", "sentinel", "pid", "_popen", "stdout", "stderr"})
_MODELS = ("subprocess.Popen", "multiprocessing.process.BaseProcess", "billiard.process.BaseProcess")
_SIGNALS = frozenset({"os.kill", "os.killpg"})


@rule.on_class
def check_class(cls: Class, context: Context) -> Iterator[Finding]:
    """Processes kept in fields of a class."""
    text = cls.project.store.text(cls.path)
    if any(text.has_word(f".{word}(", cls.node.at[0], cls.node.at[2]) for word in _KILLS):
        for held in cls.project.resources.held(cls):
            yield from _killed_only(held, _uses_in_class(cls, held))
    if any(text.has_word(word, cls.node.at[0], cls.node.at[2]) for word in GONE):
        for unready in unready_calls(cls):
            yield _not_ready(unready)


def _not_ready(found: Unready) -> Finding:
    name = ir.dotted_name(found.call.func)
    return Finding(
        at=found.call.at,
        message=f"`{name}` raises {found.error} when the process has gone: `{found.method.name}` is not ready",
        consequence="The steps that follow are left out, and so are the processes that come after this one.",
        help=f"`try: … except {found.error}`, as in `{found.elsewhere.name}`",
        notes=(Note(found.method.path, found.handled, "here the same call has a clause for it"),),
        symbol=found.method.symbol,
        confidence="certain" if found.is_of_many else "likely",
    )


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Processes kept in locals, and what is done by pid."""
    if not mentions(function, "kill", "terminate", "wait", "communicate"):
        return
    if mentions(function, "Popen", "Process"):
        for held in function.project.resources.local(function, function.owner):
            names = {
                use.name for use in function.project.places.uses(function, function.owner) if use.place == held.place
            }
            if held.duty.model is not None and held.duty.model.name == "subprocess.Popen":
                yield from _killed_only(held, names)
                yield from _timed_out(held, names)
    if mentions(function, "waitpid", "os.kill"):
        for scope in with_inner(function):
            for placed in placed_statements(scope.body):
                yield from _by_pid(scope, placed)


def _uses_in_class(cls: Class, held: Held) -> set[str]:
    """The names of what is done with the field and its parts, in the class and those that it is related to."""
    hierarchy, project = cls.project.hierarchy, cls.project
    related = [*(base for base in hierarchy.order(cls) if isinstance(base, Class)), *hierarchy.descendants(cls)]
    return {
        name
        for owner in related
        for method in project.values.fields.methods(owner)
        for use in project.places.uses(method, owner)
        if use.place[:2] == held.place
        for name in (use.place[2] if len(use.place) > 2 else use.name,)
    }


def _is_process(held: Held) -> bool:
    return held.duty.role == "process" and held.duty.model is not None and held.duty.model.name in _MODELS


def _killed_only(held: Held, names: set[str]) -> Iterator[Finding]:
    if not _is_process(held) or not held.is_ours or names & _REAPS or is_detached(held):
        return
    kills = [end for end in held.ends if end.kind == "request" and end.name in _KILLS]
    if kills and all(end.kind == "request" for end in held.ends):
        first = min(kills, key=lambda end: not is_stop_name(end.site.method.name))
        yield _finding(
            held,
            first,
            f"`{held.name}` is ended by `{first.name}` and never waited for",
            "It stays a zombie, and the code goes on while it may still be running.",
            f"`{held.name}.{held.duty.wait[0]}()` after `{first.name}`",
        )


def _timed_out(held: Held, names: set[str]) -> Iterator[Finding]:
    """A wait with a limit, where nothing happens to the process when the limit is reached."""
    if not held.is_ours or names & (_REAPS | _KILLS | {"send_signal"}) or is_detached(held):
        return
    waits = [end for end in held.ends if end.kind in {"release", "wait"}]
    limited = [end for end in waits if has_limit(end)]
    if limited and len(limited) == len(held.ends):
        yield _finding(
            held,
            limited[0],
            f"`{held.name}` goes on running when `{limited[0].name}` times out",
            "TimeoutExpired ends only the wait: nobody kills the child, and nobody can, once the variable is gone.",
            f"`{held.name}.kill()` and `{held.name}.wait()` when TimeoutExpired comes",
        )


def _finding(held: Held, end: End, message: str, consequence: str, remedy: str) -> Finding:
    notes = tuple(Note(site.function.path, site.at, "it is started here") for site in held.created[:1])
    scope, at = end.site
    is_joined_at_end = held.duty.model is not None and held.duty.model.name != "subprocess.Popen"
    sure = "likely" if is_joined_at_end else unless_ending(scope, at)
    return Finding(at, message, consequence, remedy, notes, symbol=scope.symbol, confidence=sure)


def _by_pid(scope: Function, placed: Placed) -> Iterator[Finding]:
    statement = placed.statement
    if isinstance(statement, ir.Assign) and isinstance(statement.value, (ir.Call, ir.Subscript)):
        yield from _status_only(scope, statement)
    for call in own_calls(statement):
        if isinstance(call.func, (ir.Attribute, ir.Name)) and dotted_callee(scope, call) in _SIGNALS:
            yield from _unguarded(scope, placed, call)


def _status_only(scope: Function, statement: ir.Assign) -> Iterator[Finding]:
    """The status of a child that has perhaps not ended: `waitpid` returns (0, 0) then."""
    call = statement.value.value if isinstance(statement.value, ir.Subscript) else statement.value
    if not isinstance(call, ir.Call) or dotted_callee(scope, call) != "os.waitpid":
        return
    flags = argument_of(call, "options", 1)
    if flags is None or not (ir.dotted_name(flags) or "").endswith("WNOHANG"):
        return
    if isinstance(statement.value, ir.Subscript):
        dropped = isinstance(statement.value.index, ir.Constant) and statement.value.index.value == 1
    else:
        target = statement.targets[0]
        pid = target.items[0] if isinstance(target, ir.Collection) and len(target.items) == 2 else None
        dropped = isinstance(pid, ir.Name) and not _is_read(scope, pid.id)
    if dropped:
        yield Finding(
            at=call.at,
            message="the pid that `waitpid` returns is dropped, so a live child looks like an ended one",
            consequence="With WNOHANG it returns (0, 0) while the child runs: its status is taken for success.",
            help="`ended, status = os.waitpid(pid, os.WNOHANG)`, and use `status` only when `ended == pid`",
            symbol=scope.symbol,
        )


def _is_read(scope: Function, name: str) -> bool:
    stored = {
        item.at
        for node in find(ir.Assign, scope.body, inner=True)
        for target in node.targets
        for item in (target.items if isinstance(target, ir.Collection) else (target,))
    }
    return any(node.id == name and node.at not in stored for node in find(ir.Name, scope.body, inner=True))


def _unguarded(scope: Function, placed: Placed, call: ir.Call) -> Iterator[Finding]:
    """A signal to a process that may be gone, where the error keeps other processes from being told."""
    if len(call.args) != 2 or is_self(call.args[0]) or getattr(call.args[1], "value", None) == 0:
        return
    if catches(scope, placed, ("ProcessLookupError", "OSError", "error", "EnvironmentError", "IOError")):
        return
    loop = next((outer for outer in reversed(placed.around) if isinstance(outer, ir.For)), None)
    if loop is None or not depends_on(call.args[0], loop.target) or is_for_windows(scope):
        return
    yield Finding(
        at=call.at,
        message=f"`{ir.dotted_name(call.func)}` raises ProcessLookupError when the process has already gone",
        consequence="It ends the loop: the processes that come after it get no signal.",
        help="`try: … except ProcessLookupError: continue`, for each of them",
        notes=(Note(scope.path, loop.at[:2] + loop.target.at[2:], "the loop that it ends"),),
        symbol=scope.symbol,
        confidence="likely" if is_of_child(scope, call.args[0]) else "certain",
    )
