"""
A return, break or continue in a finally block throws away the exception that is passing.

What it catches
    `return` anywhere in a `finally` block, and `break` or `continue` there that leaves the block
    for a loop around the `try` statement.

Why it hurts in production
    While an exception passes, the jump ends it: the caller sees a normal result. A consumer that
    returns from `finally` reports each failed message as done; in a coroutine the jump takes
    the cancellation, so that the stop of the worker waits for ever. It also takes
    KeyboardInterrupt and SystemExit.

What to do instead
    Let `finally` only clean up. Put the jump behind the `try` statement, or into the `except`
    clause of the exceptions that are meant.

When to ignore it
    Never; Python 3.14 warns of it, too (PEP 765).

Limits
    A jump whose `try` statement already takes every exception, in a clause that raises none, is
    let pass: nothing is left that could be lost. So is one under a test that only a block that has
    done its work can meet.
    A finding is only likely where a clause takes every error and the block awaits nothing, so
    that the exit of the process alone can be lost; where what is returned is bound in the block;
    where the jump stands under a test of what the block has set; and where a comment beside it
    says that it is meant. So it is where a block that awaits nothing calls only functions that take
    their errors themselves, or is one call that is made again by what is returned; where its one
    call is into a library whose error a clause logs, and what is returned says that it failed; and
    where the jump ends a clause inside `finally` that logs why the clean-up failed.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope, inner_blocks
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite, awaits_in, raises_anything
from worker_lint.analysis.tiers.after_success import asks_how_it_went, is_after_success
from worker_lint.analysis.tiers.answering import is_answered
from worker_lint.analysis.tiers.names import bound_names
from worker_lint.analysis.tiers.reasons import is_reason
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.handling import JUMP_IN_FINALLY

rule = Rule(
    code="ERR116",
    severity="error",
    stage="certain",
    summary="A jump out of a finally block discards the exception",
    words=(JUMP_IN_FINALLY,),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("inner loop", "nothing left to lose", "inner function", "only after success"),
    examples=(
        bad(
            "a handler that reports every message as done",
            """
            def handle(queue, message):
                done = False
                try:
                    process(message)
                    done = True
                finally:
                    queue.task_done()
                    return done  # bad: return
            """,
            is_likely=True,
        ),
        bad(
            "a loop that nothing can end",
            """
            async def consume(queue, handle):
                while True:
                    message = await queue.get()
                    try:
                        await handle(message)
                    finally:
                        queue.task_done()
                        continue  # bad: continue
            """,
            is_likely=True,
        ),
        bad(
            "only on one way",
            """
            def drain(channel, limit):
                for count, message in enumerate(channel):
                    try:
                        message.process()
                    finally:
                        message.close()
                        if count > limit:
                            break  # bad: break
            """,
            is_likely=True,
        ),
        good(
            "the loop is inside the block",
            """
            def close(channels):
                try:
                    channels.drain()
                finally:
                    for channel in channels:
                        if not channel.is_open:
                            continue
                        channel.close()
                        break
            """,
            silence="inner loop",
        ),
        good(
            "every exception is dealt with before",
            """
            import logging

            def probe(client):
                healthy = False
                try:
                    client.ping()
                    healthy = True
                except BaseException:
                    logging.exception("the probe failed")
                finally:
                    client.close()
                    return healthy
            """,
            silence="nothing left to lose",
        ),
        bad(
            "the flag is set before the block has done its work",
            """
            import logging

            class Link:
                async def start(self):
                    try:
                        queue, self.queue = self.queue, None
                        await self.connect(queue)
                    except Exception:
                        logging.exception("not connected")
                    finally:
                        if self.queue is None:
                            return  # bad: return
                        self.close()
            """,
            is_likely=True,
        ),
        good(
            "the flag says that all has been done",
            """
            import logging

            class Link:
                async def start(self):
                    try:
                        await self.connect()
                        queue = self.queue
                        self.queue = None
                        for message in queue:
                            self.send(message)
                    except Exception:
                        logging.exception("not connected")
                    finally:
                        if self.queue is None:
                            return
                        self.close()
            """,
            silence="only after success",
        ),
        good(
            "the code was read",
            """
            def result(answer, stats):
                code = None
                try:
                    code = Code(answer["code"])
                except ValueError as error:
                    raise AnswerError(answer) from error
                finally:
                    stats.count(code)
                    if code is None:
                        stats.warn(answer)
                    elif code == Code.OK:
                        return answer["data"]
                raise CodeError(code)
            """,
            silence="only after success",
        ),
        good(
            "a function that is only defined there",
            """
            def stop(worker, loop):
                try:
                    worker.drain()
                finally:
                    def ended():
                        return worker.is_done
                    loop.call_soon(ended)
            """,
            silence="inner function",
        ),
        good(
            "the jump comes after the clean-up",
            """
            def handle(queue, message):
                try:
                    process(message)
                finally:
                    queue.task_done()
                return True
            """,
        ),
    ),
)

_WANTED = re.compile(r"B012|SIM107|lost-exception|return-in-finally|W0150")

_LOST = {
    "return": "the caller gets a normal result",
    "break": "the loop ends as if nothing had happened",
    "continue": "the loop goes on with the next turn",
}


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every finally block of the file."""
    for site in context.project.tiers.sites(module.path, JUMP_IN_FINALLY):
        if site.node.final and not _takes_everything(site, context):
            for jump in _jumps(site.node.final, in_loop=False):
                if not is_after_success(site, jump):
                    yield _finding(site, jump, context)


