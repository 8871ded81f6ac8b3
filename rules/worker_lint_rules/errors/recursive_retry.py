"""
A function retries by calling itself from its own except clause.

What it catches
    In a clause for every error, or for errors of the network: a call of the function around it
    with the same arguments, for which nothing counts the attempts. Also one that counts them but
    leaves out a parameter, which then has its default; and one that sleeps between its attempts
    and whose limit is a setting, so that whoever wants to sit out a long outage meets the limit of
    the stack first.

Why it hurts in production
    Each failed attempt adds a frame. During an outage the stack grows until RecursionError, a
    thousand attempts later: the worker that was to survive the outage dies of it, with a
    traceback of a thousand chained exceptions. Cleanup in `finally` waits for all of them.

What to do instead
    A loop with a bounded number of attempts and a growing delay.

When to ignore it
    Where what failed once cannot fail again.

Limits
    A call with other arguments, under a condition, or beside any comparison of a count, is taken to be bounded. Only
    direct recursion is seen. Certain is a retry that sleeps first, or that follows nothing but the end of a wait, with
    no limit asked for in the clause, and one that leaves out what the attempt itself is given; others may be there
    for what cannot come twice, and are likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite
from worker_lint.analysis.tiers.retrying import (
    compares_count,
    counts_up,
    fails_first,
    gives_up_first,
    hands_on_the_same,
    is_folded_in,
    is_handed_to,
    is_read,
    is_waited_out,
    left_out,
    limit_setting,
    uses_something_up,
)
from worker_lint.analysis.tiers.trying import calls_itself
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.handling import CALLS_ITSELF

rule = Rule(
    code="ERR113",
    severity="error",
    stage="preview",
    summary="A function retries by calling itself",
    words=(CALLS_ITSELF,),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "bounded by an argument",
        "a count is compared",
        "other arguments",
        "an expected class",
        "only under a condition",
        "handed on in another argument",
        "the new connection fails first",
        "each call uses something up",
    ),
    examples=(
        bad(
            "connect again and again",
            """
            import time

            class Client:
                def connect(self):
                    try:
                        self.socket.connect(self.address)
                    except ConnectionError:
                        time.sleep(1)
                        self.connect()  # bad: connect
            """,
        ),
        bad(
            "a coroutine that awaits itself",
            """
            import asyncio

            async def publish(channel, message):
                try:
                    await channel.publish(message)
                except Exception as error:
                    print(error)
                    await asyncio.sleep(5)
                    return await publish(channel, message)  # bad: publish
            """,
        ),
        bad(
            "the second attempt forgets what was asked for",
            """
            import time

            def create_pool(settings, retry=0, tls=None):
                try:
                    return open_pool(settings, tls)
                except OSError:
                    if retry >= settings.retries:
                        raise
                    time.sleep(1)
                return create_pool(settings, retry=retry + 1)  # bad: leaves out `tls`
            """,
        ),
        bad(
            "as deep as a setting allows",
            """
            import time

            def create_pool(settings, retry=0, tls=None):
                try:
                    return open_pool(settings, tls)
                except OSError:
                    if retry >= settings.retries:
                        raise
                    time.sleep(1)
                return create_pool(settings, retry=retry + 1, tls=tls)  # bad: settings.retries
            """,
        ),
        good(
            "every argument is handed on, for five attempts",
            """
            import time

            def create_pool(settings, retry=0, tls=None):
                try:
                    return open_pool(settings, tls)
                except OSError:
                    if retry >= 5:
                        raise
                    time.sleep(1)
                return create_pool(settings, retry=retry + 1, tls=tls)
            """,
            silence="bounded by an argument",
        ),
        good(
            "the attempts are counted down",
            """
            def fetch(client, attempts):
                try:
                    return client.fetch()
                except Exception:
                    return fetch(client, attempts - 1)
            """,
            silence="bounded by an argument",
        ),
        good(
            "a counter on the object",
            """
            class Client:
                def connect(self):
                    try:
                        self.open()
                    except ConnectionError:
                        self.failures += 1
                        if self.failures < 5:
                            self.connect()
            """,
            silence="a count is compared",
        ),
        good(
            "a second way",
            """
            def load(path, strict=True):
                try:
                    return parse(path, strict)
                except Exception:
                    return load(path, False)
            """,
            silence="other arguments",
        ),
        good(
            "the cause is removed first",
            """
            import os

            def save(path, data):
                try:
                    path.write_bytes(data)
                except FileNotFoundError:
                    os.makedirs(path.parent)
                    save(path, data)
            """,
            silence="an expected class",
        ),
        good(
            "connected anew first",
            """
            import socket

            class Proxy:
                def connect(self):
                    self.sock = socket.socket()
                    self.sock.connect(("localhost", 8085))

                def ask(self, question):
                    try:
                        self.sock.sendall(question)
                        return self.sock.recv(100)
                    except OSError:
                        self.connect()
                        return self.ask(question)
            """,
            silence="the new connection fails first",
        ),
        good(
            "a second place to look",
            """
            import sys

            def load(name, folder):
                try:
                    return import_class(name)
                except Exception:
                    if folder not in sys.path:
                        sys.path.insert(0, folder)
                        return load(name, folder)
                    raise
            """,
            silence="only under a condition",
        ),
        good(
            "the next key of a list",
            """
            class Client:
                def offer(self):
                    for path in self.paths:
                        if path not in self.used:
                            break
                    else:
                        return None
                    self.used.append(path)
                    try:
                        return load(path)
                    except OSError:
                        return self.offer()
            """,
            silence="each call uses something up",
        ),
        good(
            "somebody decides whether it is worth it",
            """
            class Gateway:
                async def fetch(self, address):
                    try:
                        return await self.client.fetch(address)
                    except Exception as error:
                        if not self.is_retryable(error):
                            raise
                        return await self.fetch(address)
            """,
            silence="only under a condition",
        ),
        good(
            "the prefix is in the name",
            """
            def find(page, name, prefix="", attempt=0):
                name = f"{prefix}{name}"
                try:
                    return page.find(name)
                except Exception:
                    if attempt < 2:
                        return find(page, name, attempt=attempt + 1)
                    raise
            """,
            silence="handed on in another argument",
        ),
        good(
            "only planned, not awaited",
            """
            import asyncio

            class Client:
                async def connect(self):
                    try:
                        await self.open()
                    except ConnectionError:
                        self.task = asyncio.create_task(self.connect())
            """,
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause for trouble that may last, in a function."""
    text = context.project.store.text(module.path)
    for site in context.project.tiers.sites(module.path, CALLS_ITSELF):
        function = site.function
        if function is None or not text.has_word(function.name, site.node.body[-1].at[2], function.node.at[2]):
            continue
        lasting = [handler for handler in site.node.handlers if _may_last(site, handler, context)]
        for handler in lasting:
            if not compares_count(handler):
                yield from _judge(site, handler, context)
        if lasting:
            yield from _forgets(site, context)


