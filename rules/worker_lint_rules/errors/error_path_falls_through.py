"""
After a failure was logged, the code goes on with what only the try block could have given.

What it catches
    A name that is bound nowhere but in a `try` block, read after the statement, or in the clause
    itself, on a path on which the block has failed before it was bound.

Why it hurts in production
    The log shows "could not read the message", and a line later UnboundLocalError: a second
    failure, out of the handler for the first, which no clause takes. In a loop it is worse: the
    name still holds the value of the turn before, and one message is handled twice.

What to do instead
    Leave the clause by `continue`, `return` or `raise`, or give the name a value before the
    `try` statement.

When to ignore it
    Never.

Limits
    Only names that no path before the `try` statement binds are looked at, and only in functions. A call
    that gets the exception may raise; nothing is reported behind one that is not known to return.
    Certain is a finding where nothing that fails stands behind the statement that binds the name, or
    where other calls come before it and the clause takes every error; not one in the block itself, nor one in a
    private function that nobody uses, nor one behind a test of what the block has touched, nor one behind a loop
    that asks a helper for each turn, as `while proceed():` does, which may raise when the turns are used up.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import Block, Graph, Path, build, find_path
from worker_lint.analysis.in_use import is_dead
from worker_lint.analysis.tiers import TrySite, clause_at, clause_shown
from worker_lint.analysis.tiers.after_success import asked_between
from worker_lint.analysis.tiers.beginning import bound_in_any_case, fails_before, surely_unbound_with
from worker_lint.analysis.tiers.going_on import (
    Unbound,
    first_bound,
    has_known_logger,
    logged_on,
    may_raise_at_the_end,
    only_logs,
    raises_in_the_last_turn,
    read_later,
    tries_alternatives,
)
from worker_lint.analysis.tiers.names import NameReads
from worker_lint.analysis.visit import encloses
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.handling import FALLS_THROUGH

rule = Rule(
    code="ERR119",
    severity="warning",
    stage="preview",
    summary="After a logged failure the code uses what the try block should have given",
    words=(FALLS_THROUGH,),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR122",),
    silences=(
        "default assigned before",
        "the clause leaves",
        "bound in the clause",
        "a call that may not return",
        "the failure is kept in mind",
        "success is kept in mind",
        "bound before anything fails",
        "the last alternative raises",
    ),
    examples=(
        bad(
            "the message that was never decoded",
            """
            import json
            import logging

            def on_message(channel, body, handle):
                try:
                    order = json.loads(body)
                except ValueError:
                    logging.error("bad message: %r", body)
                handle(order)  # bad: order
            """,
        ),
        bad(
            "the clause itself",
            """
            import logging

            def raise_limit(resource):
                try:
                    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
                    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
                except Exception:
                    logging.warning("the limit stays at %s", soft)  # bad: soft
            """,
        ),
        good(
            "a default",
            """
            import json
            import logging

            def on_message(channel, body, handle):
                order = None
                try:
                    order = json.loads(body)
                except ValueError:
                    logging.error("bad message: %r", body)
                handle(order)
            """,
            silence="default assigned before",
        ),
        good(
            "the clock comes first",
            """
            import logging
            import time

            def serve(app, request):
                try:
                    start = time.monotonic() if request.is_timed else 0.0
                    app(request)
                except Exception:
                    logging.exception("error in the application")
                logging.info("took %s", time.monotonic() - start)
            """,
            silence="bound before anything fails",
        ),
        good(
            "nothing of the network comes before it",
            """
            import logging
            import urllib.error
            import urllib.parse
            import urllib.request

            class Page:
                def __init__(self, url):
                    self.url = url

            def probe(base):
                try:
                    page = Page(urllib.parse.urljoin(base, "script.js"))
                    urllib.request.urlopen(page.url)
                except urllib.error.URLError:
                    logging.debug("cannot get %s", page.url)
            """,
            silence="bound before anything fails",
        ),
        bad(
            "the first statement is what fails",
            """
            import logging
            import urllib.error
            import urllib.request

            def probe(url):
                try:
                    answer = urllib.request.urlopen(url)
                    logging.info("got %s", answer.status)
                except urllib.error.URLError:
                    logging.warning("cannot get %s", url)
                return answer.read()  # bad: answer
            """,
        ),
        good(
            "the clause is about the data that came",
            """
            import logging

            def version(http, url, parse):
                try:
                    response = http.urlopen("GET", url)
                    return parse(response.data)["version"]
                except (KeyError, TypeError):
                    logging.debug("no version in %s", response.data)
            """,
            silence="bound before anything fails",
        ),
        good(
            "back to the next one",
            """
            import json
            import logging

            def consume(bodies, handle):
                for body in bodies:
                    try:
                        order = json.loads(body)
                    except ValueError:
                        logging.error("bad message: %r", body)
                        continue
                    handle(order)
            """,
            silence="the clause leaves",
        ),
        good(
            "a value in its place",
            """
            import json
            import logging

            def on_message(body, handle):
                try:
                    order = json.loads(body)
                except ValueError:
                    logging.error("bad message: %r", body)
                    order = {}
                handle(order)
            """,
            silence="bound in the clause",
        ),
        good(
            "the helper raises",
            """
            import json
            import logging

            def on_message(body, handle, fail):
                try:
                    order = json.loads(body)
                except ValueError:
                    logging.error("bad message: %r", body)
                    fail("bad message")
                handle(order)
            """,
            silence="a call that may not return",
        ),
        good(
            "a helper that takes its errors itself",
            """
            import logging

            def details(pod):
                try:
                    return pod.status.reason
                except Exception:
                    logging.exception("no details")
                    return None

            def on_failure(pod, send):
                try:
                    found = details(pod)
                except Exception as error:
                    logging.warning("no details: %s", error)
                send(found)
            """,
            silence="bound before anything fails",
        ),
        good(
            "the next address, but for the last",
            """
            import logging

            def post(session, urls, data):
                for url in urls:
                    try:
                        answer = session.post(url, data)
                    except ConnectionError:
                        if url == urls[-1]:
                            raise
                        logging.warning("nobody at %s, trying the next", url)
                    else:
                        break
                return answer.status
            """,
            silence="the last alternative raises",
        ),
        good(
            "a flag tells",
            """
            import json
            import logging

            def on_message(body, handle):
                failed = False
                try:
                    order = json.loads(body)
                except ValueError:
                    failed = True
                    logging.error("bad message: %r", body)
                if not failed:
                    handle(order)
            """,
            silence="the failure is kept in mind",
        ),
        good(
            "a flag for success",
            """
            import logging
            import signal

            def limit(seconds, handler, work):
                limited = False
                try:
                    before = signal.signal(signal.SIGALRM, handler)
                    limited = True
                except ValueError:
                    logging.warning("no limit: this is not the main thread")
                work()
                if limited:
                    signal.signal(signal.SIGALRM, before)
            """,
            silence="success is kept in mind",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every `try` statement of a function whose clauses log."""
    graphs: dict[Function, Graph | None] = {}
    for site in context.project.tiers.sites(module.path, FALLS_THROUGH):
        function = site.function
        if function is None:
            continue
        handlers = [
            handler for handler in site.node.handlers if only_logs(handler) and not tries_alternatives(site, handler)
        ]
        names = read_later(site, function, first_bound(site, function)) if handlers else frozenset[str]()
        for handler in handlers if names else ():
            unbound = names - bound_in_any_case(site, handler)
            if unbound and function not in graphs:
                graph = build(function.statements, NameReads(function))
                graphs[function] = graph if isinstance(graph, Graph) else None
            yield from _judge(site, handler, unbound, graphs.get(function), context)