def _takes_everything(site: TrySite, context: Context) -> bool:
    """Whether clauses take every exception, and none of them, nor the else block, raises another."""
    tiers = context.project.tiers
    if site.node.orelse or any(raises_anything(handler.body) for handler in site.node.handlers):
        return False
    return any("BaseException" in tiers.caught(site.scope, handler) for handler in site.node.handlers)


def _is_sure(site: TrySite, jump: ir.Return | ir.Simple, context: Context) -> bool:
    """Whether an error that nobody wanted to lose surely meets the jump."""
    if _needs_the_block(site, jump) or asks_how_it_went(site, jump) or _is_meant(site, jump):
        return False
    return _loses_errors(site, context) and not is_answered(site, jump)


def _is_meant(site: TrySite, jump: ir.Return | ir.Simple) -> bool:
    """Whether a comment on the jump, or above it, gives a reason, or tells a checker of just this to be still."""
    text = site.scope.project.store.text(site.scope.path)
    comments = [text.comment(line) for line in range(jump.at[0] - 1, jump.at[0] + 1)]
    return any(_WANTED.search(one) or is_reason(one) for one in comments)


def _loses_errors(site: TrySite, context: Context) -> bool:
    """Whether ordinary errors, or the cancellation of a task, can be on their way; an exit seldom meets the block."""
    tiers, handlers = context.project.tiers, site.node.handlers
    if awaits_in(site.node.body) or not any(tiers.is_broad(site.scope, one) for one in handlers):
        return any(True for _ in find(ir.Call, site.node.body)) or awaits_in(site.node.body)
    return any(raises_anything(one.body) for one in handlers)


def _needs_the_block(site: TrySite, jump: ir.Return | ir.Simple) -> bool:
    """Whether what is returned is bound in the block alone: where that fails early, the `return` itself fails, too."""
    if not isinstance(jump, ir.Return) or site.function is None:
        return False
    params = {param.name for param in site.function.node.params}
    before = {
        name for node in find(ir.Assign, site.scope.statements) if node.at < site.node.at for name in bound_names(node)
    }
    inside = {name for node in find(ir.Assign, site.node.body) for name in bound_names(node)}
    return any(read.id in inside - before - params for read in find(ir.Name, (jump,)))


def _jumps(block: tuple[ir.Stmt, ...], *, in_loop: bool) -> Iterator[ir.Return | ir.Simple]:
    for node in block:
        if isinstance(node, ir.Return) or (isinstance(node, ir.Simple) and node.kind != "pass" and not in_loop):
            yield node
        elif isinstance(node, (ir.For, ir.While)):
            yield from _jumps(node.body, in_loop=True)
            yield from _jumps(node.orelse, in_loop=in_loop)
        elif isinstance(node, ir.Try):  # its own finally block is another site
            for part in (node.body, *(handler.body for handler in node.handlers), node.orelse):
                yield from _jumps(part, in_loop=in_loop)
        else:
            for part in inner_blocks(node):
                yield from _jumps(part, in_loop=in_loop)


def _finding(site: TrySite, jump: ir.Return | ir.Simple, context: Context) -> Finding:
    kind = "return" if isinstance(jump, ir.Return) else jump.kind
    is_cancellable = awaits_in((*site.node.body, *site.node.handlers, *site.node.orelse))
    taken = " The cancellation of the task is lost, too." if is_cancellable else ""
    return Finding(
        at=jump.at,
        message=f"`{kind}` in `finally` discards the exception that is passing",
        consequence=f"When the `try` block fails, {_LOST[kind]}, and no log shows why.{taken}",
        help=f"move the `{kind}` behind the `try` statement",
        notes=(Note(context.path, site.node.body[0].at, "an exception from here is lost"),),
        symbol=site.scope.symbol,
        confidence="certain" if _is_sure(site, jump, context) else "likely",
    )
