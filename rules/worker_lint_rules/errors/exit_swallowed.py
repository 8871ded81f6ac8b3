"""
A clause takes the exit of the process together with the errors that it is about.

What it catches
    A bare `except`, or one for BaseException, around code that takes time or runs code of others,
    that neither raises, nor ends the process, nor hands the exception on.

Why it hurts in production
    `sys.exit()` in a signal handler raises SystemExit wherever the program happens to be, Ctrl-C
    raises KeyboardInterrupt. When that is inside this `try` statement, the request to stop is
    logged as an error, or not at all, and the worker goes on until it is killed. In a generator
    GeneratorExit is lost, and Python complains that the generator ignored it.

What to do instead
    `except Exception`: exits derive from BaseException so that it lets them pass.

When to ignore it
    Where code of somebody else is kept apart on purpose, and its wish to exit must not count.

Limits
    A file is read only if `except:` or `BaseException` stands in it: a name for it from elsewhere is not followed.
    Only code that waits, calls what it was given, or ends something is looked at, and a clause
    that names BaseException and logs it as a failure. A clause that
    reads the exception by `sys.exc_info()`, gives it to anything but a log line, or calls
    something without arguments, which may look at it by itself, is taken to deal with it. So is
    one in a loop that reports and then leaves the loop.
"""

import sys
from collections.abc import Iterator

from worker_lint.analysis import External, ModuleScope
from worker_lint.analysis.escaping.supervision import is_entry
from worker_lint.analysis.flow import find
from worker_lint.analysis.routines import ProjectPolicy
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.analysis.tiers import (
    TrySite,
    clause_at,
    clause_shown,
    ends_process,
    hands_on,
    log_calls,
    log_level,
    may_look_at_it,
    raises_anything,
    tells_exception,
)
from worker_lint.analysis.tiers.awaiting import awaits_others_only
from worker_lint.analysis.tiers.loops import is_endless, leaves_loop
from worker_lint.analysis.tiers.reasons import states_reason
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

_WARNING = 30

rule = Rule(
    code="ERR109",
    severity="warning",
    stage="preview",
    summary="A clause takes the exit of the process together with errors",
    words=("except:", "BaseException"),
    closure="file",
    product_only=True,
    yields_to=("ERR108", "ERR116"),
    silences=(
        "isolating user code in a loop that reports and stops",
        "raised again",
        "process ends",
        "handed on",
        "taken before",
        "a stated reason",
        "nothing that takes time",
        "looked at by what is called",
        "clean-up on the way out",
        "the loop is inside",
        "the task of another is awaited",
        "best effort on the way out",
    ),
    examples=(
        bad(
            "a clean-up that cannot be interrupted",
            """
            def open_session(session, log):
                try:
                    session.close()
                except:  # bad
                    log.error("could not close the session", exc_info=True)
            """,
            repaired="""
            def open_session(session, log):
                try:
                    session.close()
                except Exception:  # bad
                    log.error("could not close the session", exc_info=True)
            """,
        ),
        bad(
            "the loop that Ctrl-C does not end",
            """
            import logging

            def consume(channel, handle):
                while True:
                    message = channel.get()
                    try:
                        handle(message)
                    except BaseException:  # bad
                        logging.exception("message lost")
            """,
            repaired="""
            import logging

            def consume(channel, handle):
                while True:
                    message = channel.get()
                    try:
                        handle(message)
                    except Exception:  # bad
                        logging.exception("message lost")
            """,
        ),
        good(
            "code of others, reported, and the end",
            """
            def run(tasks, report):
                for task in tasks:
                    try:
                        task()
                    except BaseException as error:
                        report.append(f"failed: {error!r}")
                        break
            """,
            silence="isolating user code in a loop that reports and stops",
        ),
        good(
            "raised again after the clean-up",
            """
            def handle(channel, message, process):
                try:
                    process(message)
                except:
                    channel.reject(message)
                    raise
            """,
            silence="raised again",
        ),
        good(
            "the process ends anyway",
            """
            import os
            import traceback

            def child(work):
                try:
                    work()
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
            """,
            silence="process ends",
        ),
        good(
            "the caller gets it",
            """
            def run(future, work):
                try:
                    result = work()
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
            """,
            silence="handed on",
        ),
        good(
            "exits have a clause of their own",
            """
            def run(work, log):
                try:
                    work()
                except (KeyboardInterrupt, SystemExit):
                    return
                except:
                    log.exception("failed")
            """,
            silence="taken before",
        ),
        good(
            "the reason is written down",
            """
            def run(plugin, log):
                try:
                    plugin()
                except BaseException:  # a plugin must not be able to end the server
                    log.exception("plugin failed")
            """,
            silence="a stated reason",
        ),
        good(
            "an import that may be missing",
            """
            try:
                import uvloop
            except:
                uvloop = None

            def count(text):
                try:
                    return int(text)
                except:
                    return 0
            """,
            silence="nothing that takes time",
        ),
        good(
            "the failure finds the exception by itself",
            """
            def run(work, done, Failure):
                try:
                    done(work())
                except BaseException:
                    done(Failure(capture=True))
            """,
            silence="looked at by what is called",
        ),
        good(
            "what was on its way goes on",
            """
            def start(server, log):
                try:
                    server.start()
                except:
                    try:
                        server.shutdown()
                    except:
                        log.warning("not shut down", exc_info=True)
                    raise
            """,
            silence="clean-up on the way out",
        ),
        good(
            "the exit ends the loop",
            """
            def work(queue, log):
                try:
                    while True:
                        queue.get().run()
                        queue.close()
                except BaseException:
                    log.critical("worker ends", exc_info=True)
            """,
            silence="the loop is inside",
        ),
        good(
            "closed if it can be",
            """
            import os

            def leave(reactor, descriptors, log):
                for each in descriptors:
                    try:
                        os.close(each)
                    except:
                        log.warning("already closed")
                try:
                    reactor.stop()
                except:
                    pass
            """,
            silence="best effort on the way out",
        ),
        good(
            "a task that was told to end",
            """
            async def stop(worker):
                try:
                    await worker.task
                except:
                    pass
            """,
            silence="the task of another is awaited",
        ),
    ),
)

