"""
A blocking command is told to wait longer than its client waits for any answer.

What it catches
    A blocking command of Redis (`blpop`, `brpop`, `blmove`, `xread`, `xreadgroup` …) whose wait is as long as the
    `socket_timeout` of the client that it is called on, or longer. From redis-py 8 on that is five seconds unless
    told otherwise; the rule counts on that only where the project pins such a version.

Why it hurts in production
    On an idle queue the client gives up first: it closes the connection and raises TimeoutError, or silently sends
    the command again on a new one. The server still has the old command, and an item that it pops for it goes to
    nobody: it is lost. Nothing of this shows while the queue is busy.

What to do instead
    Wait for less than the socket's timeout, in a loop; or give this client a timeout of its own, longer than the
    wait (`socket_timeout=None` for none at all).

When to ignore it
    Never; without a loss it is still an error on each idle turn.

Limits
    Literal numbers only, and clients that are made in the same function, module or class. For several assignments
    of the client nothing is said.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.deliveries import argument_for, functions_with
from worker_lint.analysis.flow import find
from worker_lint.analysis.values import made_by
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_BLOCKING = (
    "blpop",
    "brpop",
    "brpoplpush",
    "blmove",
    "blmpop",
    "bzpopmin",
    "bzpopmax",
    "bzmpop",
    "xread",
    "xreadgroup",
)

rule = Rule(
    code="MSG109",
    severity="error",
    stage="preview",
    summary="A blocking command is told to wait longer than its client waits for any answer",
    words=_BLOCKING,
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("version not certain", "timeout set", "the wait is shorter"),
    examples=(
        bad(
            "for ever, with a client that gives up",
            """
            import redis

            class Worker:
                def __init__(self, host):
                    self.client = redis.Redis(host=host, socket_timeout=5)

                def run(self):
                    while True:
                        key, order = self.client.blpop("orders")  # bad: blpop
                        charge(order)
            """,
        ),
        bad(
            "milliseconds and seconds",
            """
            import redis

            def work(group, name):
                client = redis.Redis.from_url("redis://localhost", socket_timeout=10)
                while True:
                    found = client.xreadgroup(group, name, {"orders": ">"}, block=30_000)  # bad: xreadgroup
                    charge(found)
            """,
        ),
        good(
            "no version is known",
            """
            import redis

            def work():
                client = redis.Redis()
                while True:
                    charge(client.blpop("orders"))
            """,
            silence="version not certain",
        ),
        good(
            "a timeout for this client",
            """
            import redis

            def work():
                client = redis.Redis(socket_timeout=None)
                while True:
                    charge(client.blpop("orders"))
            """,
            silence="timeout set",
        ),
        good(
            "two seconds of five",
            """
            import redis

            def work():
                client = redis.Redis(socket_timeout=5)
                while True:
                    found = client.blpop("orders", timeout=2)
                    if found is not None:
                        charge(found)
            """,
            silence="the wait is shorter",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every blocking command of the file."""
    for function in functions_with(context.project, module.path, _BLOCKING):
        for call in find(ir.Call, function.statements):
            if isinstance(call.func, ir.Attribute) and call.func.name in _BLOCKING:
                yield from _judged(function, call, call.func, context)


def _judged(function: Function, call: ir.Call, func: ir.Attribute, context: Context) -> Iterator[Finding]:
    model = context.project.calls.of(function, call).model
    if model is None or not model.facts.bounded_by or any(word.name is None for word in call.keywords):
        return
    made = made_by(context.project, function, func.value)
    if made is None or any(word.name is None for word in made.keywords):
        return
    given = argument_for(call, model, model.facts.timeout)
    if given is None and model.facts.default_timeout is None:
        return  # it does not block then
    wait = _seconds(given) if given is not None else 0.0
    bound = _bound(made, model.facts.bounded_by, model.facts.default_bound)
    if wait is None or bound is None:
        return
    wait = wait / 1000 if model.facts.timeout_unit == "ms" else wait
    if wait == 0 or wait >= bound:
        text = f"`{func.name}` waits {_shown(wait)}, but its client gives up after {bound:g} s"
        yield _finding(function, call, made, text, context)


def _seconds(expr: ir.Expr) -> float | None:
    """A literal wait; nothing at all is as long as 0: for ever."""
    if isinstance(expr, ir.Constant) and expr.kind == "none":
        return 0.0
    if isinstance(expr, ir.Constant) and expr.kind in ("int", "float") and isinstance(expr.value, (int, float)):
        return float(expr.value)
    return None


def _bound(made: ir.Call, name: str, default: object) -> float | None:
    """The seconds after which the client gives up; None when it never does, or that cannot be told."""
    given = next((word.value for word in made.keywords if word.name == name), None)
    if given is not None:
        return _seconds(given) or None
    is_by_url = isinstance(made.func, ir.Attribute) and made.func.name == "from_url"
    return float(default) if isinstance(default, (int, float)) and not is_by_url else None


def _shown(wait: float) -> str:
    return f"for {wait:g} s" if wait else "for ever"


def _finding(function: Function, call: ir.Call, made: ir.Call, message: str, context: Context) -> Finding:
    return Finding(
        at=call.at,
        message=message,
        consequence="On an idle queue it raises TimeoutError, and an item popped for the given-up command is lost.",
        help="wait for less than that in a loop, or give the client a longer `socket_timeout`",
        notes=(Note(context.path, made.at, "the client is made here"),),
        symbol=function.symbol,
    )
