"""
A worker has no answer to a whole tier of errors that reach it.

What it catches
    In the loop of a worker: errors that a library is known to raise there, of the tiers recoverable,
    fatal or system, none of which any clause of the loop takes. By default it looks at workers
    under the configured bases (`worker-bases`); with `every-worker` at all.

Why it hurts in production
    Each tier wants its own answer: what is expected is logged and passed over, what heals is tried
    again with a limit and growing waits, what is fatal stops the worker safely, and what is about
    the machine raises the alarm. A tier without an answer ends the loop with whatever was in its
    hands.

What to do instead
    Give the loop a clause for each tier, the narrow ones first.

When to ignore it
    Where a framework around the worker has the answer.

Limits
    What other rules report at the same worker (one bad message, a lost connection) is left to them.
    `worker-lint workers` shows the whole table.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class
from worker_lint.analysis.escaping import Boundary, leaving, losses
from worker_lint.analysis.escaping.policy import is_caused, is_loss
from worker_lint.analysis.escaping.supervision import is_supervised
from worker_lint.analysis.flow import Thrown
from worker_lint.analysis.workers.answers import boundaries_of
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR100",
    severity="warning",
    stage="preview",
    closure="file",
    confidence="likely",
    summary="A worker has no answer to a whole tier of errors that reach it",
    words=("while", "for"),
    product_only=True,
    options={"every-worker": False},
    option_docs={"every-worker": "Look at every worker, not only at those under the configured bases."},
    yields_to=("ERR101", "ERR102", "ERR103", "ERR104"),
    silences=("frameworks that own the tier", "a clause for the tier", "reported by another rule"),
    examples=(
        bad(
            "an outage that nobody has thought of",
            """
            class Worker:
                def run(self):
                    while self.running:
                        self.step()  # bad: recoverable

                def step(self):
                    if not self.store.put(self.jobs.next()):
                        raise TimeoutError("the store does not answer")

                def stop(self):
                    self.running = False
            """,
            options={"every-worker": True},
        ),
        bad(
            "two tiers, and the fatal one goes unseen",
            """
            import logging
            import time

            class Denied(PermissionError):
                pass

            class Worker:
                def run(self):
                    while self.running:
                        try:
                            self.step()  # bad: fatal
                        except TimeoutError:
                            logging.warning("no store, again in 5 s", exc_info=True)
                            time.sleep(5)

                def step(self):
                    answer = self.store.put(self.jobs.next())
                    if answer == "denied":
                        raise Denied(answer)
                    if not answer:
                        raise TimeoutError("the store does not answer")

                def stop(self):
                    self.running = False
            """,
            options={"every-worker": True},
        ),
        good(
            "an answer",
            """
            import logging
            import time

            class Worker:
                def run(self):
                    while self.running:
                        try:
                            self.step()
                        except TimeoutError:
                            logging.warning("no store, again in 5 s", exc_info=True)
                            time.sleep(5)

                def step(self):
                    if not self.store.put(self.jobs.next()):
                        raise TimeoutError("the store does not answer")

                def stop(self):
                    self.running = False
            """,
            silence="a clause for the tier",
            options={"every-worker": True},
        ),
        good(
            "the framework takes it",
            """
            from kombu.mixins import ConsumerMixin

            class Worker(ConsumerMixin):
                def run(self):
                    while not self.should_stop:
                        if not self.store.put(self.jobs.next()):
                            raise TimeoutError("the store does not answer")

                def stop(self):
                    self.should_stop = True
            """,
            silence="frameworks that own the tier",
            options={"every-worker": True},
        ),
        good(
            "a lost connection has a rule of its own",
            """
            import redis

            class Worker:
                def __init__(self):
                    self.client = redis.Redis()

                def run(self):
                    while self.running:
                        self.handle(self.client.blpop("jobs", timeout=1))

                def stop(self):
                    self.running = False
            """,
            silence="reported by another rule",
            options={"every-worker": True},
        ),
    ),
)

_TIERS = ("recoverable", "fatal", "system")


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """Every loop of the class's own, when the class is a worker."""
    project = context.project
    if not (context.options["every-worker"] or project.is_worker(cls)):
        return
    if not project.store.text(cls.path).has_word("while", cls.node.at[0], cls.node.at[2]):
        return
    worker = project.workers.of(cls)
    if worker is None or worker.is_modelled:
        return
    for runs in worker.loops:
        if runs.function.owner is not cls or is_supervised(runs.function):
            continue
        for boundary in boundaries_of(runs):
            yield from _judge(boundary, context)


def _judge(boundary: Boundary, context: Context) -> Iterator[Finding]:
    tiers = context.project.tiers
    if any(True for _ in losses(context.project.escaping, boundary)):
        return
    missing: dict[str, tuple[str, ir.At]] = {}
    for name, at in leaving(context.project.escaping, boundary):
        thrown = Thrown(name)
        if is_caused(thrown):
            return
        tier = str(tiers.tier(name))
        if tier in _TIERS and not is_loss(thrown) and name not in _MISTAKES:
            missing.setdefault(tier, (name, at))
    first = next((tier for tier in _TIERS if tier in missing), None)
    if first is not None:
        yield _finding(boundary, first, missing, context)


_MISTAKES = frozenset(
    {"AssertionError", "TypeError", "ValueError", "RuntimeError", "NotImplementedError", "ImportError"}
)


def _finding(boundary: Boundary, tier: str, missing: dict[str, tuple[str, ir.At]], context: Context) -> Finding:
    name, at = missing[tier]
    shown = name.rpartition(".")[2]
    others = [f"`{one.rpartition('.')[2]}` ({other})" for other, (one, _) in missing.items() if other != tier]
    return Finding(
        at=at,
        message=f"`{shown}` is {tier}, and no clause of the loop takes it"
        + (f"; nor {', '.join(others)}" if others else ""),
        consequence=f"It ends the loop in `{boundary.function.name}` with whatever is in its hands.",
        help=_HELP[tier],
        notes=(Note(context.path, (*boundary.at[:2], boundary.at[0], boundary.at[1] + 5), "the loop"),),
        symbol=boundary.function.symbol,
    )


_HELP = {
    "recoverable": "try again with a limit and growing waits",
    "fatal": "stop the worker safely, and say why",
    "system": "raise the alarm, and stop taking work",
}
