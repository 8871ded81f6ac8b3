"""
An error is logged without a word on what it was.

What it catches
    A clause for every error, or for a set of classes that a variable holds, whose log lines name
    neither the exception nor its traceback. The clause does not raise.

Why it hurts in production
    "Connection lost" a thousand times a night, and nobody can say whether it was a wrong
    password, a full disk or a typo in the handler: the one place that knew has thrown it away.

What to do instead
    `logger.exception("…")`, or `exc_info=True` with another level.

When to ignore it
    Where the class says all: then name it in the clause.

Limits
    A clause for a class that is expected is let pass, and one that only traces at debug or info
    level. So is one in which anything at all looks
    at the exception: its name, `sys.exc_info()`, a call that gets nothing and may look by itself.
    Certain is a clause into which unlike failures come, in code that somebody uses. The finding is only
    likely where the line names a kind of failure ("invalid", "not found") or says that it does not matter,
    where the block only computes, where what is called keeps the cause itself or is a wait for the result of
    others, where no logger but some function gets the line, and where the clause is a net behind one for the
    error that is expected, and where the line tells of credentials or passwords, which the error may show. A block
    whose calls take all errors is let pass, as is a line with `exc` or the like that nothing binds: it raises itself.
    A file is read only if the bytes of a clause show a log line and nothing that looks at the exception.
"""

from collections.abc import Iterator

from worker_lint.analysis import External, ModuleScope
from worker_lint.analysis.converting import converts_one_value
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import (
    TrySite,
    clause_shown,
    log_level,
)
from worker_lint.analysis.tiers.guarded import lets_nothing_out
from worker_lint.analysis.tiers.unlogged import quiet_clauses
from worker_lint.analysis.unlike_failures import is_open
from worker_lint.analysis.wording import (
    explains,
    goes_to_logger,
    leaves_open,
    names_conversion,
    names_nothing,
    shows_outer_error,
    takes_exc_info,
)
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.clause_bodies import QUIET_CLAUSE

_PLAIN = ("builtins.", "os.path.", "posixpath.")

