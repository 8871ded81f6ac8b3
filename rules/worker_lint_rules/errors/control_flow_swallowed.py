"""
A broad except clause takes the exception by which a task framework steers its tasks.

What it catches
    `except Exception` (or wider) that takes Celery's Retry, Ignore or Reject, raised in the `try` block by
    `self.retry()` or a `raise`, or the exception of a configured time limit (`soft_time_limit=`, rq's `timeout=`), and
    after which the function returns as if nothing had been. The same for the exceptions of rq, arq, dramatiq and huey.

Why it hurts in production
    These exceptions are no errors: the framework must get them. A swallowed Retry is a task that was promised another
    try and is marked as done; a swallowed Reject acknowledges the message that should go to the dead-letter queue; a
    task that swallows its soft time limit works on until the hard one kills the process.

What to do instead
    Let them pass first: `except (Retry, Ignore, Reject): raise` before the broad clause; or move
    `self.retry()` out of the `try` block.

When to ignore it
    Never for Retry; for a time limit, where the clause itself brings the task to its end.

Limits
    Only what is known to be raised in the block is counted: explicit `raise`, modelled calls,
    functions of the project that let them pass, and limits that the task's decorator sets. A
    function is followed when it is decorated, or its text has such an exception or `.retry(`.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import (
    DerivedPolicy,
    Edge,
    Graph,
    Path,
    Policy,
    Raises,
    Step,
    Thrown,
    Watch,
    build,
    find_path,
)
from worker_lint.analysis.flow import Unknown as OverBudget
from worker_lint.analysis.tasks import time_limits
from worker_lint.analysis.tiers import Tiers, calls_of, clause_at, clause_shown, mentions
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.rule import NEEDED, Context, Finding, Fix, Note, Replace, Rule, bad, good, import_of
from worker_lint.source import ir

rule = Rule(
    code="ERR107",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="A broad except clause takes the exception by which a framework steers its tasks",
    words=("except",),
    product_only=True,
    silences=(
        "raised again first",
        "nothing in the try can raise it",
        "throw=False",
        "told apart in the clause",
        "a stated reason",
    ),
    examples=(
        bad(
            "the promised retry is marked as done",
            """
            import logging
            from celery import shared_task

            @shared_task(bind=True)
            def program(self, url):
                try:
                    if url is None:
                        self.retry(countdown=3)
                    render(url)
                except Exception:  # bad
                    logging.exception("failed")
            """,
            repaired="""
            import logging
            from celery import shared_task
            from celery.exceptions import Retry

            @shared_task(bind=True)
            def program(self, url):
                try:
                    if url is None:
                        self.retry(countdown=3)
                    render(url)
                except Retry:
                    raise
                except Exception:  # bad
                    logging.exception("failed")
            """,
        ),
        bad(
            "the rejected message is acknowledged",
            """
            import logging
            from celery import Celery
            from celery.exceptions import Reject

            app = Celery("orders")

            @app.task(acks_late=True)
            def book(order):
                try:
                    if "id" not in order:
                        raise Reject("no id", requeue=False)
                    store(order)
                except Exception:  # bad
                    logging.exception("failed")
            """,
            repaired="""
            import logging
            from celery import Celery
            from celery.exceptions import Reject

            app = Celery("orders")

            @app.task(acks_late=True)
            def book(order):
                try:
                    if "id" not in order:
                        raise Reject("no id", requeue=False)
                    store(order)
                except Reject:
                    raise
                except Exception:  # bad
                    logging.exception("failed")
            """,
        ),
        bad(
            "the time limit is logged and forgotten",
            """
            import logging
            from celery import shared_task

            @shared_task(soft_time_limit=60)
            def capture(urls):
                for url in urls:
                    try:
                        render(url)
                    except Exception:  # bad
                        logging.exception("failed")
            """,
        ),
        bad(
            "arq",
            """
            from arq import Retry

            async def download(ctx, url):
                try:
                    response = await ctx["session"].get(url)
                    if response.status != 200:
                        raise Retry(defer=5)
                except Exception as error:  # bad
                    print(error)
            """,
        ),
        good(
            "let pass by a clause before",
            """
            import logging
            from celery import shared_task
            from celery.exceptions import Ignore, Reject, Retry

            @shared_task(bind=True)
            def program(self, url):
                try:
                    self.retry()
                except (Ignore, Reject, Retry):
                    raise
                except Exception:
                    logging.exception("failed")
            """,
            silence="raised again first",
        ),
        good(
            "retried from the clause",
            """
            import logging
            from celery import shared_task

            @shared_task(bind=True)
            def program(self, url):
                try:
                    logging.info(url)
                except Exception as error:
                    logging.exception("failed")
                    raise self.retry(exc=error)
            """,
            silence="nothing in the try can raise it",
        ),
        good(
            "sent again without an exception",
            """
            import logging
            from celery import shared_task

            @shared_task(bind=True)
            def program(self, url):
                try:
                    self.retry(throw=False)
                except Exception:
                    logging.exception("failed")
            """,
            silence="throw=False",
        ),
        good(
            "the clause looks at the class",
            """
            import logging
            from celery import shared_task
            from celery.exceptions import Retry

            @shared_task(bind=True)
            def program(self, url):
                try:
                    self.retry()
                except Exception as error:
                    if isinstance(error, Retry):
                        raise
                    logging.exception("failed")
            """,
            silence="told apart in the clause",
        ),
        good(
            "the limit ends the task here",
            """
            from celery import shared_task

            @shared_task(soft_time_limit=60)
            def capture(job):
                try:
                    job.render()
                except Exception:  # the limit included: the job is marked and may be started again
                    job.fail()
            """,
            silence="a stated reason",
        ),
    ),
)

_SIGNS = (
    *(".retry(", "Retry(", "RetryJob", "RetryTask", "Ignore(", "Reject(", "CancelExecution"),
    *("RateLimitExceeded", "NackMessage", "RejectMessage"),
)
"""How such exceptions come up; where none of it stands, and no limit is set, nothing is followed."""

_FRAMEWORKS = ("celery", "billiard", "rq", "arq", "dramatiq", "huey", "aio-pika")
_LIMITS = frozenset({"soft_time_limit", "timeout"})


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every function with a clause that takes all errors."""
    tiers, text = context.project.tiers, context.project.store.text(module.path)
    own = (name.rpartition(".")[2] for name, tier in tiers.placing.of.items() if tier == "control-flow")
    signs = (*_SIGNS, *own)
    raised = any(sign in text.source for sign in signs)
    if not raised and not any(limit in text.source for limit in _LIMITS):
        return
    broad: dict[Function, list[ir.Handler]] = {}
    for site in tiers.sites(module.path):
        if site.function is not None:
            wide = [handler for handler in site.node.handlers if tiers.is_broad(site.scope, handler)]
            broad.setdefault(site.function, []).extend(wide)
    for function, handlers in broad.items():
        node = function.node
        is_near = raised and (node.decorators or any(text.has_word(sign, node.at[0], node.at[2]) for sign in signs))
        if handlers and (is_near or _sets_limit(node)):
            yield from _judge(function, handlers, context)


