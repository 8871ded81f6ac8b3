"""
An except clause, or a retry setting, names something that is no exception class.

What it catches
    In an `except` clause: a tuple inside a tuple, a list or set, text, a created exception
    (`ValueError()`), `A or B` (which is just `A`), or a class that does not derive from
    BaseException. The same in the settings of retry decorators and calls that hand their value
    to an `except` clause: Celery's `autoretry_for`, `dont_autoretry_for` and `throws`.

Why it hurts in production
    Python looks at the clause only when an exception comes. At that moment a TypeError ("catching
    classes that do not inherit from BaseException is not allowed") takes the place of the error
    that was meant to be handled: the very failure that the worker was prepared for ends it.

What to do instead
    Name one class, or one flat tuple of classes; join tuples with `(*FIRST, *SECOND)`.

When to ignore it
    Never.

Limits
    Names that cannot be followed are taken to be right. Tuples are followed through names that
    are bound once.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, External, ModuleScope, Scope, Value
from worker_lint.analysis.tiers.sites import scopes_with
from worker_lint.analysis.uses import calls_in
from worker_lint.rule import Context, Finding, Rule, bad, good
from worker_lint.source import ir

_SETTINGS = ("autoretry_for", "dont_autoretry_for", "throws")

rule = Rule(
    code="ERR123",
    severity="error",
    stage="preview",
    summary="An except clause names something that is no exception class",
    words=("except", "autoretry_for"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("flat tuple", "joined tuples", "unknown name", "the picked class takes the others", "nothing can fail"),
    examples=(
        good(
            "the class that `or` picks is the base of the other",
            """
            def convert(converter, value):
                try:
                    return converter.convert(value)
                except (Exception or AttributeError):
                    return None
            """,
            silence="the picked class takes the others",
        ),
        good(
            "names are deleted",
            """
            class Exception:
                name = "an event"

            def forget(info):
                trace = info[2]
                try:
                    del info
                    del trace
                except Exception:
                    print("cannot happen")
            """,
            silence="nothing can fail",
        ),
        bad(
            "the first class takes less than the second",
            """
            def convert(converter, value):
                try:
                    return converter.convert(value)
                except (AttributeError or Exception):  # bad: `or` picks
                    return None
            """,
        ),
        bad(
            "tuples in a tuple",
            """
            import logging

            NETWORK = (ConnectionError, TimeoutError)

            def consume(channel, handle):
                for message in channel:
                    try:
                        handle(message)
                    except (NETWORK, ValueError):  # bad: NETWORK
                        logging.exception("message lost")
            """,
        ),
        bad(
            "a list, an object and an or",
            """
            def poll(client):
                try:
                    return client.poll()
                except [KeyError, ValueError]:  # bad: list
                    return None
                except TimeoutError():  # bad: TimeoutError
                    return None
                except OSError or EOFError:  # bad: or
                    return None
            """,
        ),
        bad(
            "a class that is no exception",
            """
            class PoisonMessage:
                def __init__(self, body):
                    self.body = body

            def handle(message, process):
                try:
                    process(message)
                except PoisonMessage:  # bad: PoisonMessage
                    message.reject()
            """,
        ),
        bad(
            "a setting of a task",
            """
            from celery import shared_task

            TRANSIENT = (ConnectionError, TimeoutError)

            @shared_task(autoretry_for=(TRANSIENT, KeyError), max_retries=5)  # bad: TRANSIENT
            def send(address):
                deliver(address)
            """,
        ),
        good(
            "one flat tuple",
            """
            NETWORK = (ConnectionError, TimeoutError)

            def poll(client):
                try:
                    return client.poll()
                except NETWORK:
                    return None
            """,
            silence="flat tuple",
        ),
        good(
            "tuples that are joined",
            """
            NETWORK = (ConnectionError, TimeoutError)

            def poll(client):
                try:
                    return client.poll()
                except (*NETWORK, ValueError):
                    return None
                except NETWORK + (KeyError,):
                    return None
            """,
            silence="joined tuples",
        ),
        good(
            "the library says which classes they are",
            """
            from broker_client import Error

            def poll(connection):
                try:
                    return connection.poll()
                except connection.errors:
                    return None
                except (Error, connection.Closed):
                    return None
            """,
            silence="unknown name",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every except clause of the file, and every call with such a setting."""
    for site in context.project.tiers.sites(module.path):
        for handler in site.node.handlers:
            if handler.exception is not None and not all(map(_cannot_fail, site.node.body)):
                yield from _wrong(site.scope, handler.exception, "`except`", nested=False)
    for setting in _SETTINGS:
        for scope in scopes_with(context.project, module.path, setting):
            yield from _in_calls(scope, setting)