rule = Rule(
    code="ERR114",
    severity="warning",
    stage="certain",
    confidence="likely",
    summary="An error is logged without a word on what it was",
    words=(QUIET_CLAUSE,),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR107", "ERR108", "ERR109"),
    silences=(
        "expected class",
        "re-raised",
        "told in another way",
        "a stated reason",
        "nothing but a look-up",
        "one value is read",
        "the line explains",
        "what is called takes its errors",
    ),
    examples=(
        bad(
            "why was it lost?",
            """
            import logging

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except Exception:
                        logging.error("message lost")  # bad
            """,
            repaired="""
            import logging

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except Exception:
                        logging.error("message lost", exc_info=True)  # bad
            """,
            is_likely=True,
        ),
        bad(
            "which of the classes?",
            """
            import logging

            logger = logging.getLogger(__name__)

            class Consumer:
                def run(self):
                    errors = self.connection.connection_errors + self.connection.channel_errors
                    while not self.should_stop:
                        try:
                            self.consume()
                        except errors:
                            logger.warning("connection lost, again in %s s", self.delay)  # bad
            """,
            repaired="""
            import logging

            logger = logging.getLogger(__name__)

            class Consumer:
                def run(self):
                    errors = self.connection.connection_errors + self.connection.channel_errors
                    while not self.should_stop:
                        try:
                            self.consume()
                        except errors:
                            logger.warning("connection lost, again in %s s", self.delay, exc_info=True)  # bad
            """,
        ),
        good(
            "the class says it all",
            """
            import logging
            import queue

            def consume(jobs, handle):
                while True:
                    try:
                        handle(jobs.get(timeout=1))
                    except queue.Empty:
                        logging.info("nothing to do")
            """,
            silence="expected class",
        ),
        good(
            "the reader learns what to do",
            """
            import logging
            import resource

            def raise_limit():
                try:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (10_000, 10_000))
                except Exception:
                    logging.warning("Few files can be open. Please raise the limit with `ulimit -n`.")
            """,
            silence="the line explains",
        ),
        good(
            "the caller gets it",
            """
            import logging

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except Exception:
                        logging.error("message lost")
                        raise
            """,
            silence="re-raised",
        ),
        good(
            "a line of its own for the cause",
            """
            import logging
            import traceback

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except Exception:
                        logging.error("message lost")
                        logging.debug(traceback.format_exc())
            """,
            silence="told in another way",
        ),
        good(
            "the first error, when even its file cannot be written",
            """
            import logging
            import traceback

            def serve(server, path):
                try:
                    server.serve_forever()
                except Exception:
                    trace = traceback.format_exc()
                    try:
                        path.write_text(trace)
                    except Exception:
                        logging.error("server failed: %s", trace)
                    raise
            """,
            silence="told in another way",
        ),
        good(
            "the reason",
            """
            import logging

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except Exception:
                        # the handler has logged it already
                        logging.error("message lost")
            """,
            silence="a stated reason",
        ),
        good(
            "one number out of its bytes",
            """
            import logging
            import struct

            def from_bytes(value):
                return struct.unpack(">Q", value)[0]

            def progress(raw, path):
                try:
                    return from_bytes(raw)
                except Exception:
                    logging.warning("cannot decode the progress in %s", path)
                    return 0
            """,
            silence="one value is read",
        ),
        good(
            "the state that explains it",
            """
            import logging

            def channels(library):
                found = []
                try:
                    for each in library.enumerate_hardware():
                        found.append(each.number)
                except Exception:
                    logging.warning("The library has not been initialized.")
                return found
            """,
            silence="the line explains",
        ),
        bad(
            "an object that decodes may do more",
            """
            import logging

            def read(session, raw):
                try:
                    return session.deserialize(raw)
                except Exception:
                    logging.error("invalid message")  # bad
            """,
            is_likely=True,
        ),
        good(
            "a reader that takes its errors itself",
            """
            import logging

            def read(path):
                try:
                    with open(path) as file:
                        return int(file.read())
                except Exception:
                    return None

            def running(path):
                try:
                    return read(path) is not None
                except Exception:
                    logging.error("cannot read the process id")
                    return False
            """,
            silence="what is called takes its errors",
        ),
        good(
            "a version that may be missing",
            """
            import logging

            def version(info):
                try:
                    return info["version"]
                except Exception:
                    logging.warning("no version")
                    return None
            """,
            silence="nothing but a look-up",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause that logs."""
    for site in context.project.tiers.sites(module.path, QUIET_CLAUSE):
        for handler, lines in quiet_clauses(site):
            if not _needs_no_cause(site, lines):
                yield _finding(site, handler, max(lines, key=log_level), lines, context)


def _needs_no_cause(site: TrySite, lines: list[ir.Call]) -> bool:
    """Whether the lines say all, or nothing in the block fails; what is called is asked last, it may be elsewhere."""
    if any(explains(line) or shows_outer_error(site, line) or names_nothing(site, line) for line in lines):
        return True
    body = site.node.body
    if all(_is_look_up(site, call) for call in find(ir.Call, body)) or lets_nothing_out(site.scope, body):
        return True
    return any(names_conversion(line) for line in lines) and converts_one_value(site)


def _is_look_up(site: TrySite, call: ir.Call) -> bool:
    """Whether a call only looks something up or converts it: what can fail there is plain to see."""
    names = site.scope.project.names
    if isinstance(call.func, ir.Attribute) and call.func.name == "get":
        owners = names.expr(site.scope, call.func.value)  # `get` of a library, as of requests, looks nothing up
        return not any(isinstance(one, External) and "." not in one.dotted for one in owners)
    targets = names.expr(site.scope, call.func)
    return all(isinstance(one, External) and one.dotted.startswith(_PLAIN) for one in targets)


def _finding(site: TrySite, handler: ir.Handler, line: ir.Call, lines: list[ir.Call], context: Context) -> Finding:
    return Finding(
        at=line.at,
        message="the error is logged without its cause",
        consequence=f"{clause_shown(handler)} takes many kinds of failures, and this line does not say which.",
        help="add `exc_info=True`, or use `exception()`"
        if takes_exc_info(site, line)
        else "name the exception in the line, or log its traceback in the way of this logger",
        notes=(Note(context.path, site.node.body[0].at, "what fails here stays unknown"),),
        symbol=site.scope.symbol,
        confidence="certain"
        if not site.scope.symbol.endswith("__del__")  # nothing depends on a release that comes by chance
        and goes_to_logger(site, line)
        and leaves_open(site, lines)
        and is_open(site, handler)
        else "likely",
        fix=_with_cause(line, context) if takes_exc_info(site, line) else None,
    )


def _with_cause(line: ir.Call, context: Context) -> Fix | None:
    """`exc_info=True` at the end of the arguments of a logger's method."""
    if not line.args:
        return None
    last = max((*line.args, *(keyword for keyword in line.keywords)), key=lambda node: node.at[2:])
    text = context.project.store.text(context.path)
    return Fix("log the traceback", (Replace(last.at, f"{text.segment(last.at)}, exc_info=True"),))
