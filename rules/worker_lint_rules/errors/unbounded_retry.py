"""
Something that fails is tried again without any limit.

What it catches
    A retry decorator or loop object of tenacity or backoff without a limit, so that its default
    holds, which is "for ever"; `max_retries=None` of a Celery task; and a limit that is looked at
    with `if limit and attempts >= limit:` in an endless loop, where a limit of 0 means "for ever",
    too. Also a class that puts what failed back into its queue, and whose limit is None unless
    somebody sets it.

Why it hurts in production
    What fails for good, such as a message that no code can handle or a wrong address, is tried
    for the lifetime of the process. It blocks the worker, and in a queue it takes turns with the
    good messages until there are only bad ones left.

What to do instead
    Give a limit in attempts or in time, and decide what happens then: dead-letter, or stop.
    Compare a limit with `is not None`, so that 0 means none.

When to ignore it
    Where the process has nothing to do until it succeeds, such as the wait for a broker at its
    start; write that as the reason.

Limits
    Decorators of a function with an endless loop of its own, and those with arguments that cannot
    be read (`**options`), are let pass. Certain is what is wrong with a limit of 0, and a limit that is None
    although the text of its class promises a maximum: else to try for ever may be what is wanted. Hand-written
    loops are the matter of other rules.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, External, Function, ModuleScope, Scope
from worker_lint.analysis.flow import find
from worker_lint.analysis.limits import unlimited_by_default
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.tiers import TrySite, raises_anything
from worker_lint.analysis.tiers.loops import is_endless, leaves_loop
from worker_lint.analysis.tiers.reasons import is_reason
from worker_lint.analysis.tiers.sites import scopes_with
from worker_lint.analysis.visit import given_to
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.parts import LIMIT_ASKED

rule = Rule(
    code="ERR111",
    severity="warning",
    stage="certain",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="Something that fails is tried again without any limit",
    words=("retries", "attempts", "max_tries", "backoff", "tenacity"),
    besides=("except", "@", "max_"),
    product_only=True,
    yields_to=("ERR113", "ERR104", "MSG103"),
    silences=(
        "service loop",
        "asked for by the project",
        "a limit is given",
        "library bounds it",
        "a stated reason",
        "options that cannot be read",
    ),
    examples=(
        bad(
            "the defaults of a decorator",
            """
            from tenacity import retry, wait_fixed

            @retry  # bad
            def store(order):
                database.insert(order)

            @retry(wait=wait_fixed(2))  # bad
            def load(order):
                return database.load(order)
            """,
            is_likely=True,
        ),
        bad(
            "no limit in attempts or time",
            """
            import backoff
            import requests

            @backoff.on_exception(backoff.expo, requests.RequestException)  # bad
            def send(order):
                return requests.post("https://orders.example", json=order, timeout=5)
            """,
            is_likely=True,
        ),
        bad(
            "a task that is tried for ever",
            """
            from celery import shared_task

            @shared_task(bind=True, max_retries=None)  # bad
            def send(self, order):
                try:
                    deliver(order)
                except ConnectionError as error:
                    raise self.retry(exc=error)
            """,
            is_likely=True,
        ),
        bad(
            "zero means for ever",
            """
            import itertools

            def call(function, max_retries=None):
                for attempt in itertools.count():
                    try:
                        return function()
                    except OSError:
                        if max_retries and attempt >= max_retries:  # bad
                            raise
            """,
        ),
        good(
            "limits",
            """
            import backoff
            from tenacity import retry, stop_after_attempt

            @retry(stop=stop_after_attempt(5))
            def store(order):
                database.insert(order)

            @backoff.on_exception(backoff.expo, OSError, max_time=60)
            def send(order):
                deliver(order)

            def call(function, max_retries=None):
                attempt = 0
                while True:
                    try:
                        return function()
                    except OSError:
                        if max_retries is not None and attempt >= max_retries:
                            raise
                    attempt += 1
            """,
            silence="a limit is given",
        ),
        bad(
            "no limit unless somebody sets one",
            """
            class Retries:
                def __init__(self, max_retries=None):  # bad
                    self.max_retries = max_retries

                def after_failure(self, broker, message):
                    limit = message.options.get("max_retries", self.max_retries)
                    if limit is not None and message.retries >= limit:
                        return
                    broker.enqueue(message, delay=15)
            """,
            is_likely=True,
        ),
        bad(
            "a maximum that is promised, and not kept",
            """
            class Retries:
                '''Puts failed messages back. `max_retries` is the maximum number of times that one is tried.'''

                def __init__(self, max_retries=None):  # bad
                    self.max_retries = max_retries

                def after_failure(self, broker, message):
                    if self.max_retries is not None and message.retries >= self.max_retries:
                        return
                    broker.enqueue(message, delay=15)
            """,
        ),
        good(
            "twenty unless somebody sets another one",
            """
            class Retries:
                def __init__(self, max_retries=20):
                    self.max_retries = max_retries

                def after_failure(self, broker, message):
                    if self.max_retries is not None and message.retries >= self.max_retries:
                        return
                    broker.enqueue(message, delay=15)
            """,
            silence="a limit is given",
        ),
        good(
            "for ever, and it says so",
            """
            class Retries:
                def __init__(self, max_retries=None):
                    self.max_retries = max_retries  # None: without limit, an operator looks at the queue

                def after_failure(self, broker, message):
                    if self.max_retries is not None and message.retries >= self.max_retries:
                        return
                    broker.enqueue(message, delay=15)
            """,
            silence="a stated reason",
        ),
        good(
            "Celery's default is three",
            """
            from celery import shared_task

            @shared_task(autoretry_for=(OSError,))
            def send(order):
                deliver(order)
            """,
            silence="library bounds it",
        ),
        good(
            "the worker's own loop is restarted",
            """
            from tenacity import retry, wait_fixed

            @retry(wait=wait_fixed(5))
            def consume(channel):
                while True:
                    handle(channel.get())
            """,
            silence="service loop",
        ),
        good(
            "the task itself says when it is worth it",
            """
            import tenacity

            class CredentialsExpired(Exception):
                pass

            @tenacity.retry(retry=tenacity.retry_if_exception_type(CredentialsExpired), reraise=True)
            def wait_for(pod):
                try:
                    pod.wait()
                except OSError as error:
                    if pod.renew():
                        raise CredentialsExpired from error
                    raise
            """,
            silence="asked for by the project",
        ),
        good(
            "waiting for the broker at the start",
            """
            from tenacity import retry, wait_fixed

            # Nothing can be done before the broker is up.
            @retry(wait=wait_fixed(5))
            def connect(url):
                return open_channel(url)
            """,
            silence="a stated reason",
        ),
        good(
            "who knows what is in there",
            """
            from tenacity import retry

            OPTIONS = load_options()

            @retry(**OPTIONS)
            def store(order):
                database.insert(order)
            """,
            silence="options that cannot be read",
        ),
    ),
)


_OVER = (">", ">=", "==")


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every decorator with the meaning of a retry, and every limit in an endless loop."""
    for scope in scopes_with(context.project, module.path, "@"):
        if isinstance(scope, Function):
            for decorator in scope.node.decorators:
                yield from _decorated(scope, decorator, context)
    for site in context.project.tiers.sites(module.path, LIMIT_ASKED):
        if site.function is not None and site.loops and is_endless(site.scope, site.loops[0]):
            yield from _truthy_limits(site, site.function, context)
    for cls in context.project.classes_in(module.path):
        for param, test, again, is_promised in unlimited_by_default(cls):
            yield Finding(
                at=param.at,
                message=f"`{param.name}` is None by default: what fails is put back without any limit",
                consequence="A message that always fails goes round for ever, and takes the turns of good ones.",
                help="give a number as the default, and let None be asked for",
                notes=(
                    Note(context.path, test.at, "the limit counts only where somebody has set it"),
                    Note(context.path, again.at, "put back here"),
                ),
                symbol=cls.symbol,
                confidence="certain" if is_promised else "likely",
            )


