"""
The name of an exception is used after its except clause, where Python has deleted it.

What it catches
    `except Error as error:` where a path leaves the clause and then reads `error`, without having
    bound it again.

Why it hurts in production
    Python deletes the name at the end of the clause, also when it was bound before the `try`
    statement. The read raises UnboundLocalError (or NameError) exactly when something has failed
    before: the retry loop that should report its last error dies of another one, and the real
    cause is lost.

What to do instead
    Keep the exception under a second name: `except Error as error: last = error`.

When to ignore it
    Never.

Limits
    Only reads in the same function count. Paths are those of the control flow; conditions are not
    compared with each other. Where the clause ends with a call of which nothing is known, and
    which may be there to raise, the finding is only likely. So it is where a second failure has to
    follow, in whose clause a `try` statement that takes every error stands around the read.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import Block, Path, Step, build, find, find_path
from worker_lint.analysis.flow import Unknown as OverBudget
from worker_lint.analysis.tiers import TrySite
from worker_lint.analysis.tiers.handling import is_logging
from worker_lint.analysis.tiers.names import NameReads, NameWatch, bound_names
from worker_lint.analysis.visit import encloses, unawaited
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.clauses import NAME_AFTER_CLAUSE

rule = Rule(
    code="ERR122",
    severity="error",
    stage="certain",
    summary="The name of an exception is used after its except clause",
    words=(NAME_AFTER_CLAUSE,),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("rebound", "kept under another name", "the clause is left for good"),
    examples=(
        bad(
            "the last error of a retry loop",
            """
            import time

            def connect(client, attempts):
                for attempt in range(attempts):
                    try:
                        return client.connect()
                    except ConnectionError as error:
                        time.sleep(2 ** attempt)
                raise RuntimeError("no connection") from error  # bad: error
            """,
        ),
        bad(
            "bound before, deleted after",
            """
            import logging

            def handle(message, process):
                error = None
                try:
                    process(message)
                except ValueError as error:
                    logging.warning("bad message")
                if error is not None:  # bad: error
                    message.reject()
            """,
        ),
        good(
            "bound again in the clause's own loop",
            """
            def handle(message, process):
                try:
                    process(message)
                except ValueError as error:
                    print(error)
                error = None
                return error
            """,
            silence="rebound",
        ),
        good(
            "a second name",
            """
            def connect(client, attempts):
                last = None
                for _ in range(attempts):
                    try:
                        return client.connect()
                    except ConnectionError as error:
                        last = error
                raise RuntimeError("no connection") from last
            """,
            silence="kept under another name",
        ),
        good(
            "the clause returns, and another one binds the name",
            """
            def handle(message, process):
                try:
                    process(message)
                except ValueError as error:
                    return str(error)
                try:
                    message.ack()
                except OSError as error:
                    print(error)
                return ""
            """,
            silence="the clause is left for good",
        ),
        good(
            "the helper never returns",
            """
            from typing import NoReturn

            class Helper:
                def fail(self, text: str) -> NoReturn:
                    raise SystemExit(text)

            class Worker:
                def __init__(self):
                    self._helper = Helper()

                def load(self, path):
                    error = None
                    try:
                        config = path.read_text()
                    except OSError as error:
                        self._helper.fail(str(error))
                    return config, error
            """,
            silence="the clause is left for good",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every named clause whose name occurs below it in the same scope."""
    text = context.project.store.text(module.path)
    seen: set[tuple[ir.At, str]] = set()
    for site in context.project.tiers.sites(module.path, NAME_AFTER_CLAUSE):
        for handler in site.node.handlers:
            if handler.name is None or (site.scope.statements[0].at, handler.name) in seen:
                continue
            first, last = site.scope.statements[0].at[0], site.scope.statements[-1].at[2]
            in_loop = bool(site.loops)
            if text.has_word(handler.name, handler.at[2] + 1, last) or (
                in_loop and text.has_word(handler.name, first, handler.at[0] - 1)
            ):
                seen.add((site.scope.statements[0].at, handler.name))
                yield from _judge(site, handler.name, context)


class _Deleted(NameWatch):
    """The clause at whose end the name was deleted, as long as it was not bound again."""

    def step(self, step: Step, state: tuple[ir.At, ...]) -> tuple[ir.At, ...]:
        if step.kind == "catch" and isinstance(step.node, ir.Handler) and step.node.name == self.name:
            return (step.node.at,)
        if step.kind == "bind" and state and not encloses(state[0], step.node.at):
            return () if self.name in bound_names(step.node) else state
        return state


def _judge(site: TrySite, name: str, context: Context) -> Iterator[Finding]:
    reads = [node for node in find(ir.Name, site.scope.statements) if node.id == name]
    handlers = [node for node in find(ir.Handler, site.scope.statements) if node.name == name]
    outside = [read for read in reads if not any(encloses(handler.at, read.at) for handler in handlers)]
    if not outside:
        return
    graph = build(site.scope.statements, NameReads(site.scope))
    if isinstance(graph, OverBudget):
        return
    for read in outside:

        def reached(block: Block, state: tuple[ir.At, ...], read: ir.Name = read) -> bool:
            watch = _Deleted(name)
            for step in block.steps:
                if step.kind == "read" and step.node.at == read.at:
                    return bool(state)
                state = watch.step(step, state)
            return False

        path = find_path(graph, _Deleted(name), reached)
        if isinstance(path, Path):
            yield _finding(site, read, _last_handler(path, name), context)
            return


def _surely_comes_out(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether the clause is left at its end. What it calls last, without taking an answer, may be a helper that always
    raises (`self.fail(…)`), unless it is known, only logs, or is called in the same way elsewhere.
    """
    last = handler.body[-1]
    call = unawaited(last.value) if isinstance(last, ir.Expression) else None
    if not isinstance(call, ir.Call) or is_logging(call) or site.scope.project.calls.of(site.scope, call).is_known:
        return True
    named = ir.dotted_name(call.func)
    return any(one is not call and ir.dotted_name(one.func) == named for one in find(ir.Call, site.node.body))


def _is_taken_there(site: TrySite, handler: ir.Handler, read: ir.Name) -> bool:
    """Whether the read is in a clause for a later failure, and in a block there whose clause takes what it raises."""
    tiers = site.scope.project.tiers
    for later in find(ir.Try, site.scope.statements):
        clause = next((one for one in later.handlers if encloses(one.at, read.at)), None)
        if clause is None or encloses(later.at, handler.at):
            continue
        for inner in find(ir.Try, clause.body):
            is_guarded = any(encloses(one.at, read.at) for one in inner.body)
            if is_guarded and any(tiers.is_broad(site.scope, one) for one in inner.handlers):
                return True
    return False


def _last_handler(path: Path, name: str) -> ir.Handler:
    found = [step.node for step, _ in path.steps() if isinstance(step.node, ir.Handler) and step.node.name == name]
    return found[-1]


def _finding(site: TrySite, read: ir.Name, handler: ir.Handler, context: Context) -> Finding:
    is_sure = _surely_comes_out(site, handler) and not _is_taken_there(site, handler, read)
    return Finding(
        at=read.at,
        message=f"`{read.id}` is no longer bound here: its except clause has deleted it",
        consequence="After a failure this line raises UnboundLocalError or NameError, and the real cause is lost.",
        help=f"keep the exception in the clause: `last_{read.id} = {read.id}`",
        notes=(
            Note(
                context.path,
                handler.at[:2] + handler.body[0].at[:2],
                f"`{read.id}` is bound here and deleted at the end of the clause",
            ),
        ),
        symbol=site.scope.symbol,
        confidence="certain" if is_sure else "likely",
    )
