"""
A loop takes the cancellation of its own task and goes on.

What it catches
    In a coroutine: a clause for `asyncio.CancelledError`, a bare `except`, or one for BaseException, around something
    that is awaited in a `while` or `async for` loop, after which the loop waits again.

Why it hurts in production
    A task is cancelled once. The stop of the worker cancels its tasks and waits for them; this one has taken the
    request and works on, so the stop hangs until the supervisor kills the process, with everything that was in flight.
    `asyncio.timeout` and `TaskGroup` around it break in the same way.

What to do instead
    Clean up and `raise`. To end quietly, leave the loop: `break` or `return`.

When to ignore it
    Where the cancellation is that of another task, whose result is awaited here; write that as the reason.

Limits
    Only clauses inside a loop that goes on are reported: a coroutine that ends after the clause is let pass, although
    its caller does not learn of the cancellation. A flag that the clause sets to a constant is known where it is
    tested. Where the loop has a condition, which may have changed with the cancellation, or the exception is kept
    or handed on, the finding is only likely; it is let pass where the loop asks what has got the exception. Code of
    the project that cleans up with it and does not raise changes nothing: that is certain again.
    Only likely, too, is what a server of asyncio runs for each connection: nobody but the end of the loop cancels that.
    What is awaited as a bare name, or by `gather`, `wait`, `wait_for` and `shield` of names, is taken to be another
    task.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.served import is_of_connection
from worker_lint.analysis.tiers import (
    TrySite,
    awaits_in,
    calls_of,
    clause_at,
    clause_shown,
    ends_process,
    raises_anything,
)
from worker_lint.analysis.tiers.awaiting import awaits_others_only, only_sleeps
from worker_lint.analysis.tiers.loops import changes_condition, is_endless
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.analysis.waiting_again import CANCELLED, goes_on_for_sure, is_answered_for, waits_again
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR108",
    severity="error",
    stage="preview",
    summary="A loop takes the cancellation of its own task and goes on",
    words=("CancelledError", "BaseException", "except:", "get_cancelled"),
    besides=("async def",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "own child just cancelled and awaited",
        "uncancel",
        "leaves the loop",
        "raised again",
        "ends the loop by its condition",
        "a stated reason",
        "a sleep that is cut short",
        "nobody cancels it",
    ),
    examples=(
        bad(
            "a reconnect loop",
            """
            import asyncio
            import logging

            class Client:
                async def connect(self):
                    while True:
                        try:
                            await self._open()
                            return
                        except ConnectionError:
                            logging.warning("again", exc_info=True)
                        except asyncio.CancelledError:  # bad
                            await self._clean_up()
                        await asyncio.sleep(self.interval)
            """,
            repaired="""
            import asyncio
            import logging

            class Client:
                async def connect(self):
                    while True:
                        try:
                            await self._open()
                            return
                        except ConnectionError:
                            logging.warning("again", exc_info=True)
                        except asyncio.CancelledError:  # bad
                            await self._clean_up()
                            raise
                        await asyncio.sleep(self.interval)
            """,
        ),
        bad(
            "a bare except around the handler",
            """
            async def consume(queue, handle, log):
                async for message in queue:
                    try:
                        await handle(message)
                    except:  # bad
                        log.exception("message lost")
            """,
        ),
        bad(
            "cancelled while it waits for work",
            """
            import asyncio

            async def pump(queue, send):
                while True:
                    try:
                        item = await queue.get()
                    except asyncio.CancelledError:  # bad
                        continue
                    await send(item)
            """,
            repaired="""
            import asyncio

            async def pump(queue, send):
                while True:
                    try:
                        item = await queue.get()
                    except asyncio.CancelledError:  # bad
                        raise
                    await send(item)
            """,
        ),
        good(
            "the child that was just cancelled",
            """
            import asyncio

            async def restart(worker):
                while worker.is_wanted():
                    task = asyncio.create_task(worker.run())
                    await worker.changed.wait()
                    task.cancel()
                    try:
                        await task
                    except asyncio.CancelledError:
                        pass
            """,
            silence="own child just cancelled and awaited",
        ),
        good(
            "children that were told to end, gathered by a method",
            """
            import asyncio

            class Service:
                async def gather(self):
                    for future in self.futures:
                        future.cancel()
                    while self.futures:
                        try:
                            await self.wait()
                        except asyncio.CancelledError:
                            continue
                        break

                async def wait(self):
                    await asyncio.wait(self.futures)
            """,
            silence="own child just cancelled and awaited",
        ),
        good(
            "the request is taken back on purpose",
            """
            import asyncio

            async def run(step):
                while True:
                    try:
                        await step()
                    except asyncio.CancelledError:
                        asyncio.current_task().uncancel()
            """,
            silence="uncancel",
        ),
        good(
            "the loop ends",
            """
            import asyncio

            async def run(step, close):
                while True:
                    try:
                        await step()
                    except asyncio.CancelledError:
                        break
                await close()
            """,
            silence="leaves the loop",
        ),
        good(
            "a flag that ends the loop below",
            """
            import asyncio

            class Client:
                async def connect(self):
                    while True:
                        aborted = False
                        try:
                            await asyncio.wait_for(self.changed.wait(), self.delay)
                            aborted = True
                        except asyncio.TimeoutError:
                            pass
                        except asyncio.CancelledError:
                            aborted = True
                        if aborted:
                            break
                        await self.open()
            """,
            silence="leaves the loop",
        ),
        good(
            "a helper that always raises",
            """
            from typing import NoReturn

            class Stream:
                def translated(self, error: BaseException) -> NoReturn:
                    if isinstance(error, OSError):
                        raise ConnectionError from error
                    raise error

                async def send(self, data):
                    while data:
                        try:
                            sent = await self.socket.send(data)
                        except BaseException as error:
                            self.translated(error)
                        data = data[sent:]
            """,
            silence="raised again",
        ),
        good(
            "cleaned up and raised again",
            """
            async def run(step, close):
                while True:
                    try:
                        await step()
                    except BaseException:
                        await close()
                        raise
            """,
            silence="raised again",
        ),
        good(
            "a flag that the loop reads",
            """
            import asyncio

            class Worker:
                async def run(self):
                    while self.running:
                        try:
                            await self.step()
                        except asyncio.CancelledError:
                            self.running = False
            """,
            silence="ends the loop by its condition",
        ),
        good(
            "the driver raises it, too",
            """
            import asyncio

            async def run(flush, log):
                while True:
                    try:
                        await flush()
                    except asyncio.CancelledError:
                        # the driver raises this when the server goes away
                        log.warning("not flushed", exc_info=True)
            """,
            silence="a stated reason",
        ),
        good(
            "the flag counts, the cancellation only wakes",
            """
            import asyncio

            class Reporter:
                async def run(self):
                    while not self.stopped:
                        self.report()
                        try:
                            await asyncio.sleep(10)
                        except asyncio.CancelledError:
                            self.log.info("woken")
            """,
            silence="a sleep that is cut short",
        ),
        good(
            "kept alive until the loop is stopped",
            """
            import asyncio

            class App:
                def stop(self):
                    self.loop.stop()

                async def main(self):
                    while True:
                        try:
                            await asyncio.sleep(60)
                        except asyncio.CancelledError:
                            pass
            """,
            silence="nobody cancels it",
        ),
        good(
            "another CancelledError, which is an ordinary error",
            """
            import concurrent.futures

            async def collect(futures, load):
                while True:
                    try:
                        await load(futures.pop().result())
                    except concurrent.futures.TimeoutError:
                        continue
            """,
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every `try` statement in an endless loop of a coroutine."""
    for site in context.project.tiers.sites(module.path):
        loop = next((loop for loop in site.loops if is_endless(site.scope, loop)), None)
        if site.is_async and loop is not None and awaits_in(site.node.body) and not awaits_others_only(site, 2):
            for handler in site.node.handlers:
                waits = waits_again(site, handler, loop) if _may_swallow(site, handler, loop, context) else None
                if waits is not None:
                    yield _finding(site, handler, loop, waits, context)


