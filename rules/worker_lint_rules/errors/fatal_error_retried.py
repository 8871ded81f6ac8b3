"""
A loop retries a class of errors of which some heal by no retry.

What it catches
    In a `while` loop around a connect or a call of the library: a clause for a class such as
    `pika.exceptions.AMQPConnectionError` or redis' ConnectionError, after which the loop goes on,
    although subclasses of it are fatal: wrong password, no permission, a protocol that does not
    match. Which class is fatal is written in the library's model, or in `tiers`. A clause for every
    error counts where the block opens the connection.

Why it hurts in production
    After a password was rotated the worker hammers the broker with the old one, for ever and as
    fast as the loop allows. The account is locked, the log says "connection lost, retrying", and
    the supervisor sees a process that is up.

What to do instead
    Put a clause for the fatal classes before it that stops the worker and raises the alarm.

When to ignore it
    Where credentials are read anew on each attempt.

Limits
    A loop that counts, ends in a raise, or whose clause looks into the exception, is let pass.
    So is a block in which no call of the library is known, and a clause that names the fatal class
    itself. Certain is a clause for a class of the library below which a refused login is; a clause for every error,
    and one where a function in between has a clause of its own for the fatal class, are only likely.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import Graph, find
from worker_lint.analysis.tiers import (
    TrySite,
    calls_of,
    clause_at,
    clause_shown,
    ends_process,
    hands_on,
    mentions,
    raises_anything,
)
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.loops import changes_condition, is_endless, leaves_loop
from worker_lint.analysis.tiers.translating import is_translated
from worker_lint.analysis.tiers.trying import connecting_call, tried_calls
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.handling import RETRIES

rule = Rule(
    code="ERR104",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="A loop retries a class of errors of which some heal by no retry",
    words=(RETRIES,),
    product_only=True,
    silences=(
        "earlier handler takes them",
        "bounded and raises at the end",
        "code inspects the reply",
        "the clause leaves the loop",
        "the clause names the fatal class",
    ),
    examples=(
        bad(
            "the wrong password for ever",
            """
            import logging
            import time
            import pika

            def connect(parameters):
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except pika.exceptions.AMQPConnectionError:  # bad: Authentication
                        logging.warning("no connection, again in 5 s", exc_info=True)
                        time.sleep(5)
            """,
        ),
        bad(
            "every error of the connection with a back-off",
            """
            import time
            import pika

            def connect(parameters, log):
                delay = 1
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except Exception:  # bad: Authentication
                        log.exception("no connection")
                        time.sleep(delay)
                        delay = min(delay * 2, 60)
            """,
            is_likely=True,
        ),
        bad(
            "the connection is opened by a method",
            """
            import time
            import pika

            class Consumer:
                def _open(self):
                    self.connection = pika.BlockingConnection(self.parameters)

                def run(self):
                    while True:
                        try:
                            self._open()
                            self.consume()
                        except pika.exceptions.AMQPConnectionError:  # bad: Authentication
                            time.sleep(5)
            """,
        ),
        bad(
            "a consumer of a queue in redis",
            """
            import time
            import redis

            class Worker:
                def __init__(self, url):
                    self.client = redis.Redis()
                    self.running = True

                def run(self):
                    while self.running:
                        try:
                            item = self.client.blpop("jobs", timeout=1)
                        except (redis.ConnectionError, redis.TimeoutError):  # bad: AuthenticationError
                            time.sleep(5)
                            continue
                        self.handle(item)
            """,
        ),
        good(
            "only for so long",
            """
            import time
            import redis

            def ping(client: redis.Redis, deadline):
                while True:
                    if time.monotonic() > deadline:
                        return False
                    try:
                        return client.ping()
                    except redis.ConnectionError:
                        time.sleep(1)
            """,
            silence="bounded and raises at the end",
        ),
        good(
            "a clause before",
            """
            import time
            import pika
            from pika.exceptions import AMQPConnectionError, ProbableAuthenticationError, AuthenticationError
            from pika.exceptions import IncompatibleProtocolError, ProbableAccessDeniedError

            FATAL = (AuthenticationError, ProbableAuthenticationError, ProbableAccessDeniedError)

            def connect(parameters):
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except (*FATAL, IncompatibleProtocolError):
                        raise
                    except AMQPConnectionError:
                        time.sleep(5)
            """,
            silence="earlier handler takes them",
        ),
        good(
            "five attempts",
            """
            import time
            import pika

            def connect(parameters):
                for attempt in range(5):
                    try:
                        return pika.BlockingConnection(parameters)
                    except pika.exceptions.AMQPConnectionError:
                        time.sleep(2 ** attempt)
                raise RuntimeError("no connection")
            """,
            silence="bounded and raises at the end",
        ),
        good(
            "the clause looks at the exception",
            """
            import time
            import redis

            def consume(client: redis.Redis, is_fatal):
                while True:
                    try:
                        client.blpop("jobs", timeout=1)
                    except redis.ConnectionError as error:
                        if is_fatal(error):
                            return
                        time.sleep(5)
            """,
            silence="code inspects the reply",
        ),
        good(
            "named beside the others",
            """
            import time
            import redis

            def consume(client: redis.Redis):
                while True:
                    try:
                        client.blpop("jobs", timeout=1)
                    except (redis.ConnectionError, redis.AuthenticationError):
                        time.sleep(5)
            """,
            silence="the clause names the fatal class",
        ),
        good(
            "the loop ends",
            """
            import pika

            def consume(parameters, log):
                while True:
                    try:
                        pika.BlockingConnection(parameters)
                    except pika.exceptions.AMQPConnectionError:
                        log.exception("no connection")
                        break
            """,
            silence="the clause leaves the loop",
        ),
    ),
)

_REFUSED = re.compile(r"Auth|Access|Credential|Denied|Forbidden|Login|Password|Permission")
_LIMITS = ("timeout", "deadline", "expire", "elapsed", "remaining", "attempt", "retries", "tries", "cancel")


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause in a loop that goes on."""
    for site in context.project.tiers.sites(module.path, RETRIES):
        loop = site.loops[0] if site.loops else None
        if not isinstance(loop, ir.While) or not is_endless(site.scope, loop) or _runs_out(site, loop):
            continue
        before: list[str | None] = []
        for handler in site.node.handlers:
            caught = context.project.tiers.caught(site.scope, handler)
            if _goes_on(site, handler, loop):
                yield from _judge(site, handler, caught, before, context)
            before.extend(caught)


