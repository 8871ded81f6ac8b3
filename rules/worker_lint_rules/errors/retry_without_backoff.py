"""
A loop tries again at once when the broker or service is away.

What it catches
    An endless loop with a clause for errors of the network, or for every error of opening a
    connection, after which the next turn begins
    without any delay: the clause only logs, and nothing else in the loop waits.

Why it hurts in production
    A refused connection fails within a millisecond. During an outage the loop takes a whole core,
    fills the disk with log lines, and when the service comes back, every worker falls on it at
    the same moment.

What to do instead
    Sleep in the clause, longer with each attempt and with some jitter, and interruptibly:
    `stopping.wait(delay)`.

When to ignore it
    Where something else paces the loop, which cannot be seen here.

Limits
    A loop with any other call in the clause, or with a call or await that may wait outside the
    `try` block, is let pass. Timeouts are: the wait for them has been the delay.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite, calls_of, clause_at, clause_shown, hands_on, raises_anything
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.loops import changes_condition, is_endless, leaves_loop
from worker_lint.analysis.tiers.trying import connecting_call
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR112",
    severity="warning",
    stage="preview",
    confidence="likely",
    summary="A loop tries again at once when the broker or service is away",
    words=("except",),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR104", "ERR113"),
    silences=("blocking call paces it", "sleep grows", "the clause calls something", "leaves the loop"),
    examples=(
        bad(
            "a reconnect without a pause",
            """
            import logging
            import pika

            def run(parameters, consume):
                while True:
                    try:
                        consume(pika.BlockingConnection(parameters))
                    except pika.exceptions.AMQPConnectionError:  # bad
                        logging.warning("connection lost", exc_info=True)
            """,
        ),
        bad(
            "whatever goes wrong with the connection",
            """
            import pika

            def connect(parameters):
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except Exception:  # bad
                        pass
            """,
        ),
        bad(
            "a coroutine",
            """
            async def listen(connect, handle):
                while True:
                    try:
                        async with connect() as connection:
                            await handle(connection)
                    except ConnectionError:  # bad
                        continue
            """,
        ),
        good(
            "the poll waits",
            """
            def run(client, handle):
                while True:
                    client.poll(1.0)
                    try:
                        handle(client.take())
                    except ConnectionError:
                        continue
            """,
            silence="blocking call paces it",
        ),
        good(
            "longer each time",
            """
            import time

            def run(connect, consume):
                delay = 1
                while True:
                    try:
                        consume(connect())
                        delay = 1
                    except ConnectionError:
                        time.sleep(delay)
                        delay = min(delay * 2, 60)
            """,
            silence="sleep grows",
        ),
        good(
            "who knows how long the repair takes",
            """
            def run(client, handle, log):
                while True:
                    try:
                        handle(client.take())
                    except ConnectionError:
                        log.warning("lost")
                        client.reconnect()
            """,
            silence="the clause calls something",
        ),
        good(
            "the end",
            """
            def run(client, handle, log):
                while True:
                    try:
                        handle(client.take())
                    except ConnectionError:
                        log.warning("lost")
                        break
            """,
            silence="leaves the loop",
        ),
    ),
)

_NETWORK = frozenset({"ConnectionError", "ConnectionRefusedError", "ConnectionResetError", "BrokenPipeError"})


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every `try` statement that stands directly in an endless loop."""
    for site in context.project.tiers.sites(module.path):
        loop = site.loops[0] if site.loops else None
        if loop is None or site.block is not loop.body or not is_endless(site.scope, loop) or _waits_aside(site, loop):
            continue
        for handler in site.node.handlers:
            if _goes_on_at_once(handler, loop) and (
                _lost_service(site, handler, context) or _connects(site, handler, context)
            ):
                yield _finding(site, handler, loop, context)


def _waits_aside(site: TrySite, loop: ir.While | ir.For) -> bool:
    """Whether the loop calls or awaits anything outside the `try` block that may take time."""
    aside = [node for node in loop.body if node is not site.node]
    tests = [loop.test] if isinstance(loop, ir.While) else [loop.iter]
    parts = [*aside, *site.node.final, *site.node.orelse]
    if any(not is_logging(call) for call in find(ir.Call, parts)):
        return True
    if isinstance(loop, ir.For) and loop.is_async:
        return True
    return any(_may_wait(call) for call in find(ir.Call, tests))


def _may_wait(call: ir.Call) -> bool:
    """Whether a call in the loop's condition may be a wait: `stopping.wait(1)`; a plain question gives no argument."""
    return bool(call.args or call.keywords)


def _lost_service(site: TrySite, handler: ir.Handler, context: Context) -> str:
    """The class of the clause that stands for a service that is away, or ""."""
    tiers = context.project.tiers
    for name in tiers.caught(site.scope, handler):
        if name is None or "timeout" in name.lower():
            continue
        if name in _NETWORK or ("." in name and tiers.tier(name) == "recoverable"):
            return name
    return ""


def _connects(site: TrySite, handler: ir.Handler, context: Context) -> bool:
    """Whether a clause for every error stands around the opening of a connection."""
    return context.project.tiers.is_broad(site.scope, handler) and connecting_call(site) is not None


def _goes_on_at_once(handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    body = handler.body
    if raises_anything(body) or leaves_loop(body) or changes_condition(loop, body) or hands_on(handler):
        return False
    if any(isinstance(node, (ir.Await, ir.For, ir.While, ir.With, ir.Yield)) for node in find(ir.Node, body)):
        return False
    return all(is_logging(call) for call in calls_of(body))


def _finding(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For, context: Context) -> Finding:
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} goes round again without a delay",
        consequence="While the service is away, the loop takes a whole core and fills the log.",
        help="wait in the clause, longer with each attempt, so that a stop can still end the wait",
        notes=(Note(context.path, site.node.body[0].at, "this is tried again at once"),),
        symbol=site.scope.symbol,
    )
