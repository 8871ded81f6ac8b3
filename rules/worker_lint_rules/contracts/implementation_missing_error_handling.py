"""
An implementation of an abstract member handles no errors, and nobody does so for it.

What it catches
    A method that implements an abstract member, calls other code, and neither handles nor raises
    an exception; unless a base calls it inside a `try` statement.

Why it hurts in production
    Whoever calls the member through its base knows nothing of the libraries behind it. An error
    of a mail server or a database then travels through code that expects none, and ends the
    worker.

What to do instead
    Handle the errors that are expected here, or turn them into an exception that the base
    declares; or let the base call the member inside a `try`.

When to ignore it
    Where errors are meant to reach the caller; the rule is off unless it is selected.

Limits
    Calls of built-in functions and of logging do not count. Decorators are taken to handle errors.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, External, Function, walk_statements
from worker_lint.analysis.implementing import Implementation, implementations, is_called_guarded
from worker_lint.analysis.listing import list_names
from worker_lint.analysis.uses import calls_in
from worker_lint.rule import Context, Finding, Note, Rule, bad, good, overrides
from worker_lint.source import ir

_GUARDS = frozenset({"suppress", "ExitStack", "AsyncExitStack"})
_LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})

rule = Rule(
    code="ABS203",
    severity="note",
    stage="opt-in",
    summary="An implementation of an abstract member handles no errors",
    words=("abstractmethod", "abstractproperty", "abstractclassmethod", "abstractstaticmethod"),
    product_only=True,
    examples=(
        bad(
            "a call that may fail",
            """
            from abc import ABC, abstractmethod
            import smtplib

            class Worker(ABC):
                @abstractmethod
                def handle(self, message): ...

            class MailWorker(Worker):
                def handle(self, message):  # bad: handle
                    smtplib.SMTP("mail").send_message(message)
            """,
        ),
        bad(
            "the base guards another member",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                def run(self):
                    try:
                        self.handle()
                    except OSError:
                        self.stop()

                @abstractmethod
                def handle(self): ...

                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def handle(self):
                    self.mail.send()

                def stop(self):  # bad: stop
                    self.mail.close()
            """,
        ),
        good(
            "errors are handled",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                @abstractmethod
                def stop(self): ...

            class MailWorker(Worker):
                def stop(self):
                    try:
                        self.mail.close()
                    except OSError:
                        print("already closed")
            """,
        ),
        good(
            "the base handles them",
            """
            from abc import ABC, abstractmethod

            class Worker(ABC):
                def run(self):
                    try:
                        self.handle()
                    except OSError:
                        print("later")

                @abstractmethod
                def handle(self): ...

            class MailWorker(Worker):
                def handle(self):
                    self.mail.send()
            """,
        ),
        good(
            "nothing that may fail, or a decorator that cares",
            """
            from abc import ABC, abstractmethod
            from retrying import retry

            class Worker(ABC):
                @abstractmethod
                def size(self): ...

                @abstractmethod
                def handle(self): ...

            class MailWorker(Worker):
                def size(self):
                    return len(self.items)

                @retry
                def handle(self):
                    self.mail.send()
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """One diagnostic for all implementations of the class."""
    bare = [item for item in implementations(cls) if _is_bare(cls, item)]
    if not bare:
        return
    names = list_names(item.member.name for item in bare)
    first = bare[0].member.name
    yield Finding(
        at=bare[0].member.at,
        message=f"`{cls.name}` implements {names} without error handling",
        consequence="An error reaches a caller that knows only the base, and may end the worker.",
        help=f"handle the expected errors in `{first}`, or where a base calls it",
        notes=tuple(Note(context.path, item.member.at, f"nor does `{item.member.name}`") for item in bare[1:4]),
        culprit=("errors", cls.symbol),
        facts=tuple(fact for item in bare for fact in overrides(cls, item.declared)),
    )


def _is_bare(cls: Class, item: Implementation) -> bool:
    """Whether the method makes calls that may fail and leaves the errors to nobody in particular."""
    if item.node.shape != "other" or item.member.opaque or item.member.kind not in {"method", "classmethod"}:
        return False
    function = cls.project.function_of(cls, item.node)
    if any(_handles(statement) for statement in walk_statements(function.body)):
        return False
    calls = any(_may_fail(function, call.node) for call in calls_in(function))
    return calls and not is_called_guarded(cls, item.member.name)


def _handles(statement: ir.Stmt) -> bool:
    if isinstance(statement, (ir.Try, ir.Raise)):
        return True
    if isinstance(statement, ir.With):
        contexts = [item.context.func for item in statement.items if isinstance(item.context, ir.Call)]
        return any((ir.dotted_name(context) or "").rpartition(".")[2] in _GUARDS for context in contexts)
    return False


def _may_fail(function: Function, call: ir.Call) -> bool:
    """Whether a call is neither of a built-in function nor of a logger."""
    owner, _, last = (ir.dotted_name(call.func) or "").rpartition(".")
    if last in _LOGGING and "log" in owner.lower():
        return False
    targets = function.project.names.expr(function, call.func)
    return not all(isinstance(target, External) and target.dotted.startswith("builtins.") for target in targets)
