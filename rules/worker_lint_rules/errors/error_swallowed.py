"""
A worker's loop drops an error without a word.

What it catches
    In a loop that goes on until it is told to end: a clause for every error, or for errors of the
    network, whose body is nothing but `pass`, `continue` or a constant result, and no comment
    that says why. Also a clause for every error around all that a thread, process or task does,
    and one that deals with every error on one interpreter or platform only.

Why it hurts in production
    The connection is gone, or every message fails, and the worker looks well: the loop turns, the
    health check is green, the log is empty. The backlog is noticed by those who wait for it.

What to do instead
    Log it with its traceback, count it, or let it pass to a boundary that reconnects. If it is
    expected, name the expected class, or say in a comment why nothing is to be done.

When to ignore it
    Where losing the error is agreed on; a comment in the clause with that reason is enough.

Limits
    Clauses for narrower classes (KeyError, `queue.Empty`) are taken to be expected. A clause in a stop method, or
    around a release, is best effort; one around nothing but a wait is the pacing of the loop. Only `try` statements
    that stand directly in the body of a loop, or are the end of a function, are looked at. Certain is what is dropped
    right in a loop that nothing but its owner ends, if it is every error, or if the loop has no condition and never
    sleeps; and what is done once more on one platform only. Where something is done with the item of a turn it may be
    about that one; an OSError may come from the stop that closes what is read. A loop that counts down ends by itself.
"""

from collections.abc import Iterator

from worker_lint.analysis import Function, ModuleScope
from worker_lint.analysis.flow import find
from worker_lint.analysis.nesting import mentions
from worker_lint.analysis.tiers import TrySite, clause_at, clause_shown
from worker_lint.analysis.tiers.dropping import (
    may_drop_all,
    turns_in_vain,
)
from worker_lint.analysis.tiers.idling import dropping_clauses, is_around_all
from worker_lint.analysis.tiers.platforms import does_it_again, only_on_one
from worker_lint.analysis.workers import Entry
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.clause_bodies import IDLE_CLAUSE

_STARTERS = ("Thread", "Process", "Timer", "create_task", "ensure_future", "start_soon")