def _goes_on(site: TrySite, handler: ir.Handler, loop: ir.While) -> bool:
    """Whether nothing in the clause ends, counts or tells errors apart."""
    body = handler.body
    if raises_anything(body) or leaves_loop(body) or changes_condition(loop, body) or hands_on(handler):
        return False
    if ends_process(site.scope, body) or any(find(ir.Compare, body)):
        return False
    return not any(mentions((node.test,), handler.name) for node in find(ir.If, body)) and not any(
        isinstance(call.func, ir.Attribute) and mentions((call.func.value,), handler.name) for call in calls_of(body)
    )


def _judge(
    site: TrySite, handler: ir.Handler, caught: tuple[str | None, ...], before: list[str | None], context: Context
) -> Iterator[Finding]:
    tiers = context.project.tiers
    if None in before:
        return
    if tiers.is_broad(site.scope, handler):
        yield from _connect_loop(site, handler, before, context)
        return
    for name in caught:
        if name is None or tiers.tier(name) != "recoverable":
            continue
        fatal = tiers.below(name, "fatal")
        is_named = not set(fatal).isdisjoint(caught)
        if is_named or any(tiers.is_class(one, str(taken)) for one in fatal for taken in before):
            continue  # somebody has thought of it
        raiser = (_raiser(site, name, context) or _thrown_in(site, handler, fatal, context)) if fatal else None
        if raiser is not None:
            yield _finding(site, handler, sorted(fatal), raiser, context, name)
            return