def _sets_limit(node: ir.FunctionDef) -> bool:
    calls = [decorator for decorator in node.decorators if isinstance(decorator, ir.Call)]
    return any(keyword.name in _LIMITS for call in calls for keyword in call.keywords)


def _judge(function: Function, handlers: list[ir.Handler], context: Context) -> Iterator[Finding]:
    graph = context.project.routines.graph(function)
    limits = dict(time_limits(context.project, function))
    limited: Graph | OverBudget | None = None
    if limits:
        policy = context.project.routines.policy(context.project.routines.of(function))
        limited = build(function.statements, _Limited(policy, tuple(limits)))
    for handler in handlers:
        if _tells_apart(handler) or states_reason(function, handler):
            continue
        for candidate in (graph, limited):
            found = _followed(candidate, handler, context.project.tiers) if isinstance(candidate, Graph) else None
            if found is not None:
                yield _finding(function, handler, *found, limits, context)
                break


def _tells_apart(handler: ir.Handler) -> bool:
    """Whether the clause asks for the class of what it caught."""
    return handler.name is not None and any(
        isinstance(call.func, ir.Name)
        and call.func.id in ("isinstance", "type")
        and mentions(call.args[:1], handler.name)
        for call in calls_of(handler.body)
    )


class _Limited(DerivedPolicy):
    """Any call and any await may be cut short by a time limit."""

    def __init__(self, inner: Policy, errors: tuple[str, ...]) -> None:
        super().__init__(inner)
        self._thrown = frozenset(Thrown(inner.hierarchy.canonical(error)) for error in errors)

    def raises(self, step: Step) -> Raises:
        known = self.inner.raises(step)
        if step.kind not in ("call", "await"):
            return known
        return Raises(known.thrown | self._thrown, always=known.always)


