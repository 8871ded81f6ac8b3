"""
A signal handler is installed for a while, and stays for ever.

What it catches
    The old handler is put back only on the way without errors: `old = signal.signal(…)`, work that may raise,
    `signal.signal(…, old)` outside any `finally`. And the old handler is kept in a field that no code ever reads.

Why it hurts in production
    The handler belongs to something that is gone. The next SIGTERM reaches its dead code instead of the one that stops
    the process: nothing happens, and the supervisor kills the worker in the middle of a message. An alarm
    handler that stayed raises its time-out in code that never asked for one. Children inherit it, too.

What to do instead
    Put it back in a `finally`, or in the stop method: `signal.signal(signal.SIGTERM, self._old_handler)`.

When to ignore it
    When the process ends right after.

Limits
    Only where the old handler is kept: what a program installs once for its whole life is no matter.
    Where a signal is only ignored for a while, the finding is likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function, Scope
from worker_lint.analysis.callee import dotted_callee
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import in_finally, in_handler, within
from worker_lint.analysis.nesting import Placed, mentions, own_calls, own_expressions, placed_statements, with_inner
from worker_lint.analysis.visit import last_name
from worker_lint.analysis.workers.entry import argument_of
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP131",
    stage="certain",
    severity="warning",
    summary="A signal handler is installed for a while, and stays for ever",
    words=("signal.signal", "import signal", "from signal"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("process-wide entry point",),
    examples=(
        bad(
            "a time limit that an error leaves armed",
            """
            import signal

            def limited(work, expire):
                old = signal.signal(signal.SIGALRM, expire)  # bad: old
                signal.alarm(30)
                result = work()
                signal.alarm(0)
                signal.signal(signal.SIGALRM, old)
                return result
            """,
        ),
        bad(
            "kept in a field, but never put back",
            """
            import signal

            class Worker:
                def start(self):
                    self._old = signal.signal(signal.SIGTERM, self.on_signal)  # bad: self._old

                def on_signal(self, number, frame):
                    self.stopping = True

                def stop(self):
                    self.stopping = True
            """,
        ),
        good(
            "put back whatever happens",
            """
            import signal

            def limited(work, expire):
                old = signal.signal(signal.SIGALRM, expire)
                try:
                    return work()
                finally:
                    signal.signal(signal.SIGALRM, old)
            """,
        ),
        good(
            "the stop method puts it back",
            """
            import signal

            class Worker:
                def start(self):
                    self._old = signal.signal(signal.SIGTERM, self.on_signal)

                def on_signal(self, number, frame):
                    self.stopping = True

                def stop(self):
                    signal.signal(signal.SIGTERM, self._old)
            """,
        ),
        good(
            "the program's own handler, for its whole life",
            """
            import signal

            def main(worker):
                signal.signal(signal.SIGTERM, worker.on_signal)
                worker.run()
            """,
            silence="process-wide entry point",
        ),
        good(
            "nothing in between can fail",
            """
            import signal

            def quietly(process):
                old = signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGINT, old)
            """,
        ),
    ),
)

_HARMLESS = frozenset({"signal", "alarm", "setitimer", "getsignal", "siginterrupt", "len", "print", "debug", "info"})


@rule.on_function
def check(function: Function, context: Context) -> Iterator[Finding]:
    """Old handlers that a function keeps in a local name."""
    if not mentions(function, "signal("):
        return
    for scope in with_inner(function):
        statements = list(placed_statements(scope.body))
        for placed in statements:
            statement = placed.statement
            if isinstance(statement, ir.Assign) and isinstance(statement.value, ir.Call):
                target = statement.targets[0]
                if isinstance(target, ir.Name) and _is_signal(scope, statement.value):
                    restored = _restored(scope, statements, target.id)
                    if restored is not None and _fails_between(statements, placed, restored):
                        yield _on_error(scope, statement, target.id, restored)


def _is_signal(scope: Scope, call: ir.Call) -> bool:
    return (ir.dotted_name(call.func) or "").endswith("signal") and dotted_callee(scope, call) == "signal.signal"


def _is_disposition(value: ir.Expr | None) -> bool:
    """Whether a signal is ignored, or left to the system, for a while: no code is called that may have ended."""
    handler = argument_of(value, "handler", 1) if isinstance(value, ir.Call) else None
    return handler is not None and last_name(handler) in ("SIG_IGN", "SIG_DFL")


def _restored(scope: Function, statements: list[Placed], name: str) -> Placed | None:
    """Where the old handler is put back, when every place of that is only reached without an error."""
    found: list[Placed] = []
    for placed in statements:
        for call in own_calls(placed.statement):
            handler = argument_of(call, "handler", 1)
            if isinstance(handler, ir.Name) and handler.id == name and _is_signal(scope, call):
                found.append(placed)
    used = [node for node in find(ir.Name, scope.body, inner=True) if node.id == name]
    if not found or len(used) != len(found) + 1:
        return None  # never put back here, or kept elsewhere as well
    if any(in_finally(placed) is not None or in_handler(placed) is not None for placed in found):
        return None
    return found[-1]


def _fails_between(statements: list[Placed], installed: Placed, restored: Placed) -> bool:
    """Whether something between the two may raise, outside every `try` that takes all errors."""
    for placed in statements:
        if not installed.statement.at[2:] <= placed.statement.at[:2] < restored.statement.at[:2]:
            continue
        tries = (outer for outer in placed.around if isinstance(outer, ir.Try) and outer.handlers)
        if any(within(outer.body, placed.statement) for outer in tries):
            continue
        for node in own_expressions(placed.statement):
            if isinstance(node, ir.Yield):
                return True
            if isinstance(node, ir.Call):
                name = node.func.name if isinstance(node.func, ir.Attribute) else ir.dotted_name(node.func)
                if name not in _HARMLESS:
                    return True
    return False


def _on_error(scope: Function, installed: ir.Assign, name: str, restored: Placed) -> Finding:
    is_plain = _is_disposition(installed.value)
    return Finding(
        at=installed.at,
        message=f"the handler in `{name}` is put back only when nothing raises",
        consequence="After an error the signal stays ignored, or as it is by default."
        if is_plain
        else "After an error the signal goes on to code that has long ended.",
        help=f"put `{name}` back in a `finally`",
        notes=(Note(scope.path, restored.statement.at, "an error before this line leaves it out"),),
        symbol=scope.symbol,
        confidence="likely" if is_plain else "certain",
    )


@rule.on_class
def check_class(cls: Class, context: Context) -> Iterator[Finding]:
    """Old handlers that a class keeps in fields."""
    text = cls.project.store.text(cls.path)
    if not text.has_word("signal(", cls.node.at[0], cls.node.at[2]):
        return
    for name, sources in cls.project.values.fields.own(cls).items():
        for one in sources:
            made = one.source.expr
            if isinstance(made, ir.Call) and isinstance(one.scope, Function) and _is_signal(one.scope, made):
                if not _is_read(cls, name):
                    yield _never(one.scope, made, name)


def _is_read(cls: Class, name: str) -> bool:
    """Whether any method of the class or of one below it reads the field."""
    classes = (cls, *cls.project.hierarchy.descendants(cls))
    for one in classes:
        for method in cls.project.values.fields.methods(one):
            stored = {
                target.at
                for node in find(ir.Assign, method.body, inner=True)
                for target in node.targets
                if isinstance(target, ir.Attribute)
            }
            for node in find(ir.Attribute, method.body, inner=True):
                if node.name == name and node.at not in stored:
                    return True
    return False


def _never(scope: Function, call: ir.Call, name: str) -> Finding:
    return Finding(
        at=call.at,
        message=f"the old handler is kept in `self.{name}`, and nothing puts it back",
        consequence="After the stop the signal still goes to this object, and not to who had it before.",
        help=f"`signal.signal(…, self.{name})` in the stop method",
        symbol=scope.symbol,
    )
