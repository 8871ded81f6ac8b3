"""
The process ends with exit code 0 because of an error.

What it catches
    `sys.exit()`, `sys.exit(0)`, `sys.exit(None)`, `raise SystemExit`, `os._exit(0)` and the like
    in a clause for errors that are not about stopping.

Why it hurts in production
    To a supervisor, exit code 0 means that the work is done: systemd with `Restart=on-failure`,
    a Kubernetes Job, `docker run --restart on-failure` and every shell script with `set -e` take
    the failed worker for a finished one, and nobody starts it again.

What to do instead
    `sys.exit(1)`, or let the exception end the process, which also prints the traceback.

When to ignore it
    Where the error means that there is nothing to do, such as a missing optional input.

Limits
    Clauses for KeyboardInterrupt, SystemExit, BrokenPipeError, EOFError, end of input and
    classes that are not known are let pass. So are clauses of a class for missing modules.
"""

from collections.abc import Iterator

from worker_lint.analysis import External, ModuleScope
from worker_lint.analysis.tiers import TrySite, clause_shown
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.analysis.visit import uncalled
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR120",
    severity="warning",
    stage="preview",
    confidence="likely",
    summary="The process ends with exit code 0 because of an error",
    words=("except",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("a stop is meant", "an exit code is given", "unknown class", "a stated reason", "only on a condition"),
    examples=(
        bad(
            "the supervisor believes that it is done",
            """
            import logging
            import sys

            def main(worker):
                try:
                    worker.run()
                except Exception:
                    logging.critical("worker failed", exc_info=True)
                    sys.exit()  # bad
            """,
            repaired="""
            import logging
            import sys

            def main(worker):
                try:
                    worker.run()
                except Exception:
                    logging.critical("worker failed", exc_info=True)
                    sys.exit(1)  # bad
            """,
        ),
        bad(
            "no connection, and a zero",
            """
            import os
            import redis

            def main(client: redis.Redis):
                try:
                    client.ping()
                except redis.exceptions.ConnectionError as error:
                    print("no connection", error)
                    os._exit(0)  # bad
            """,
            repaired="""
            import os
            import redis

            def main(client: redis.Redis):
                try:
                    client.ping()
                except redis.exceptions.ConnectionError as error:
                    print("no connection", error)
                    os._exit(1)  # bad
            """,
        ),
        good(
            "Ctrl-C is a stop",
            """
            import sys

            def main(worker):
                try:
                    worker.run()
                except KeyboardInterrupt:
                    sys.exit(0)
            """,
            silence="a stop is meant",
        ),
        good(
            "a code, or a text, which counts as 1",
            """
            import sys

            def main(worker, code):
                try:
                    worker.run()
                except ValueError:
                    sys.exit("bad configuration")
                except OSError:
                    sys.exit(code)
                except Exception:
                    sys.exit(2)
            """,
            silence="an exit code is given",
        ),
        good(
            "who knows what Finished means",
            """
            import sys
            from jobs import Finished

            def main(worker):
                try:
                    worker.run()
                except Finished:
                    sys.exit(0)
            """,
            silence="unknown class",
        ),
        good(
            "the reason is written down",
            """
            import sys

            def main(worker):
                try:
                    worker.run()
                except Exception:
                    # the supervisor starts a new one after any exit
                    sys.exit(0)
            """,
            silence="a stated reason",
        ),
        good(
            "only after a stop",
            """
            import sys

            def main(worker):
                try:
                    worker.run()
                except OSError:
                    if worker.stopped:
                        sys.exit(0)
                    raise
            """,
            silence="only on a condition",
        ),
    ),
)

_EXITS = frozenset({"sys.exit", "os._exit", "posix._exit", "builtins.exit", "builtins.quit", "builtins.SystemExit"})
_HARMLESS = (
    "KeyboardInterrupt",
    "SystemExit",
    "BrokenPipeError",
    "EOFError",
    "StopIteration",
    "GeneratorExit",
    "ImportError",
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause for errors with an exit that is not under a condition."""
    for site in context.project.tiers.sites(module.path):
        for handler in site.node.handlers:
            if _is_about_errors(site, handler, context) and not states_reason(site.scope, handler):
                for call in _clean_exits(site, handler):
                    yield _finding(site, handler, call, context)


def _is_about_errors(site: TrySite, handler: ir.Handler, context: Context) -> bool:
    tiers = context.project.tiers
    caught = tiers.caught(site.scope, handler)
    if handler.exception is None or None in caught or "BaseException" in caught:
        return False
    return not any(tiers.is_class(str(name), harmless) for name in caught for harmless in _HARMLESS)


def _clean_exits(site: TrySite, handler: ir.Handler) -> Iterator[ir.Expr]:
    """Exits with code 0 among the clause's own statements."""
    for statement in handler.body:
        expression: ir.Expr | None = None
        if isinstance(statement, ir.Expression):
            expression = statement.value
        elif isinstance(statement, ir.Raise):
            expression = statement.exception
        if expression is None:
            continue
        func = uncalled(expression)
        targets = site.scope.project.names.expr(site.scope, func)
        is_exit = len(targets) == 1 and isinstance(targets[0], External) and targets[0].dotted in _EXITS
        if is_exit and _is_clean(expression) and (isinstance(expression, ir.Call) or isinstance(statement, ir.Raise)):
            yield expression


def _is_clean(expression: ir.Expr) -> bool:
    if not isinstance(expression, ir.Call):
        return True
    if expression.keywords or len(expression.args) > 1:
        return False
    if not expression.args:
        return True
    code = expression.args[0]
    return isinstance(code, ir.Constant) and not isinstance(code.value, str) and not code.value


def _finding(site: TrySite, handler: ir.Handler, exit_: ir.Expr, context: Context) -> Finding:
    func = uncalled(exit_)
    text = context.project.store.text(context.path).segment(func.at)
    return Finding(
        at=exit_.at,
        message="the process ends with exit code 0 after an error",
        consequence="A supervisor takes the failed worker for one that is done, and does not start it again.",
        help=f"write `{text}(1)`, or let the exception end the process",
        notes=(Note(context.path, site.node.body[0].at, f"a failure here leads to it, by {clause_shown(handler)}"),),
        symbol=site.scope.symbol,
        fix=Fix("end with exit code 1", (Replace(exit_.at, f"{text}(1)"),)),
    )
