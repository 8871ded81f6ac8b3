"""
The constant NotImplemented is raised, which is no exception.

What it catches
    `raise NotImplemented` and `raise NotImplemented("…")`.

Why it hurts in production
    NotImplemented is a value for binary operators. Raising it gives a TypeError that speaks of
    exceptions in general, so neither the log nor a handler for NotImplementedError learns that
    an operation is missing. A worker that treats the missing operation as optional dies instead.

What to do instead
    Raise NotImplementedError; `worker-lint fix` does so. In a binary operator such as `__lt__` or
    `__add__`, return NotImplemented, so that Python asks the other operand; `fix --unsafe` does so.

When to ignore it
    Never.

Limits
    Only the name itself is looked at; a variable that holds the constant is not followed.
"""

from collections.abc import Iterator

from worker_lint.analysis import External, ModuleScope, Scope, walk_statements
from worker_lint.rule import Context, Finding, Fix, Means, Replace, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.raised import RAISES_CONSTANT

rule = Rule(
    code="ABS111",
    severity="error",
    summary="The constant NotImplemented is raised, which is no exception",
    words=(RAISES_CONSTANT,),
    resumable="records",
    closure="file",
    silences=("rebound name",),
    examples=(
        bad(
            "an operator: Python would ask the other operand",
            """
            class Priority:
                def __lt__(self, other):
                    raise NotImplemented  # bad: NotImplemented
            """,
            repaired="""
            class Priority:
                def __lt__(self, other):
                    return NotImplemented  # bad: NotImplemented
            """,
        ),
        bad(
            "a hook for subclasses",
            """
            class Worker:
                def stop(self):
                    raise NotImplemented  # bad: NotImplemented
            """,
            repaired="""
            class Worker:
                def stop(self):
                    raise NotImplementedError  # bad: NotImplemented
            """,
        ),
        bad(
            "called with a text, deep in a method",
            """
            class Detail:
                def merge(self, other):
                    if not isinstance(other, Detail):
                        raise NotImplemented("can only merge with other details")  # bad
                    return self

            def make():
                def run():
                    raise NotImplemented()  # bad
                return run
            """,
            repaired="""
            class Detail:
                def merge(self, other):
                    if not isinstance(other, Detail):
                        raise NotImplementedError("can only merge with other details")  # bad
                    return self

            def make():
                def run():
                    raise NotImplementedError()  # bad
                return run
            """,
        ),
        good(
            "the exception, and the constant where it belongs",
            """
            class Priority:
                def __lt__(self, other):
                    if not isinstance(other, Priority):
                        return NotImplemented
                    raise NotImplementedError
            """,
        ),
        good(
            "another thing of that name",
            """
            class NotImplemented(Exception):
                pass

            def stop():
                raise NotImplemented("later")
            """,
            silence="rebound name",
        ),
        good(
            "imported under that name",
            """
            from errors import Missing as NotImplemented

            def stop():
                raise NotImplemented
            """,
            silence="rebound name",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every raise statement of the module, whatever it stands in."""
    for scope in context.project.uses.scopes_with(module.path, "NotImplemented"):
        for node in walk_statements(scope.statements):
            if isinstance(node, ir.Raise):
                yield from _judge(scope, node)


def _judge(scope: Scope, node: ir.Raise) -> Iterator[Finding]:
    raised = node.exception
    called = isinstance(raised, ir.Call)
    name = raised.func if isinstance(raised, ir.Call) else raised
    if not isinstance(name, ir.Name) or not _is_builtin(scope, name, "NotImplemented"):
        return
    error = ir.Name(name.at, "NotImplementedError")
    repair: Fix | None = Fix("raise NotImplementedError", (Replace(name.at, "NotImplementedError"),), "safe")
    remedy = "raise `NotImplementedError`"
    if scope.qualname.rpartition(".")[2] in _OPERATORS:
        repair = Fix("return NotImplemented", (Replace(node.at, "return NotImplemented"),), "unsafe")
        remedy = "`return NotImplemented`, so that Python asks the other operand"
    elif not _is_builtin(scope, error, "NotImplementedError"):
        repair = None
    yield Finding(
        at=name.at,
        message="`NotImplemented` is raised, but it is no exception",
        consequence=f"Python raises TypeError here: {_REASONS[called]}.",
        help=remedy,
        symbol=scope.symbol,
        facts=(Means(scope.path, name.at, "builtins.NotImplemented"),),
        fix=repair,
    )


_OPERATORS = frozenset(
    f"__{side}{name}__"
    for side in ("", "r", "i")
    for name in ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow",
                 "lshift", "rshift", "and", "xor", "or", "lt", "le", "eq", "ne", "gt", "ge")
)  # fmt: skip
"""Methods whose NotImplemented Python understands."""
_REASONS = {True: "the constant cannot be called", False: "what is raised must derive from BaseException"}


def _is_builtin(scope: Scope, expr: ir.Name, name: str) -> bool:
    return scope.project.names.expr(scope, expr) == (External(f"builtins.{name}"),)
