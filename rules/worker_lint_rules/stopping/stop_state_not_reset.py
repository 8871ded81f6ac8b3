"""
A worker that can be started again keeps the stop flag of its last life.

What it catches
    `start` makes a new thread each time and is prepared to be called again, while the flag or event that `stop`
    sets, and that the thread's loop reads, is set back by no method.

Why it hurts in production
    After a reload or a failover the worker is started again, says so in its log, and its loop ends at once: nothing
    is consumed, and nothing reports an error.

What to do instead
    `self._stopping.clear()`, or a new event, at the beginning of `start`, before the thread exists.

When to ignore it
    When a second start is forbidden; then let `start` refuse it.

Limits
    Only where `start` looks at the old thread, or `stop` forgets it: signs that another start is expected. An object
    that also starts a thread made in its constructor cannot be started twice. Likely only: where the stop is
    `close` or the like, which may be the end of the object, where the class says that it starts once, and where all
    who make an object start it at once and drop it later, so that the next start has a new one.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.calls import Runs
from worker_lint.analysis.children import Child, children_of, service_loops
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import own_expressions
from worker_lint.analysis.restarting import is_last, is_made_anew, starts_once
from worker_lint.analysis.stopping import ends_object
from worker_lint.analysis.touching import Act, acts_of, done_by, family, field_name, methods_named, whole_stops
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.named import NAMES_CHILD

rule = Rule(
    code="STP130",
    severity="note",
    stage="certain",
    closure="file",
    resumable="trail",
    summary="A worker that can be started again keeps the stop flag of its last life",
    words=(NAMES_CHILD,),
    product_only=True,
    silences=("never restarted",),
    examples=(
        bad(
            "start makes a new thread, and the flag stays",
            """
            import threading

            class Scheduler:
                stopped = False
                thread = None

                def start(self):
                    if self.thread and self.thread.is_alive():
                        raise RuntimeError("already running")
                    self.thread = threading.Thread(target=self.run)  # bad: self.stopped
                    self.thread.start()

                def run(self):
                    while not self.stopped:
                        print("tick")

                def shutdown(self):
                    self.stopped = True
                    self.thread.join()
            """,
        ),
        bad(
            "stop forgets the thread and leaves the event set",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = None

                def start(self):
                    self._thread = threading.Thread(target=self._run)  # bad: self._stopping
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
                    self._thread = None
            """,
        ),
        good(
            "start clears it",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = None

                def start(self):
                    self._stopping.clear()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
                    self._thread = None
            """,
        ),
        good(
            "the thread begins with the object",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
            """,
            silence="never restarted",
        ),
        good(
            "another thread of it is made once, so that a second start raises",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = None
                    self._sender = threading.Thread(target=self._send)

                def start(self):
                    self._sender.start()
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def _send(self):
                    self._stopping.wait()

                def stop(self):
                    self._stopping.set()
                    self._sender.join()
                    self._thread.join()
                    self._thread = None
            """,
            silence="never restarted",
        ),
        bad(
            "after `close` nobody may want to start it again",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = None

                def start(self):
                    self._thread = threading.Thread(target=self._run)  # bad: self._stopping
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def close(self):
                    self._stopping.set()
                    self._thread.join()
                    self._thread = None
            """,
            is_likely=True,
        ),
        good(
            "start refuses when it was stopped",
            """
            import threading

            class Poller:
                def __init__(self):
                    self._stopping = threading.Event()
                    self._thread = None

                def start(self):
                    if self._stopping.is_set():
                        raise RuntimeError("stopped for good")
                    self._thread = threading.Thread(target=self._run)
                    self._thread.start()

                def _run(self):
                    while not self._stopping.wait(1):
                        print("tick")

                def stop(self):
                    self._stopping.set()
                    self._thread.join()
                    self._thread = None
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The threads that methods other than the constructor start."""
    stops = sorted(whole_stops(cls), key=lambda one: is_last(cls, one.function))
    children = tuple(children_of(cls)) if stops else ()
    for child in children:
        if child.kind == "timer" or child.runs is None or child.runs.me is not cls or child.held.is_collection:
            continue
        starts = {site.method.name: site for site in child.held.created}
        if len(starts) != 1 or "__init__" in starts or child.held.reachable_outside:
            continue
        start = next(iter(starts.values())).method
        if start.path != context.path or ends_object(start.name) or starts_once(cls, start, children):
            continue
        for stop in stops:
            if not _is_restarted(child, start, stop):
                continue
            flag = next((act for act in done_by(stop) if _is_kept(cls, child.runs, act, start)), None)
            if flag is not None:
                is_certain = not is_last(cls, stop.function) and not is_made_anew(cls, start)
                yield _finding(child, start, stop, flag, is_certain=is_certain)
                return


def _is_restarted(child: Child, start: Function, stop: Runs) -> bool:
    """Whether `start` looks at the old thread, or the stop forgets it."""
    name = child.held.place[1]
    for node in find(ir.If, start.body):
        asked = [field_name(start, expr) for expr in own_expressions(ir.Expression(node.test.at, node.test))]
        text = start.project.store.text(start.path).segment(node.test.at)
        if name in asked and ("is_alive" in text or "isAlive" in text):
            return True
    forgets = (act for act in done_by(stop) if act.name == name and act.kind == "assigned")
    return any(isinstance(act.value, ir.Constant) and act.value.kind == "none" for act in forgets)


def _is_kept(cls: Class, runs: Runs, act: Act, start: Function) -> bool:
    """Whether this sets what the thread's loop asks at each turn, and nothing ever sets it back."""
    value = act.value
    is_flag = act.kind == "assigned" and isinstance(value, ir.Constant) and value.kind == "bool"
    if not is_flag and act.called != "set":
        return False
    if not any(act.name in _asked(function, loop) for function, loop in service_loops(runs)):
        return False
    if _ends_process(runs) or _looks_at(cls, start, runs, act.name) or _is_set_back(cls, act):
        return False
    pattern = rf"\.{re.escape(act.name)}\s*=[^=]|\.{re.escape(act.name)}\.clear\(|['\"]{re.escape(act.name)}['\"]"
    return not cls.project.uses.is_written(cls, (act.name,), pattern, own=False)


def _ends_process(runs: Runs) -> bool:
    """Whether the code of the thread ends with the process: there is no next start."""
    calls = (ir.dotted_name(call.func) or "" for call in find(ir.Call, runs.function.body))
    return any("exit" in name or "kill" in name for name in calls)


def _looks_at(cls: Class, start: Function, runs: Runs, name: str) -> bool:
    """Whether the start, without the code of the thread, has anything to do with the flag."""
    reached = cls.project.resources.reached
    before = reached(cls, start.name) - reached(cls, runs.function.name)
    return any(act.name == name for method in methods_named(cls, before) for act in acts_of(method, cls))


def _asked(function: Function, loop: ir.While | ir.For) -> set[str]:
    if not isinstance(loop, ir.While):
        return set()
    return {field_name(function, expr) for expr in own_expressions(ir.Expression(loop.test.at, loop.test))}


def _is_set_back(cls: Class, flag: Act) -> bool:
    """Whether a method other than the constructor puts another value there."""
    for owner in family(cls):
        for method in cls.project.values.fields.methods(owner):
            for act in acts_of(method, cls) if method.name != "__init__" else ():
                if act.name != flag.name:
                    continue
                if act.kind == "assigned" and not _is_same(act.value, flag.value):
                    return True
                if act.called == "clear":
                    return True
    return False


def _is_same(left: ir.Expr | None, right: ir.Expr | None) -> bool:
    return isinstance(left, ir.Constant) and isinstance(right, ir.Constant) and left.value == right.value


def _finding(child: Child, start: Function, stop: Runs, flag: Act, *, is_certain: bool) -> Finding:
    site = next(iter(child.held.created))
    function, loop = next(iter(service_loops(child.runs))) if child.runs is not None else (start, start.body[0])
    back = f"self.{flag.name}.clear()" if flag.called == "set" else f"self.{flag.name} = {_opposite(flag)}"
    return Finding(
        at=site.at,
        message=f"`{start.name}` starts a new {child.kind}, and `self.{flag.name}` is still set from the last stop",
        consequence="After a stop and a new start the loop ends at once: the worker looks started and does nothing.",
        help=f"`{back}` before it, or refuse a second `{start.name}`",
        notes=(
            Note(flag.function.path, flag.at, f"`{stop.function.name}` sets it, and nothing sets it back"),
            Note(function.path, loop.at[:2] + loop.at[:2], "the loop reads it here"),
        ),
        symbol=start.symbol,
        confidence="certain" if is_certain else "likely",
    )


def _opposite(flag: Act) -> bool:
    return not (isinstance(flag.value, ir.Constant) and flag.value.value)