def _may_swallow(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For, context: Context) -> bool:
    caught = context.project.tiers.caught(site.scope, handler)
    if CANCELLED not in caught and "BaseException" not in caught:
        return False
    if raises_anything(handler.body) or ends_process(site.scope, handler.body) or changes_condition(loop, handler.body):
        return False
    if states_reason(site.scope, handler) or only_sleeps(site, loop) or is_answered_for(site, handler, loop):
        return False
    names = {call.func.name for call in calls_of(handler.body) if isinstance(call.func, ir.Attribute)}
    return names.isdisjoint({"uncancel", "cancelling"})


def _finding(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For, waits: ir.Node, context: Context) -> Finding:
    is_sure = goes_on_for_sure(site, handler, loop) and not is_of_connection(site.scope)
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} takes the cancellation and the loop goes on",
        consequence="Whoever cancels this task and waits for it waits for ever: the worker cannot be stopped.",
        help="end the clause with `raise`, or leave the loop",
        notes=(Note(context.path, waits.at, "the cancelled task waits here again"),),
        symbol=site.scope.symbol,
        confidence="certain" if is_sure else "likely",
        fix=_raised(site, handler, context),
    )


def _raised(site: TrySite, handler: ir.Handler, context: Context) -> Fix | None:
    """`raise` at the end of a clause that takes nothing but the cancellation."""
    if context.project.tiers.caught(site.scope, handler) != (CANCELLED,):
        return None
    last = handler.body[-1]
    if isinstance(last, ir.Simple):
        return Fix("raise the cancellation again", (Replace(last.at, "raise"),))
    if last.at[0] == handler.at[0] or isinstance(last, (ir.If, ir.While, ir.For, ir.With, ir.Try, ir.Match)):
        return None
    text = context.project.store.text(context.path)
    indent = text.line(last.at[0])[: last.at[1] - 1]
    if indent.strip():
        return None
    return Fix("raise the cancellation again", (Replace(last.at, f"{text.segment(last.at)}\n{indent}raise"),))
