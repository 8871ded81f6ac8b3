"""
A clause takes the exit of the process together with the errors that it is about.

What it catches
    A bare `except`, or one for BaseException, that neither raises, nor ends the process, nor hands the exception on,
    where the program then goes on: in a loop, in `main`, in a coroutine; and around code of others, a pickle or the
    clean-up of something that is still in use.

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
    Certain is a clause in a loop that goes on with its next turn, around work of this code that main functions
    run or that exits; one call of code that was handed in, and what stands outside of loops, is only likely.
    A file is read only if `except:` or `BaseException` stands in it: a name for it from elsewhere is not followed.
    Only code that waits, calls what it was given, or ends something is looked at, and a clause
    that names BaseException and logs it as a failure. A clause that
    reads the exception by `sys.exc_info()`, gives it to anything but a log line, or calls
    something without arguments, which may look at it by itself, is taken to deal with it. So is
    one that leaves the loop around it. One call outside of all loops is let pass, code of threads, which no Ctrl-C
    meets, and code that Twisted's reactor calls, which takes signals and exits by itself.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.exiting import EXITS, goes_on_in_loop, loses_exit, may_raise_exits
from worker_lint.analysis.flow import find
from worker_lint.analysis.tiers import TrySite, clause_at, clause_shown
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="ERR109",
    severity="warning",
    stage="preview",
    summary="A clause takes the exit of the process together with errors",
    words=("except:", "BaseException"),
    closure="file",
    resumable="trail",
    product_only=True,
    yields_to=("ERR108", "ERR116"),
    silences=(
        "isolating user code in a loop that reports and stops",
        "raised again",
        "process ends",
        "handed on",
        "taken before",
        "the caller is told",
        "a stated reason",
        "nothing that takes time",
        "looked at by what is called",
        "clean-up on the way out",
        "the loop is inside",
        "the task of another is awaited",
        "best effort on the way out",
        "the program's own exit",
        "one step outside of all loops",
        "a thread gets no Ctrl-C",
        "the reactor takes the signals",
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
        ),
        bad(
            "a file for a file",
            """
            import json
            import logging

            def races(paths, load):
                found = []
                for path in paths:
                    try:
                        with open(path) as file:
                            found.append(load(json.load(file)))
                    except BaseException:  # bad
                        logging.exception("skipping %s", path)
                return found
            """,
        ),
        good(
            "one question, with an answer for when it fails",
            """
            def cluster_info(client, log):
                try:
                    return client.info()
                except BaseException:
                    log.exception("no info")
                    return None
            """,
            silence="one step outside of all loops",
        ),
        good(
            "exit of an application",
            """
            from traitlets.config import Application

            class Logger(Application):
                def initialize(self):
                    for each in self.watchers:
                        try:
                            each.start()
                        except BaseException:
                            self.log.error("cannot start", exc_info=True)
                            self.exit(1)
            """,
            silence="the program's own exit",
        ),
        good(
            "a thread that runs callbacks",
            """
            import threading

            class Notifier:
                def __init__(self, log):
                    self.log = log
                    self.thread = threading.Thread(target=self.notify)

                def notify(self):
                    for callback in self.callbacks:
                        try:
                            callback()
                        except BaseException:
                            self.log.exception("callback failed")
            """,
            silence="a thread gets no Ctrl-C",
        ),
        good(
            "components on the reactor",
            """
            from twisted.internet.task import LoopingCall

            class Registry:
                def __init__(self, log):
                    self.log = log
                    LoopingCall(self.update).start(1)

                def update(self):
                    for component in self.components:
                        try:
                            component.update()
                        except BaseException as error:
                            self.log.exception(error)
            """,
            silence="the reactor takes the signals",
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

            def child(work, log):
                try:
                    work()
                except BaseException:
                    log.exception("failed")
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
            "exits under a name of their own",
            """
            sysex = (KeyboardInterrupt, SystemExit)

            def shown(error, render, log, sysex=sysex):
                try:
                    return render(error)
                except sysex:
                    raise
                except BaseException:
                    log.warning("cannot be shown")
                    return repr(error)
            """,
            silence="taken before",
        ),
        good(
            "the caller is told, and ends the worker",
            """
            import logging

            def prepare(initializer, arguments):
                try:
                    initializer(*arguments)
                    return True
                except BaseException as error:
                    logging.exception(error)
                    return False
            """,
            silence="the caller is told",
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
            "one number",
            """
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


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every clause that takes BaseException."""
    for site in context.project.tiers.sites(module.path):
        before: set[str | None] = set()
        for handler in site.node.handlers:
            caught = context.project.tiers.caught(site.scope, handler)
            if "BaseException" in caught and before.isdisjoint(EXITS) and loses_exit(site, handler):
                yield _finding(site, handler, context)
            before.update(EXITS if may_raise_exits(handler, caught) else caught)


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
        confidence="certain" if goes_on_in_loop(site, handler) else "likely",
        fix=Fix("let exits pass", (Replace(at, text),)) if single else None,
    )