class _Swallowed(Watch[str]):
    """The control exception that the clause has taken."""

    def __init__(self, handler: ir.Handler, tiers: Tiers) -> None:
        super().__init__(start="")
        self._handler = handler
        self._tiers = tiers

    def along(self, edge: Edge, state: str) -> str:
        first = edge.target.steps[0] if edge.target.steps else None
        if first is None or first.kind != "catch" or first.node is not self._handler:
            return state
        return next((one.name for one in sorted(edge.thrown) if _is_control(one.name, self._tiers)), state)


def _is_control(name: str, tiers: Tiers) -> bool:
    """Whether this is an ordinary Exception by which a framework steers its tasks."""
    model = tiers.model(name)
    library = model.library if model is not None else ""
    steers = library in _FRAMEWORKS or name in tiers.placing.of
    return steers and tiers.tier(name) == "control-flow" and tiers.is_class(name, "Exception")


def _followed(graph: Graph, handler: ir.Handler, tiers: Tiers) -> tuple[str, ir.Node | None] | None:
    """The exception that is lost and what raises it, where the function can return after the clause."""
    path = find_path(graph, _Swallowed(handler, tiers), lambda block, state: block is graph.exit and state != "")
    if not isinstance(path, Path):
        return None
    for edge in path.edges:
        first = edge.target.steps[0] if edge.target.steps else None
        if first is not None and first.kind == "catch" and first.node is handler:
            names = [one.name for one in sorted(edge.thrown) if _is_control(one.name, tiers)]
            if names:
                return names[0], edge.step.node if edge.step is not None else None
    return None


def _finding(
    function: Function,
    handler: ir.Handler,
    name: str,
    raiser: ir.Node | None,
    limits: dict[str, ir.Keyword],
    context: Context,
) -> Finding:
    bare = name.rpartition(".")[2]
    limit = next((keyword for error, keyword in limits.items() if error.rpartition(".")[2] == bare), None)
    cause = (limit, f"this limit raises `{bare}`") if limit is not None else (raiser, f"`{bare}` is raised here")
    notes = (Note(context.path, cause[0].at, cause[1]),) if cause[0] is not None else ()
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} takes `{bare}`, and the task ends as if done",
        consequence="The framework never sees it: the task counts as a success and is not tried again."
        if limit is None
        else "The limit is spent and the task goes on, until the hard limit kills the process.",
        help=f"put `except {bare}: raise` before this clause",
        notes=notes,
        symbol=function.symbol,
        fix=_let_pass(function, handler, name, context),
    )


def _let_pass(function: Function, handler: ir.Handler, name: str, context: Context) -> Fix | None:
    """A clause before this one that raises again, with the import where the file has no name for the class."""
    spelled = context.project.tiers.bound_name(function, name)
    need = import_of(name) if spelled is None else None
    text = context.project.store.text(context.path)
    indent = text.line(handler.at[0])[: handler.at[1] - 1]
    if (spelled is None and need is None) or indent.strip():
        return None
    step = text.line(handler.body[0].at[0])[: handler.body[0].at[1] - 1].removeprefix(indent)
    step = "    " if handler.body[0].at[0] == handler.at[0] or step.strip() else step
    clause = f"except {spelled or NEEDED}:\n{indent}{step}raise\n{indent}"
    start = handler.at[:2]
    return Fix(f"let {name.rpartition('.')[2]} pass first", (Replace((*start, *start), clause, need),))
