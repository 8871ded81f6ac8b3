"""
A clause names a builtin exception, but the library around it raises one of its own of that name.

What it catches
    `except ConnectionError` or `except TimeoutError` with the builtin class, around nothing but
    calls of a library whose errors do not derive from it: redis, kombu, botocore, kafka, nats,
    requests, `subprocess` and others, by their models. And a clause for the error of a function that
    tenacity runs again: after its last attempt comes `RetryError` instead.

Why it hurts in production
    The retry, the reconnect, the fallback stands there and was reviewed, and it never runs:
    `redis.exceptions.ConnectionError` is no ConnectionError. On the first hiccup of the broker the
    error passes the clause and ends the worker.

What to do instead
    Name the library's class; `reraise=True` makes tenacity raise the last error itself.

When to ignore it
    Never, as long as the block holds only calls of that library.

Limits
    One call in the block that is not known, or that may raise the builtin class, silences the
    rule. So does a clause beside it that takes the library's error, and a library one of whose
    classes is a builtin one as well. Certain is a call of which the model states what it raises;
    where only its library is known, the finding is likely. Of a function that is run again, a clause
    around a call of methods that lead to it, by their names, is only likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import External, ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import Tiers, TrySite
from worker_lint.analysis.tiers.rewrapped import Rewrapped, rewrapped
from worker_lint.analysis.tiers.trying import Tried, tried_calls
from worker_lint.rule import NEEDED, Context, Finding, Fix, Note, Replace, Rule, bad, good, import_of
from worker_lint.source import ir

rule = Rule(
    code="ERR103",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    summary="A clause names a builtin exception where a library raises one of its own",
    words=(
        "ConnectionError",
        "ConnectionRefused",
        "ConnectionReset",
        "ConnectionAborted",
        "BrokenPipe",
        "TimeoutError",
        "tenacity",
    ),
    besides=("except", "tenacity"),
    product_only=True,
    silences=(
        "stdlib I/O in the same try",
        "unresolved calls in the same try",
        "imported under that name",
        "the library's class is taken, too",
        "the library's class derives from it",
    ),
    examples=(
        bad(
            "a reconnect that never happens",
            """
            import time
            import redis

            def consume(handle):
                client = redis.Redis()
                while True:
                    try:
                        item = client.blpop("jobs", timeout=1)
                    except ConnectionError:  # bad: redis.exceptions.ConnectionError
                        time.sleep(5)
                        continue
                    handle(item)
            """,
            repaired="""
            import time
            import redis

            def consume(handle):
                client = redis.Redis()
                while True:
                    try:
                        item = client.blpop("jobs", timeout=1)
                    except redis.exceptions.ConnectionError:  # bad: redis.exceptions.ConnectionError
                        time.sleep(5)
                        continue
                    handle(item)
            """,
        ),
        bad(
            "only the client is imported",
            """
            from redis import Redis

            def publish(client: Redis, log):
                try:
                    client.publish("up", "1")
                except ConnectionError:  # bad: redis.exceptions.ConnectionError
                    log.warning("redis is away", exc_info=True)
            """,
            repaired="""
            from redis import Redis
            from redis.exceptions import ConnectionError as RedisConnectionError

            def publish(client: Redis, log):
                try:
                    client.publish("up", "1")
                except RedisConnectionError:  # bad: redis.exceptions.ConnectionError
                    log.warning("redis is away", exc_info=True)
            """,
        ),
        bad(
            "a child that is never killed",
            """
            import subprocess

            class Runner:
                def run(self, command):
                    child = subprocess.Popen(command)
                    try:
                        return child.wait(timeout=30)
                    except TimeoutError:  # bad: subprocess.TimeoutExpired
                        child.kill()
                        return child.wait()
            """,
        ),
        bad(
            "after the last attempt comes another error",
            """
            import tenacity

            class UploadFailed(Exception):
                pass

            @tenacity.retry(retry=tenacity.retry_if_exception_type(UploadFailed), stop=tenacity.stop_after_attempt(3))
            def upload(text):
                if not send(text):
                    raise UploadFailed

            def report(text):
                try:
                    upload(text)
                except UploadFailed:  # bad: RetryError
                    print("cannot upload")
            """,
        ),
        good(
            "the last error itself",
            """
            import tenacity

            @tenacity.retry(stop=tenacity.stop_after_attempt(3), reraise=True)
            def upload(text):
                send(text)

            def report(text):
                try:
                    upload(text)
                except OSError:
                    print("cannot upload")
            """,
            silence="the library's class is taken, too",
        ),
        good(
            "a socket, too",
            """
            import redis
            import socket

            def consume(client: redis.Redis, address):
                try:
                    connection = socket.create_connection(address)
                    client.publish("up", "1")
                except ConnectionError:
                    return None
                return connection
            """,
            silence="stdlib I/O in the same try",
        ),
        good(
            "who knows what the hook raises",
            """
            import redis

            def consume(client: redis.Redis, hook):
                try:
                    client.publish("up", "1")
                    hook()
                except ConnectionError:
                    return None
            """,
            silence="unresolved calls in the same try",
        ),
        good(
            "the library's class under that name",
            """
            import redis
            from redis.exceptions import ConnectionError

            def consume(client: redis.Redis):
                try:
                    return client.blpop("jobs", timeout=1)
                except ConnectionError:
                    return None
            """,
            silence="imported under that name",
        ),
        good(
            "both",
            """
            import redis

            def consume(client: redis.Redis):
                try:
                    return client.blpop("jobs", timeout=1)
                except ConnectionError:
                    return None
                except redis.ConnectionError:
                    return None
            """,
            silence="the library's class is taken, too",
        ),
        good(
            "aiormq's class is a builtin one as well",
            """
            import aio_pika

            async def connect(url):
                try:
                    return await aio_pika.connect_robust(url)
                except ConnectionError:
                    return None
            """,
            silence="the library's class derives from it",
        ),
        good(
            "one of aiohttp's classes has a second base",
            """
            from aiohttp import web

            async def send(response: web.StreamResponse, frame):
                try:
                    await response.write(frame)
                except ConnectionError:
                    return False
                return True
            """,
            silence="the library's class derives from it",
        ),
    ),
)

_KINDS = {
    "ConnectionError": "connection",
    "ConnectionRefusedError": "connection",
    "ConnectionResetError": "connection",
    "ConnectionAbortedError": "connection",
    "BrokenPipeError": "connection",
    "TimeoutError": "timeout",
}
"""Builtin classes, and the word by which a library's class for the same trouble is told."""


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause for one of these builtin classes."""
    tiers = context.project.tiers
    yield from (_retried(one, context) for one in rewrapped(context.project, module.path))
    for site in tiers.sites(module.path):
        if not _names_builtin(site):
            continue
        caught = [tiers.caught(site.scope, handler) for handler in site.node.handlers]
        named = {name for names in caught for name in names}
        if None in named or not named & _KINDS.keys() or any(find(ir.Raise, site.node.body)):
            continue
        calls = list(tried_calls(site))
        if not calls or not all(one.is_known for one in calls) or _enters(site):
            continue
        for handler, names in zip(site.node.handlers, caught, strict=True):
            yield from _judge(site, handler, [name for name in names if name in _KINDS], named, calls, context)


def _retried(found: Rewrapped, context: Context) -> Finding:
    """A clause for the error of a function that is run again; at the decorator when the clause is elsewhere."""
    is_here = found.path == context.path
    function = found.function
    note = (function.path, found.at, "run again here") if is_here else (found.path, found.clause, "waits in vain")
    return Finding(
        at=found.clause if is_here else found.at,
        message=f"`{function.name}` raises `RetryError` after its last attempt, not `{found.shown}`",
        consequence=f"The clause for `{found.shown}` is never entered: the error passes it.",
        help="pass `reraise=True`, or name `tenacity.RetryError`",
        notes=(Note(*note),),
        symbol=function.symbol,
        confidence="certain" if found.is_sure else "likely",
    )


def _names_builtin(site: TrySite) -> bool:
    """Whether a clause has one of the names in question in its text."""
    clauses = [handler.exception for handler in site.node.handlers if handler.exception is not None]
    return any(node.id in _KINDS for node in find(ir.Name, clauses))


def _enters(site: TrySite) -> bool:
    """Whether the body enters contexts or runs through iterators, which may do anything."""
    return any(isinstance(node, (ir.With, ir.For, ir.Yield)) for node in find(ir.Node, site.node.body))


def _judge(
    site: TrySite,
    handler: ir.Handler,
    builtin: list[str | None],
    named: set[str | None],
    calls: list[Tried],
    context: Context,
) -> Iterator[Finding]:
    tiers = context.project.tiers
    for name in builtin:
        if name is None:
            continue
        meant = {_meant(one, name, tiers) for one in calls if one.home}
        if not meant or "" in meant or any(tiers.is_class(own, str(taken)) for own in meant for taken in named):
            continue
        own = min(meant)
        homes = [one for one in calls if one.home]
        yield _finding(site, handler, name, own, next(filter(_is_stated, homes), homes[0]), context)
        return


def _meant(one: Tried, builtin: str, tiers: Tiers) -> str:
    """The library's class for the trouble that the builtin class stands for; "" when there is none apart."""
    beside = tiers.project.models.errors_beside(one.home)
    word = _KINDS[builtin]
    alike = [
        name
        for name, tier in beside.items()
        if tier in ("recoverable", "idle") and word in name.rpartition(".")[2].lower()
    ]
    if any(tiers.is_also(name, builtin) or tiers.is_open(name) for name in alike):
        return ""
    if one.model is not None and one.model.library == "python" and not _has_timeout(one.call):
        return ""
    if one.model is not None and one.model.raises not in (None, "never"):
        raised = one.model.raises or ()
        if not any(tiers.is_class(name, above) or tiers.is_class(above, name) for name in alike for above in raised):
            return ""
    same = [name for name in alike if name.rpartition(".")[2] == builtin]
    return (same or sorted(alike) or [""])[0]