rule = Rule(
    code="ERR106",
    severity="warning",
    stage="certain",
    confidence="likely",
    summary="A worker's loop drops an error without a word",
    words=(IDLE_CLAUSE,),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR107", "ERR108", "ERR109", "ERR116"),
    silences=(
        "comment with a reason",
        "best-effort release in stop",
        "expected idle class",
        "else branch acts",
        "leaves the loop",
        "waits until it succeeds",
        "a file that is gone",
    ),
    examples=(
        bad(
            "a dead connection turns into a hot loop",
            """
            import socket

            def consume(connection, handle):
                while True:
                    try:
                        handle(connection.drain())
                    except socket.error:  # bad
                        pass
            """,
        ),
        bad(
            "dealt with on one platform, dropped on the other",
            """
            import sys

            class Stream:
                def write(self, text):
                    try:
                        self.file.write(text)
                    except Exception:  # bad
                        if sys.platform != "win32":
                            self.file.write(text.encode("ascii", "replace").decode())
            """,
        ),
        bad(
            "messages that fail are gone",
            """
            def run(subscriber, handle):
                while not subscriber.closed:
                    for message in subscriber.batch():
                        try:
                            handle(message)
                        except Exception:  # bad
                            continue
            """,
            is_likely=True,
        ),
        bad(
            "a thread that ends unseen",
            """
            import threading

            class Listener:
                def start(self):
                    threading.Thread(target=self._listen, daemon=True).start()

                def _listen(self):
                    try:
                        for event in self.source:
                            self.handle(event)
                    except Exception:  # bad
                        pass
            """,
            is_likely=True,
        ),
        good(
            "a watched file that is gone for the moment",
            """
            import os
            import time

            def watch(names, seen):
                while True:
                    for name in names:
                        try:
                            changed = os.stat(name).st_mtime
                        except OSError:
                            continue
                        seen(name, changed)
                    time.sleep(1)
            """,
            silence="a file that is gone",
        ),
        good(
            "a helper that asks about the file",
            """
            import os

            def has_changed(name, known):
                return os.stat(name).st_mtime > known.get(name, 0)

            def watch(names, known, changed):
                while True:
                    for name in names:
                        try:
                            if has_changed(name, known):
                                changed.add(str(name))
                        except OSError:
                            continue
            """,
            silence="a file that is gone",
        ),
        good(
            "until there is an answer",
            """
            def ask(call):
                answer = None
                while True:
                    try:
                        answer = call()
                    except Exception:
                        pass
                    if answer:
                        return answer
            """,
            silence="waits until it succeeds",
        ),
        bad(
            "the file that all turns need",
            """
            import os
            import time

            def watch(name, seen):
                while True:
                    try:
                        seen(os.stat(name).st_mtime)
                    except OSError:  # bad
                        continue
                    time.sleep(1)
            """,
            is_likely=True,
        ),
        good(
            "the reason is stated",
            """
            def run(subscriber, handle):
                while True:
                    try:
                        handle(subscriber.get())
                    except Exception:
                        pass  # metrics may be lost, the sender counts them
            """,
            silence="comment with a reason",
        ),
        good(
            "a release that may fail",
            """
            class Worker:
                def run(self):
                    while self.running:
                        self.step()
                        try:
                            self.channel.close()
                        except Exception:
                            pass
            """,
            silence="best-effort release in stop",
        ),
        good(
            "nothing to do is no error",
            """
            import queue

            def run(jobs, handle):
                while True:
                    try:
                        job = jobs.get(timeout=1)
                    except queue.Empty:
                        continue
                    handle(job)
            """,
            silence="expected idle class",
        ),
        good(
            "nobody connected in time",
            """
            def serve(server, player, handle):
                while player.running:
                    try:
                        server.accept_connection(timeout=2.5)
                    except OSError:
                        continue
                    handle(server)
            """,
            silence="expected idle class",
        ),
        good(
            "success is told from failure",
            """
            def run(client, handle):
                while True:
                    try:
                        item = client.poll()
                    except Exception:
                        pass
                    else:
                        handle(item)
            """,
            silence="else branch acts",
        ),
        good(
            "the loop ends",
            """
            def run(client, handle):
                while True:
                    try:
                        handle(client.poll())
                    except OSError:
                        return
            """,
            silence="leaves the loop",
        ),
        good(
            "a loop until something is ready",
            """
            import time

            def wait_for(server, timeout):
                ready = False
                while not ready:
                    try:
                        ready = server.ping()
                    except OSError:
                        pass
                    time.sleep(1)
            """,
            silence="waits until it succeeds",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause that does nothing, in a loop that goes on or around all that a thread does."""
    around: list[tuple[TrySite, ir.Handler]] = []
    for site in context.project.tiers.sites(module.path, IDLE_CLAUSE):
        if site.node.orelse or site.is_in_handler:
            continue
        halves = list(_halves(site, context))
        ends = [handler for handler in site.node.handlers if is_around_all(site, handler)]
        drops = list(dropping_clauses(site))
        if not (halves or ends or drops) or may_drop_all(site):
            continue  # what is called is asked last: it may lead to many other files
        yield from halves
        around.extend((site, handler) for handler in ends)
        for handler in drops:
            yield _finding(site, handler, context)
    if around:
        started = _started(module, context)
        for site, handler in around:
            if site.function in started:
                yield _silent_end(site, handler, started[site.function], context)


def _halves(site: TrySite, context: Context) -> Iterator[Finding]:
    for handler in site.node.handlers:
        branch = only_on_one(site, handler)
        if branch is None:
            continue  # a comment there tells why the platforms differ, not why the error is dropped
        yield Finding(
            at=clause_at(handler),
            message=f"{clause_shown(handler)} deals with the error on one platform only",
            consequence="On the others the same failure passes without a word, and what failed is lost.",
            help="end the clause with `else: raise`, or log the error there",
            notes=(Note(context.path, branch.test.at, "nothing is done where this does not hold"),),
            symbol=site.scope.symbol,
            confidence="certain" if does_it_again(site, branch) else "likely",
        )


def _started(module: ModuleScope, context: Context) -> dict[Function, Entry]:
    """The functions that some code of the file hands to a thread, process, timer or task."""
    project, found = context.project, dict[Function, Entry]()
    for function in project.functions_in(module.path):
        if mentions(function, *_STARTERS):
            for entry in project.workers.entries(function, function.owner):
                if entry.kind in ("thread", "process", "timer", "task") and len(entry.callee.runs) == 1:
                    found.setdefault(entry.callee.runs[0].function, entry)
    return found


def _silent_end(site: TrySite, handler: ir.Handler, entry: Entry, context: Context) -> Finding:
    name = site.function.name if site.function is not None else ""
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} ends `{name}` without a word",
        consequence="It runs on its own: when it fails nobody sees that it ended, nor why.",
        help="log the error with its traceback, or let it pass to who waits for it",
        notes=(Note(context.path, entry.call.at, "started here"),),
        symbol=site.scope.symbol,
    )


def _finding(site: TrySite, handler: ir.Handler, context: Context) -> Finding:
    called = next(find(ir.Call, site.node.body), None)
    return Finding(
        at=clause_at(handler),
        message=f"{clause_shown(handler)} drops the error, and the loop goes on",
        consequence="When this fails for good the loop turns in vain, and no log or metric shows it.",
        help="log it with its traceback, or name the class that is expected here",
        confidence="certain" if turns_in_vain(site, handler) else "likely",
        notes=(Note(context.path, called.at, "an error from here is dropped"),) if called is not None else (),
        symbol=site.scope.symbol,
    )
