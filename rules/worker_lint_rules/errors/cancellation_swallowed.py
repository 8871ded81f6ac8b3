"""
A loop takes the cancellation of its own task and goes on.

What it catches
    In a coroutine: a clause for `asyncio.CancelledError`, a bare `except`, or one for
    BaseException, around something that is awaited in a `while` or `async for` loop, after which
    the loop waits again.

Why it hurts in production
    A task is cancelled once. The stop of the worker cancels its tasks and waits for them; this
    one has taken the request and works on, so the stop hangs until the supervisor kills the
    process, with everything that was in flight. `asyncio.timeout` and `TaskGroup` around it
    break in the same way.

What to do instead
    Clean up and `raise`. To end quietly, leave the loop: `break` or `return`.

When to ignore it
    Where the cancellation is that of another task, whose result is awaited here; write that as
    the reason.

Limits
    Only clauses inside a loop that goes on are reported: a coroutine that ends after the clause
    is let pass, although its caller does not learn of the cancellation. What is awaited as a bare
    name, or by `gather`, `wait`, `wait_for` and `shield` of names, is taken to be another task.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import (
    Block,
    DerivedPolicy,
    Edge,
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
from worker_lint.analysis.visit import encloses
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

_CANCELLED = "asyncio.CancelledError"

rule = Rule(
    code="ERR108",
    severity="error",
    stage="preview",
    summary="A loop takes the cancellation of its own task and goes on",
    words=("except",),
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
        if site.is_async and loop is not None and awaits_in(site.node.body) and not awaits_others_only(site):
            for handler in site.node.handlers:
                if _may_swallow(site, handler, loop, context):
                    yield from _followed(site, handler, loop, context)


def _may_swallow(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For, context: Context) -> bool:
    caught = context.project.tiers.caught(site.scope, handler)
    if _CANCELLED not in caught and "BaseException" not in caught:
        return False
    if raises_anything(handler.body) or ends_process(site.scope, handler.body) or changes_condition(loop, handler.body):
        return False
    if states_reason(site.scope, handler) or only_sleeps(site, loop):
        return False
    names = {call.func.name for call in calls_of(handler.body) if isinstance(call.func, ir.Attribute)}
    return names.isdisjoint({"uncancel", "cancelling"})


class _Cancelled(DerivedPolicy):
    """Each point at which a coroutine waits may raise CancelledError."""

    def raises(self, step: Step) -> Raises:
        known = self.inner.raises(step)
        if not step.awaits:
            return known
        return Raises(known.thrown | {Thrown(_CANCELLED, exact=True)}, always=known.always)


class _Taken(Watch[bool]):
    """Whether the clause has taken the cancellation."""

    def __init__(self, handler: ir.Handler) -> None:
        super().__init__(start=False)
        self._handler = handler

    def along(self, edge: Edge, state: bool) -> bool:  # noqa: FBT001 - the state
        first = edge.target.steps[0] if edge.target.steps else None
        cancelled = any(thrown.name == _CANCELLED for thrown in edge.thrown)
        if cancelled and first is not None and first.kind == "catch" and first.node is self._handler:
            return True
        return state


def _followed(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For, context: Context) -> Iterator[Finding]:
    """The first place in the loop, outside the clause, where the task waits again."""
    function = site.scope
    if not isinstance(function, Function):
        return
    inner: Policy = context.project.routines.policy(context.project.routines.of(function))
    graph = build(function.statements, _Cancelled(inner))
    if isinstance(graph, OverBudget):
        return

    def again(block: Block, taken: bool) -> bool:  # noqa: FBT001 - the state
        return taken and any(step.awaits and goes_on(step.node.at) for step in block.steps)

    def goes_on(at: ir.At) -> bool:
        return encloses(loop.at, at) and not any(encloses(block.at, at) for block in aside)

    aside = (handler, *_final_statements(site))
    path = find_path(graph, _Taken(handler), again)
    if isinstance(path, Path):
        waits = next(step for step in path.edges[-1].target.steps if step.awaits and goes_on(step.node.at))
        yield _finding(site, handler, waits.node, context)


def _final_statements(site: TrySite) -> tuple[ir.Stmt, ...]:
    """What runs on every way out, of this statement and of those around it."""
    around = [one.node for one in site.around if isinstance(one.node, ir.Try)]
    return tuple(statement for node in (site.node, *around) for statement in node.final)


def _finding(site: TrySite, handler: ir.Handler, waits: ir.Node, context: Context) -> Finding:
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} takes the cancellation and the loop goes on",
        consequence="Whoever cancels this task and waits for it waits for ever: the worker cannot be stopped.",
        help="end the clause with `raise`, or leave the loop",
        notes=(Note(context.path, waits.at, "the cancelled task waits here again"),),
        symbol=site.scope.symbol,
        fix=_raised(site, handler, context),
    )


def _raised(site: TrySite, handler: ir.Handler, context: Context) -> Fix | None:
    """`raise` at the end of a clause that takes nothing but the cancellation."""
    if context.project.tiers.caught(site.scope, handler) != (_CANCELLED,):
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