def _judge(
    site: TrySite, handler: ir.Handler, names: frozenset[str], graph: Graph | None, context: Context
) -> Iterator[Finding]:
    for name in sorted(names) if graph is not None else ():
        watch = Unbound(handler, name, surely_unbound_with(site, name, names))
        reads: list[ir.Name] = []

        def reached(
            block: Block, state: tuple[ir.At, ...], watch: Unbound = watch, reads: list[ir.Name] = reads
        ) -> bool:
            reads[:] = [read for read in (_read_in(block, state, watch),) if read is not None]
            return bool(reads)

        path = find_path(graph, watch, reached) if graph is not None else None
        if isinstance(path, Path) and not raises_in_the_last_turn(site, handler, reads[0]):
            yield _finding(site, handler, reads[0], path, context)
            return


def _read_in(block: Block, state: tuple[ir.At, ...], watch: Unbound) -> ir.Name | None:
    """The first read of the name in a block, where the clause lies behind and nothing has bound it."""
    for step in block.steps:
        if step.kind == "read" and isinstance(step.node, ir.Name) and step.node.id == watch.name:
            return step.node if state else None
        after = watch.step(step, state)
        if after is None:
            return None
        state = after
    return None


def _finding(site: TrySite, handler: ir.Handler, read: ir.Name, path: Path, context: Context) -> Finding:
    is_inside = any(encloses(one.at, read.at) for one in site.node.body)  # in the next turn, by a way of its own
    logged = logged_on(path, handler, read)
    when = "After the logged failure this raises UnboundLocalError"
    if logged is not None:
        way = Note(context.path, logged.at, "the failure is logged here, and the code goes on")
    elif encloses(handler.at, read.at):
        way = Note(context.path, clause_at(handler), "the failure is on its way to the log here")
        when = "In place of the log line there is UnboundLocalError"
    else:
        way = Note(context.path, clause_at(handler), f"not all that {clause_shown(handler)} takes ends here")
        when = "After a failure that is not even logged this raises UnboundLocalError"
    return Finding(
        at=read.at,
        message=f"`{read.id}` is used although the `try` block may not have bound it",
        consequence=f"{when}, or uses the value of the turn before." if site.loops else f"{when}.",
        help=f"leave the clause by `continue`, `return` or `raise`, or bind `{read.id}` before the `try`",
        notes=(Note(context.path, site.node.body[0].at, f"`{read.id}` is bound in this block only"), way),
        symbol=site.scope.symbol,
        confidence="certain" if not is_inside and _is_sure(site, handler, read, logged) else "likely",
    )


def _is_sure(site: TrySite, handler: ir.Handler, read: ir.Name, logged: ir.Call | None) -> bool:
    """Whether the name is surely unbound behind the clause, and nothing that tells so is asked before the read."""
    if logged is not None and not has_known_logger(site.scope, logged):
        return False
    if may_raise_at_the_end(site, read):
        return False
    return fails_before(site, handler, read.id) and not asked_between(site, read) and not is_dead(site.function)