def _may_last(site: TrySite, handler: ir.Handler, context: Context) -> bool:
    """Whether the clause takes all errors, or such as come from outside and come again."""
    tiers = context.project.tiers
    for name in tiers.caught(site.scope, handler):
        if name in ("Exception", "BaseException", "OSError", "IOError"):
            return True
        if name is not None and tiers.tier(name) == "recoverable":
            return True
    return False


def _forgets(site: TrySite, context: Context) -> Iterator[Finding]:
    """
    A retry in a clause, or behind the statement that is entered again, that counts its attempts but
    leaves out a parameter with a default: from the second attempt on it has the default.
    """
    function = site.function
    if function is None or site.block is not function.statements:
        return
    handled = tuple(statement for handler in site.node.handlers for statement in handler.body)
    behind = site.block[site.block.index(site.node) + 1 :]
    for call in find(ir.Call, (*handled, *behind)):
        if not calls_itself(site, call) or not counts_up(function.node.params, call):
            continue
        lost = [one for one in left_out(function.node, call) if is_read(function, one)]
        lost = [one for one in lost if not is_folded_in(function, call, one)]
        if lost:
            yield Finding(
                at=call.at,
                message=f"the retry of `{function.name}` leaves out `{lost[0]}`",
                consequence=f"From the second attempt on `{lost[0]}` has its default, whatever the caller asked for.",
                help=f"hand on `{lost[0]}={lost[0]}`, or retry in a loop",
                notes=(Note(context.path, site.node.body[0].at, "this attempt has what the caller gave"),),
                symbol=function.symbol,
                confidence="certain" if is_handed_to(site, lost[0]) else "likely",
            )
        elif (limit := limit_setting(site)) is not None:
            yield _deep(function, call, limit, context)


def _deep(function: Function, call: ir.Call, limit: ir.Attribute, context: Context) -> Finding:
    return Finding(
        at=call.at,
        message=f"each attempt of `{function.name}` is a frame deeper, up to `{ir.dotted_name(limit) or limit.name}`",
        consequence="A limit that is large enough for a long outage ends in RecursionError instead.",
        help="retry in a loop",
        notes=(Note(context.path, limit.at, "whoever sets this decides the depth of the stack"),),
        symbol=function.symbol,
        confidence="likely",
    )


def _judge(site: TrySite, handler: ir.Handler, context: Context) -> Iterator[Finding]:
    function = site.function
    if function is None or uses_something_up(function) or gives_up_first(handler):
        return
    guarded = [branch.at for branch in find(ir.If, handler.body)]
    awaited = {one.value.at for one in find(ir.Await, handler.body)}
    for call in find(ir.Call, handler.body):
        if function.node.is_async and call.at not in awaited:
            continue
        if any(at[:2] <= call.at[:2] and call.at[2:] <= at[2:] for at in guarded):
            continue  # what the condition asks for may have changed by then
        if fails_first(site, handler, call):
            continue  # as long as the trouble lasts, the clause raises before it gets here
        if calls_itself(site, call) and hands_on_the_same(function, call):
            yield Finding(
                at=call.at,
                message=f"`{function.name}` retries by calling itself",
                consequence="Each failed attempt adds a frame: a long outage ends in RecursionError.",
                help="retry in a loop with a limit and a growing delay",
                notes=(Note(context.path, site.node.body[0].at, "what fails is tried again one frame deeper"),),
                symbol=function.symbol,
                confidence="certain" if is_waited_out(site, handler, call) else "likely",
            )
