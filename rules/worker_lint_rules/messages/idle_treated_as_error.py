"""
A worker's loop reports "nothing to do" as an error.

What it catches
    In a loop that asks for work again and again, a clause for the sign that there is none right now (`queue.Empty`,
    `asyncio.QueueEmpty`, a client's poll timeout) that logs at level error or above and goes on.

Why it hurts in production
    An idle worker fills the log with errors and tracebacks, day and night. Alerts on the error rate fire when
    nothing is wrong, so they are switched off, and the real error is one line among thousands.

What to do instead
    `continue`, or a line at level debug.

When to ignore it
    When the queue must never be empty.

Limits
    Only classes to which a library model gives the tier `idle`, and only where the clause takes nothing else.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite, clause_shown, log_calls, log_level, raises_anything
from worker_lint.analysis.tiers.loops import is_endless, leaves_loop
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_ERROR = 40

rule = Rule(
    code="MSG111",
    severity="note",
    stage="preview",
    summary="A worker's loop reports that there is nothing to do as an error",
    words=("Empty", "QueueEmpty"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("level debug", "an answer that was due", "the loop ends"),
    examples=(
        bad(
            "an empty queue",
            """
            import logging
            import queue

            class Worker:
                def __init__(self):
                    self.orders = queue.Queue()
                    self.running = True

                def run(self):
                    while self.running:
                        try:
                            order = self.orders.get(timeout=1)
                        except queue.Empty:
                            logging.exception("no order")  # bad: Empty
                            continue
                        charge(order)
            """,
        ),
        bad(
            "by its bare name",
            """
            import logging
            from queue import Empty

            log = logging.getLogger(__name__)

            def work(orders, running):
                while running():
                    try:
                        charge(orders.get(timeout=5))
                    except Empty:
                        log.error("nothing came")  # bad: Empty
            """,
        ),
        good(
            "debug",
            """
            import logging
            import queue

            def work(orders, running):
                while running():
                    try:
                        charge(orders.get(timeout=5))
                    except queue.Empty:
                        logging.debug("nothing came")
            """,
            silence="level debug",
        ),
        good(
            "one answer",
            """
            import logging
            import queue

            def ask(answers, question):
                question()
                try:
                    return answers.get(timeout=30)
                except queue.Empty:
                    logging.error("no answer within 30 seconds")
                    return None
            """,
            silence="an answer that was due",
        ),
        good(
            "the producer is gone",
            """
            import logging
            import queue

            def work(orders):
                while True:
                    try:
                        charge(orders.get(timeout=600))
                    except queue.Empty:
                        logging.error("nothing for ten minutes: the producer is gone")
                        break
            """,
            silence="the loop ends",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause for an idle sign in an endless loop."""
    for site in context.project.tiers.sites(module.path):
        if site.is_in_handler or not site.loops or not is_endless(site.scope, site.loops[0]):
            continue
        for handler in site.node.handlers:
            if _is_idle(site, handler, context) and not raises_anything(handler.body) and not leaves_loop(handler.body):
                yield from _judged(site, handler, context)


def _is_idle(site: TrySite, handler: ir.Handler, context: Context) -> bool:
    named = context.project.tiers.caught(site.scope, handler)
    return bool(named) and all(name is not None and context.project.tiers.tier(name) == "idle" for name in named)


def _judged(site: TrySite, handler: ir.Handler, context: Context) -> Iterator[Finding]:
    if any(isinstance(node, (ir.If, ir.AugAssign, ir.Assign)) for node in find(ir.Node, handler.body)):
        return  # it counts, or asks whether the silence is too long
    for call in log_calls(handler.body):
        if log_level(call) >= _ERROR:
            yield Finding(
                at=call.at,
                message=f"{clause_shown(handler)} is no error here: there is nothing to do",
                consequence="An idle worker fills the log with errors, until nobody reads them any more.",
                help="go on with `continue`, or log at level debug",
                notes=(Note(context.path, site.loops[0].at[:2] + site.loops[0].at[:2], "the loop asks again"),),
                symbol=site.scope.symbol,
            )
            return