def _runs_out(site: TrySite, loop: ir.While) -> bool:
    """Whether the loop is left outside the statement by a condition about time or a number of attempts."""
    aside = [node for node in loop.body if node is not site.node]
    for branch in find(ir.If, aside):
        if leaves_loop(branch.body) or raises_anything(branch.body):
            words = (getattr(node, "id", getattr(node, "name", "")).lower() for node in find(ir.Node, (branch.test,)))
            if any(limit in word for word in words for limit in _LIMITS):
                return True
    return False


def _connect_loop(site: TrySite, handler: ir.Handler, before: list[str | None], context: Context) -> Iterator[Finding]:
    """Every error of opening a connection is waited out alike; without any delay it is another rule's matter."""
    tiers = context.project.tiers
    one = connecting_call(site)
    if one is None or one.model is None or not isinstance(one.model.raises, tuple) or not _pauses(handler):
        return
    fatal = {name for raised in one.model.raises for name in tiers.below(tiers.errors.canonical(raised), "fatal")}
    if fatal and not any(tiers.is_class(name, str(taken)) for name in fatal for taken in before):
        yield _finding(site, handler, sorted(fatal), one.call, context)


def _pauses(handler: ir.Handler) -> bool:
    """Whether the clause does more than log."""
    return any(not is_logging(call) for call in calls_of(handler.body))


def _raiser(site: TrySite, name: str, context: Context) -> ir.Call | None:
    """The first call of the library that the class belongs to, if it may connect."""
    models = context.project.models
    for one in tried_calls(site):
        if one.home and name in models.errors_beside(one.home) and (one.model is None or one.model.raises != "never"):
            return one.call
    return None


def _thrown_in(site: TrySite, handler: ir.Handler, fatal: tuple[str, ...], context: Context) -> ir.Node | None:
    """What of the body brings one of the fatal classes to the clause, through functions of the project."""
    if site.function is None:
        return None
    errors, graph = context.project.tiers.errors, context.project.routines.graph(site.function)
    for block in graph.blocks if isinstance(graph, Graph) else ():
        if not block.steps or block.steps[0].kind != "catch" or block.steps[0].node is not handler:
            continue
        for edge in block.into:
            for one in sorted(edge.thrown):
                is_open = "." in one.name and not one.exact
                if edge.step is not None and any(
                    errors.is_subclass(one.name, each) or (is_open and errors.is_subclass(each, one.name))
                    for each in fatal
                ):
                    return edge.step.node
    return None


def _is_refusal(fatal: list[str], taken: str) -> bool:
    """
    Whether one of the classes says that the other side refuses who asks, and the clause names the library's class: a
    bad certificate or address may be mended elsewhere, and who takes every error may want to wait for anything.
    """
    return bool(taken) and any(_REFUSED.search(name.rpartition(".")[2]) for name in fatal)


def _finding(
    site: TrySite, handler: ir.Handler, fatal: list[str], raiser: ir.Node, context: Context, taken: str = ""
) -> Finding:
    clause = f"`except {taken.rpartition('.')[2]}`" if taken else clause_shown(handler)
    is_sure = _is_refusal(fatal, taken) and not (
        isinstance(raiser, ir.Call) and is_translated(site.scope, raiser, fatal)
    )
    bare = [name.rpartition(".")[2] for name in fatal]
    shown = next((name for name in bare if "Authentication" in name), bare[0])
    return Finding(
        at=clause_at(handler),
        message=f"{clause} also retries `{shown}`",
        consequence="No retry heals that one: the loop repeats it for ever, and the worker looks alive.",
        help=f"put a clause for {', '.join(f'`{name}`' for name in bare[:3])} before it that stops the worker",
        notes=(Note(context.path, raiser.at, f"may raise `{shown}`"),),
        symbol=site.scope.symbol,
        confidence="certain" if is_sure else "likely",
    )