_EXITS = ("KeyboardInterrupt", "SystemExit")


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause that takes BaseException."""
    for site in context.project.tiers.sites(module.path):
        before: set[str | None] = set()
        for handler in site.node.handlers:
            caught = context.project.tiers.caught(site.scope, handler)
            if "BaseException" in caught and before.isdisjoint(_EXITS) and _is_lost(site, handler):
                yield _finding(site, handler, context)
            before.update(caught)


def _is_lost(site: TrySite, handler: ir.Handler) -> bool:
    """Whether nobody learns that an exit was wanted."""
    scope, body = site.scope, handler.body
    if raises_anything(body) or ends_process(scope, body) or hands_on(handler) or may_look_at_it(body):
        return False
    is_left = leaves_loop(body)
    if is_left and site.function is not None and is_entry(site.function):
        return False  # no Ctrl-C arrives on a thread, and an exit there ends no more than it
    if site.loops and is_left and tells_exception(handler, body):
        return False
    if _rises_anyway(site) or (site.is_async and awaits_others_only(site)) or _holds_the_loop(site):
        return False
    in_finalizer = site.function is not None and site.function.name == "__del__"
    is_wide = _takes_time(site, handler) or _reports_base(site, handler)
    return not in_finalizer and is_wide and not states_reason(scope, handler)


def _rises_anyway(site: TrySite) -> bool:
    """Whether it is the clean-up in a clause that raises again: the way out goes on."""
    for one in site.around:
        if isinstance(one.node, ir.Try) and one.part in ("handler", "final"):
            bodies = [handler.body for handler in one.node.handlers]
            if one.part == "final" or any(raises_anything(body) and _holds(body, site) for body in bodies):
                return True
    return False


def _holds(body: tuple[ir.Stmt, ...], site: TrySite) -> bool:
    return body[0].at[:2] <= site.node.at[:2] and site.node.at[2:] <= body[-1].at[2:]


def _holds_the_loop(site: TrySite) -> bool:
    """Whether the loop of the worker is inside: the exit ends it."""
    return any(is_endless(site.scope, loop) for loop in find(ir.While, site.node.body))


def _reports_base(site: TrySite, handler: ir.Handler) -> bool:
    """Whether the clause asks for BaseException by name and reports it as a failure of what was called."""
    if handler.exception is None or not any(log_level(line) >= _WARNING for line in log_calls(handler.body)):
        return False
    names = site.scope.project.names
    for call in find(ir.Call, site.node.body):
        targets = names.expr(site.scope, call.func)
        if not all(isinstance(one, External) and one.dotted.startswith("builtins.") for one in targets):
            return True
    return False


def _ends_something(site: TrySite, call: ir.Call) -> bool:
    """Whether a call ends something by its name; `os.close()` and its kin take no time."""
    if not isinstance(call.func, ir.Attribute) or not is_stop_name(call.func.name):
        return False
    callee = site.scope.project.calls.of(site.scope, call)
    if callee.model is not None:
        return callee.model.library != "python"
    return callee.dotted.partition(".")[0] not in sys.stdlib_module_names


def _takes_time(site: TrySite, handler: ir.Handler) -> bool:
    """
    Whether the body waits, runs code of others, or ends something: what an exit is likely to meet.
    To end something without a word about how it went is the best effort of somebody on the way out.
    """
    if any(isinstance(node, (ir.Await, ir.Yield)) for node in find(ir.Node, site.node.body)):
        return True
    calls = tuple(find(ir.Call, site.node.body))
    if any(log_calls(handler.body)) and any(_ends_something(site, call) for call in calls):
        return True
    if site.function is None:
        return False
    project, function = site.scope.project, site.function
    policy = project.routines.policy(project.routines.of(function))
    for call in calls:
        model = project.calls.of(function, call).model
        if model is not None and model.blocking and not model.name.startswith("builtins."):
            return True
        if isinstance(policy, ProjectPolicy) and policy.is_foreign(call):
            return True
    return False


def _finding(site: TrySite, handler: ir.Handler, context: Context) -> Finding:
    called = next(find(ir.Call, site.node.body), None)
    at = clause_at(handler)
    text = "except Exception" if handler.exception is None else "Exception"
    single = handler.exception is None or isinstance(handler.exception, (ir.Name, ir.Attribute))
    return Finding(
        at=at,
        message=f"{clause_shown(handler)} also takes SystemExit and KeyboardInterrupt",
        consequence="A stop that arrives in this `try` block is lost: the worker goes on until it is killed.",
        help="write `except Exception`, or raise again at the end of the clause",
        notes=(Note(context.path, called.at, "an exit from here is lost"),) if called is not None else (),
        symbol=site.scope.symbol,
        fix=Fix("let exits pass", (Replace(at, text),)) if single else None,
    )
