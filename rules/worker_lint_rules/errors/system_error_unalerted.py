"""
A full disk or exhausted memory ends in the same branch as one bad message.

What it catches
    In a worker's loop: a clause for every error that logs and goes on, around code that writes files
    or starts processes, with no clause before it for OSError or MemoryError and no look at what
    came.

Why it hurts in production
    When the disk is full every message fails, each with one more line in the log, among all the
    lines about bad messages. Nobody is called, and the whole queue passes through a worker that
    cannot do its work.

What to do instead
    Put a clause for OSError and MemoryError before the broad one that raises the alarm and stops
    taking work; count failures in a row and stop at a limit.

When to ignore it
    Where an alarm hangs on the rate of errors.

Limits
    Seen are `open`, and calls of `os`, `shutil`, `tempfile` and `subprocess`, in the `try` itself.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import (
    TrySite,
    clause_at,
    clause_shown,
    ends_process,
    hands_on,
    log_calls,
    log_level,
    mentions,
    raises_anything,
)
from worker_lint.analysis.tiers.loops import changes_condition, is_endless, leaves_loop
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR105",
    severity="note",
    stage="preview",
    confidence="likely",
    summary="A full disk or exhausted memory ends in the same branch as one bad message",
    words=("except",),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("a clause of its own", "the clause looks at the error", "the alarm is raised", "the loop ends"),
    examples=(
        bad(
            "the disk is full, next message",
            """
            import logging

            def run(queue, folder):
                while True:
                    message = queue.get()
                    try:
                        with open(folder / message.name, "wb") as file:
                            file.write(message.body)
                    except Exception:  # bad: open
                        logging.exception("cannot store %s", message.name)
            """,
        ),
        bad(
            "no process can be started, next message",
            """
            import logging
            import subprocess

            class Worker:
                def run(self):
                    while not self.stopping:
                        job = self.jobs.next()
                        try:
                            subprocess.run(job.command, check=True, timeout=60)
                        except subprocess.TimeoutExpired:
                            logging.warning("too slow: %s", job)
                        except Exception:  # bad: run
                            logging.exception("failed: %s", job)
            """,
        ),
        good(
            "told apart",
            """
            import logging

            def run(queue, folder, alarm):
                while True:
                    message = queue.get()
                    try:
                        with open(folder / message.name, "wb") as file:
                            file.write(message.body)
                    except OSError:
                        alarm("cannot write")
                        raise
                    except Exception:
                        logging.exception("cannot store %s", message.name)
            """,
            silence="a clause of its own",
        ),
        good(
            "looked at",
            """
            import errno
            import logging

            def run(queue, folder, alarm):
                while True:
                    message = queue.get()
                    try:
                        with open(folder / message.name, "wb") as file:
                            file.write(message.body)
                    except Exception as error:
                        if getattr(error, "errno", None) == errno.ENOSPC:
                            alarm("disk full")
                        logging.exception("cannot store %s", message.name)
            """,
            silence="the clause looks at the error",
        ),
        good(
            "loud enough",
            """
            import logging

            def run(queue, folder):
                while True:
                    message = queue.get()
                    try:
                        with open(folder / message.name, "wb") as file:
                            file.write(message.body)
                    except Exception:
                        logging.critical("cannot store %s", message.name, exc_info=True)
            """,
            silence="the alarm is raised",
        ),
        good(
            "it ends",
            """
            import logging

            def run(queue, folder):
                while True:
                    message = queue.get()
                    try:
                        with open(folder / message.name, "wb") as file:
                            file.write(message.body)
                    except Exception:
                        logging.exception("cannot store %s", message.name)
                        return
            """,
            silence="the loop ends",
        ),
    ),
)

_MODULES = ("os.", "posix.", "shutil.", "tempfile.", "subprocess.")
_HARMLESS = frozenset(
    {"getpid", "getenv", "kill", "join", "basename", "dirname", "exists", "isfile", "isdir", "abspath"}
)
_SYSTEM = frozenset({"OSError", "MemoryError"})


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every broad clause that goes on with the loop."""
    for site in context.project.tiers.sites(module.path):
        loop = site.loops[0] if site.loops else None
        if loop is None or not any(is_endless(site.scope, one) for one in site.loops):
            continue
        before: set[str | None] = set()
        for handler in site.node.handlers:
            if context.project.tiers.is_broad(site.scope, handler):
                if _SYSTEM.isdisjoint(before) and None not in before and _goes_on(site, handler, loop):
                    yield from _judge(site, handler, context)
                break
            before.update(context.project.tiers.caught(site.scope, handler))


def _goes_on(site: TrySite, handler: ir.Handler, loop: ir.While | ir.For) -> bool:
    body = handler.body
    logged = list(log_calls(body))
    if not logged or any(log_level(call) >= 50 for call in logged):
        return False
    if raises_anything(body) or leaves_loop(body) or changes_condition(loop, body) or ends_process(site.scope, body):
        return False
    looked = any(mentions((node.test,), handler.name) for node in find(ir.If, body))
    return not looked and not hands_on(handler) and len(logged) == sum(1 for _ in find(ir.Call, body))


def _judge(site: TrySite, handler: ir.Handler, context: Context) -> Iterator[Finding]:
    for call in find(ir.Call, site.node.body):
        dotted = context.project.calls.of(site.scope, call).dotted
        name = dotted.rpartition(".")[2]
        if dotted not in ("builtins.open", "io.open") and (not dotted.startswith(_MODULES) or name in _HARMLESS):
            continue
        yield Finding(
            at=clause_at(handler),
            message=f"{clause_shown(handler)} treats a failing machine, as from `{name}`, like one bad message",
            consequence="With a full disk every message fails, and no line of the log stands out.",
            help="put a clause for `OSError` and `MemoryError` before it that raises the alarm",
            notes=(Note(context.path, call.at, "may fail for want of space, memory or descriptors"),),
            symbol=site.scope.symbol,
        )
        return