def _cannot_fail(statement: ir.Stmt) -> bool:
    """Whether a statement only deletes names or passes: its clause is never asked."""
    if isinstance(statement, ir.Delete):
        return all(isinstance(target, ir.Name) for target in statement.targets)
    return isinstance(statement, ir.Simple)


def _in_calls(scope: Scope, setting: str) -> Iterator[Finding]:
    for call in calls_in(scope):
        for keyword in call.node.keywords:
            if keyword.name == setting and isinstance(keyword.value, ir.Collection):
                for item in keyword.value.items:
                    yield from _wrong(scope, item, f"`{setting}`", nested=True)


def _wrong(scope: Scope, expression: ir.Expr, where: str, *, nested: bool) -> Iterator[Finding]:
    """The parts of a clause that are no class; `nested`: a tuple is one too many here."""
    if isinstance(expression, ir.Collection) and expression.kind == "tuple" and not nested:
        for item in expression.items:
            yield from _wrong(scope, item, where, nested=True)
        return
    reason = _reason(scope, expression, nested=nested)
    if reason:
        yield Finding(
            at=expression.at,
            message=f"{where} names {reason}",
            consequence="When an exception comes, Python raises TypeError in its place, and the clause does not run."
            if not reason.startswith("only")
            else "Exceptions of the other classes pass this clause as if it were not there.",
            help="name one exception class, or one flat tuple of them",
            symbol=scope.symbol,
        )


def _reason(scope: Scope, expression: ir.Expr, *, nested: bool) -> str:
    """Why an expression is no exception class; "" when it may be one."""
    match expression:
        case ir.Collection():
            return f"a {expression.kind} inside a tuple" if nested else f"a {expression.kind}"
        case ir.Mapping() | ir.Comprehension() | ir.Formatted():
            return "no exception class"
        case ir.Constant():
            return "a constant" if expression.kind != "none" else "None"
        case ir.BoolOp(op=op):
            return _joined_by(scope, expression, op)
        case ir.Call():
            return _created(scope, expression)
        case ir.Name() | ir.Attribute():
            return _named(scope, expression, nested=nested)
        case _:
            return ""


def _joined_by(scope: Scope, expression: ir.BoolOp, op: str) -> str:
    """`A or B` of classes is `A`, `A and B` is `B`."""
    tiers = scope.project.tiers
    named = [tiers.named(scope, value) for value in expression.values]
    if any(None in names for names in named):
        return ""
    picked = [name for name in named[0 if op == "or" else -1] if name is not None]
    others = {name for names in named for name in names if name is not None}
    if all(any(tiers.is_class(name, one) for one in picked) for name in others):
        return ""  # the one that is picked takes the others, too
    return f"only one class: `{op}` picks one of its operands"


def _created(scope: Scope, call: ir.Call) -> str:
    if not isinstance(call.func, (ir.Name, ir.Attribute)) or None in scope.project.tiers.named(scope, call.func):
        return ""
    targets = scope.project.names.expr(scope, call.func)
    if not isinstance(targets[0], (Class, External)):
        return ""
    return f"an object: `{ir.dotted_name(call.func)}` must not be called here"


def _named(scope: Scope, expression: ir.Name | ir.Attribute, *, nested: bool) -> str:
    targets = scope.project.names.expr(scope, expression)
    if len(targets) != 1:
        return ""
    name = ir.dotted_name(expression)
    match targets[0]:
        case Value(expr=ir.Collection(kind=kind)) if nested or kind != "tuple":
            return f"`{name}`, which is a {kind}" + (" inside a tuple" if nested else "")
        case Value(expr=ir.Constant(kind=kind)) if kind != "none":
            return f"`{name}`, which is a constant"
        case Class() as cls if _is_no_exception(cls):
            return f"`{name}`, which is no exception class"
        case _:
            return ""


def _is_no_exception(cls: Class) -> bool:
    """Whether all bases are known and none is an exception."""
    tiers = cls.project.tiers
    if tiers.name_of(cls) is not None or cls.node.decorators or cls.node.keywords:
        return False
    return not any(_is_open(base) for base in cls.project.hierarchy.order(cls))


def _is_open(base: object) -> bool:
    return not isinstance(base, Class) and getattr(base, "name", "") not in (
        "builtins.object",
        "typing.Generic",
        "abc.ABC",
    )