def _decorated(function: Function, decorator: ir.Expr, context: Context) -> Iterator[Finding]:
    call = decorator if isinstance(decorator, ir.Call) else None
    scope = function.parent or function
    model = context.project.calls.handed(scope, call.func if call is not None else decorator).model
    if model is None or not model.facts.retry_limits or not _is_unlimited(model, call):
        return
    if _serves(function) or _has_reason(scope, decorator) or (call is not None and _is_asked_for(scope, call)):
        return
    limits = " or ".join(f"`{name}=`" for name in model.facts.retry_limits)
    yield Finding(
        at=decorator.at,
        message=f"`{function.name}` is tried again without any limit",
        consequence="What fails for good is tried for the lifetime of the process, and blocks what comes after it.",
        help=f"give {limits}, and decide what happens then",
        notes=(Note(context.path, function.node.name_at, "this is what is tried for ever"),),
        symbol=function.symbol,
    )


def _is_unlimited(model: ModelFunction, call: ir.Call | None) -> bool:
    facts = model.facts
    if call is not None and any(keyword.name is None for keyword in call.keywords):
        return False
    given = [one.value for one in (call.keywords if call is not None else ()) if one.name in facts.retry_limits]
    if not given:
        return facts.default_retry_limit == "none"
    return all(isinstance(value, ir.Constant) and value.kind == "none" for value in given)