def _has_timeout(call: ir.Call) -> bool:
    return any(keyword.name == "timeout" for keyword in call.keywords)


def _is_stated(tried: Tried) -> bool:
    """Whether the model says what the call raises, and not only which library it belongs to."""
    return tried.model is not None and isinstance(tried.model.raises, tuple)


def _finding(site: TrySite, handler: ir.Handler, name: str, own: str, tried: Tried, context: Context) -> Finding:
    at = handler.exception.at if handler.exception is not None else handler.at
    for item in find(ir.Name, (handler.exception,) if handler.exception is not None else ()):
        if context.project.tiers.named(site.scope, item) == (name,):
            at = item.at
    return Finding(
        at=at,
        message=f"builtin `{name}`, but the call raises `{own}`",
        consequence=f"`{own}` does not derive from `{name}`: it passes this clause as if it were not there.",
        help=f"name `{own}`",
        notes=(Note(context.path, tried.call.at, f"raises `{own}`"),),
        symbol=site.scope.symbol,
        fix=_named_rightly(site, at, own),
        confidence="certain" if _is_stated(tried) else "likely",
    )


def _named_rightly(site: TrySite, at: ir.At, own: str) -> Fix | None:
    """The library's class in its place, by the package where the file imports that whole, else with its import."""
    bound = site.scope.project.tiers.bound_name(site.scope, own)
    if bound is not None:
        return Fix(f"name `{own}`", (Replace(at, bound),))
    top = own.partition(".")[0]
    if site.scope.project.names.name(site.scope, top) == (External(top),):
        return Fix(f"name `{own}`", (Replace(at, own),))
    need = import_of(own)
    return Fix(f"name `{own}`", (Replace(at, NEEDED, need),)) if need is not None else None