def _is_asked_for(scope: Scope, call: ir.Call) -> bool:
    """Whether only exceptions of the project itself lead to a further attempt: its code asks for that, and decides."""
    tiers = scope.project.tiers
    given = given_to(call)
    named = [node for one in given for node in find(ir.Node, (one,)) if isinstance(node, (ir.Name, ir.Attribute))]
    targets = [target for node in named for target in scope.project.names.expr(scope, node)]
    classes = [one for one in targets if isinstance(one, (Class, External)) and tiers.name_of(one) is not None]
    return bool(classes) and all(isinstance(one, Class) for one in classes)


def _serves(function: Function) -> bool:
    """Whether the function is a worker's loop itself, which is meant to be started again."""
    whiles = any(is_endless(function, loop) for loop in find(ir.While, function.statements))
    return whiles or any(is_endless(function, loop) for loop in find(ir.For, function.statements))


def _has_reason(scope: Scope, decorator: ir.Expr) -> bool:
    text = scope.project.store.text(scope.path)
    return any(is_reason(text.comment(line)) for line in range(decorator.at[0] - 1, decorator.at[2] + 1))


def _truthy_limits(site: TrySite, function: Function, context: Context) -> Iterator[Finding]:
    """`if limit and attempts >= limit: raise`, where the limit is a parameter that is None by default."""
    optional = {
        param.name
        for param in function.node.params
        if isinstance(param.default, ir.Constant) and param.default.kind == "none"
    }
    for handler in site.node.handlers:
        for branch in find(ir.If, handler.body):
            name = _truthy_limit(branch.test, _counted(site, function))
            if name in optional and (raises_anything(branch.body) or leaves_loop(branch.body)):
                yield Finding(
                    at=branch.test.at,
                    message=f"a `{name}` of 0 is taken for no limit at all",
                    consequence="Who asks for no further attempt gets endless ones: the loop never ends.",
                    help=f"write `{name} is not None and …`",
                    notes=(
                        Note(context.path, site.loops[0].at[:2] + site.node.at[:2], "this loop ends only by that test"),
                    ),
                    symbol=function.symbol,
                    confidence="certain",
                )


def _counted(site: TrySite, function: Function) -> frozenset[str]:
    """The names that count turns: of an endless `for`, or raised by a whole number."""
    loop = site.loops[0]
    found = {loop.target.id} if isinstance(loop, ir.For) and isinstance(loop.target, ir.Name) else set()
    for node in find(ir.AugAssign, function.statements):
        if isinstance(node.target, ir.Name) and isinstance(node.value, ir.Constant) and node.value.kind == "int":
            found.add(node.target.id)
    return frozenset(found)


def _truthy_limit(test: ir.Expr, counted: frozenset[str]) -> str | None:
    """The name in `name and counted >= name`. A time limit of 0 means none by custom; a count does not."""
    if not isinstance(test, ir.BoolOp) or test.op != "and" or not isinstance(test.values[0], ir.Name):
        return None
    name = test.values[0].id
    for value in test.values[1:]:
        left = value.left if isinstance(value, ir.Compare) else None
        if isinstance(value, ir.Compare) and isinstance(left, ir.Name) and left.id in counted and value.ops[0] in _OVER:
            if any(isinstance(one, ir.Name) and one.id == name for one in value.operands):
                return name
    return None
