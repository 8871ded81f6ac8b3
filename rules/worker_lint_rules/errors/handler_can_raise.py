"""
An except clause calls what may fail itself, and then does not do what it is there for.

What it catches
    In an except clause, with no `try` of its own: a hook that subclasses fill, before the clause
    raises another exception; a callable that somebody handed over, before the clause settles the
    message; and, in the loop of a worker, sending the bad message to another place.

Why it hurts in production
    The second error takes the place of the first. The control exception that should have been
    raised never comes, the message is neither acknowledged nor rejected, the later steps are
    left out. What was to be contained leaves by the clause that should have contained it.

What to do instead
    Put a `try` of its own around that call and log what it raises; or make it the last thing.

When to ignore it
    Where the call is known not to raise.

Limits
    Calls of the project's own functions and of libraries are taken not to fail here. A hook is a
    method whose body in the base class is only its docstring, and that an override fills with more than flags, or
    that is public and new in that class. Certain is one whose text says when it is called, or that it is there to be
    overridden; whether handed over code or a sending fails depends on what is there: likely.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.escaping.answering import SENDS, Risk, risks
from worker_lint.analysis.escaping.hooks import is_offered
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.tiers import TrySite, clause_at, clause_shown
from worker_lint.analysis.visit import unawaited
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.handling import CALL_BEFORE_RAISE

rule = Rule(
    code="ERR115",
    severity="warning",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="An except clause calls what may fail itself, before it has done its work",
    words=(CALL_BEFORE_RAISE, *SENDS),
    product_only=True,
    yields_to=("MSG107",),
    silences=(
        "last statement before re-raise",
        "a try of its own",
        "a try around",
        "nothing comes after it",
        "the dispatcher looks after its listeners",
        "a class makes its own object",
        "nobody fills it with what can fail",
    ),
    examples=(
        bad(
            "a hook before the control exception",
            """
            class Reschedule(Exception):
                pass

            class Interrupt(Exception):
                pass

            class TaskSet:
                def on_stop(self):
                    '''Called when the task set ends.'''

                def run(self):
                    while True:
                        try:
                            self.execute()
                        except Interrupt as error:
                            self.on_stop()  # bad: on_stop
                            raise Reschedule from error
            """,
        ),
        bad(
            "the message stays unsettled",
            """
            class Consumer:
                def __init__(self, on_error):
                    self.on_error = on_error

                def handle(self, message):
                    try:
                        message.process()
                    except Exception as error:
                        self.on_error(error)  # bad: on_error
                        message.reject()
            """,
            is_likely=True,
        ),
        bad(
            "put aside, if that works",
            """
            class Processor:
                def run(self):
                    while not self.stopping:
                        self.run_once()

                def run_once(self):
                    try:
                        self.strategy.submit()
                    except ValueError as error:
                        self.put_aside(error)

                def put_aside(self, error):
                    self.dead_letters.produce(error)  # bad: produce
                    self.count += 1
            """,
            is_likely=True,
        ),
        good(
            "events within the process, whose listeners are guarded",
            """
            import logging
            from typing import Generic, TypeVar

            E = TypeVar("E")

            class Dispatcher(Generic[E]):
                def __init__(self):
                    self.listeners = []

                def publish(self, event):
                    for listener in self.listeners:
                        try:
                            listener(event)
                        except Exception:
                            logging.exception("listener failed")

            class Runner:
                def __init__(self):
                    self.events = Dispatcher[str]()

                def run(self):
                    while True:
                        try:
                            self.poll()
                        except Exception as error:
                            self.events.publish(error)
            """,
            silence="the dispatcher looks after its listeners",
        ),
        good(
            "made when it is first asked for",
            """
            class Discovery:
                @classmethod
                def of(cls, module, cache):
                    try:
                        return module.found
                    except AttributeError:
                        module.found = cls(module)
                        cache.release(module)
                        return module.found
            """,
            silence="a class makes its own object",
        ),
        good(
            "an empty method that a base asks for",
            """
            import abc

            class Failed(Exception):
                pass

            class Transport(abc.ABC):
                @abc.abstractmethod
                def reset(self):
                    '''Forget the session.'''

            class PlainTransport(Transport):
                def reset(self):
                    '''Nothing to forget here.'''

                def send(self, request):
                    try:
                        self.write(request)
                    except OSError as error:
                        self.reset()
                        raise Failed from error
            """,
            silence="nobody fills it with what can fail",
        ),
        good(
            "every override sets a flag",
            """
            class Failed(Exception):
                pass

            class Session:
                def _after_failure(self):
                    '''Bookkeeping of the session.'''

                def start(self):
                    try:
                        self.connect()
                    except OSError as error:
                        self._after_failure()
                        raise Failed from error

            class LocalSession(Session):
                def _after_failure(self):
                    self._running = False
            """,
            silence="nobody fills it with what can fail",
        ),
        good(
            "raised again as it is",
            """
            class TaskSet:
                def on_stop(self):
                    '''Called when the task set ends.'''

                def run(self):
                    try:
                        self.execute()
                    except KeyboardInterrupt:
                        self.on_stop()
                        raise
            """,
            silence="last statement before re-raise",
        ),
        good(
            "guarded where it stands",
            """
            import logging

            class Consumer:
                def __init__(self, on_error):
                    self.on_error = on_error

                def handle(self, message):
                    try:
                        message.process()
                    except Exception as error:
                        try:
                            self.on_error(error)
                        except Exception:
                            logging.exception("the error handler failed")
                        message.reject()
            """,
            silence="a try of its own",
        ),
        good(
            "guarded from outside",
            """
            import logging

            class Consumer:
                def __init__(self, on_error):
                    self.on_error = on_error

                def handle(self, message):
                    try:
                        try:
                            message.process()
                        except ValueError as error:
                            self.on_error(error)
                            message.reject()
                    except Exception:
                        logging.exception("not settled: %r", message)
            """,
            silence="a try around",
        ),
        good(
            "settled first",
            """
            class Consumer:
                def __init__(self, on_error):
                    self.on_error = on_error

                def handle(self, message):
                    try:
                        message.process()
                    except Exception as error:
                        message.reject()
                        self.on_error(error)
            """,
            silence="nothing comes after it",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every except clause of the file; the first risk of each."""
    seen: set[tuple[int, ...]] = set()
    for site in context.project.tiers.sites(module.path):
        for handler in site.node.handlers:
            found = next(risks(site, handler), None)
            if found is not None and found.function.path == context.path and found.call.at not in seen:
                seen.add(found.call.at)
                yield _finding(site, handler, found, context)


def _runs_code_of_users(handler: ir.Handler, risk: Risk) -> bool:
    """Whether a hook that its text offers to users is told of the event, and the clause can do without its answer."""
    statements = (one for one in walk_statements(handler.body) if isinstance(one, ir.Expression))
    is_told = any(unawaited(one.value) is risk.call for one in statements)
    return risk.kind == "hook" and is_told and is_offered(risk.function, risk.call)


def _finding(site: TrySite, handler: ir.Handler, risk: Risk, context: Context) -> Finding:
    shown = ir.dotted_name(risk.call.func) or "a call"
    notes = [Note(context.path, clause_at(handler), "in this clause")]
    if risk.skipped is not None:
        notes.append(Note(context.path, risk.skipped.at, "never reached when it raises"))
    return Finding(
        at=risk.call.at,
        message=f"`{shown}` may raise in {clause_shown(handler)}, {_WHY[risk.kind]}",
        consequence=_consequence(site, risk),
        help="put a `try` of its own around it, and log what it raises",
        notes=tuple(notes),
        symbol=risk.function.symbol,
        confidence="certain" if _runs_code_of_users(handler, risk) else "likely",
    )


_WHY = {
    "hook": "a hook that others fill",
    "callable": "code that somebody handed over",
    "sending": "which sends the bad message elsewhere",
}


def _consequence(site: TrySite, risk: Risk) -> str:
    if risk.kind == "sending":
        return "When that fails, one bad message ends the worker that the clause should have kept alive."
    if isinstance(risk.skipped, ir.Raise):
        return "Its error takes the place of the exception that the clause raises: the caller acts on the wrong one."
    return "Its error leaves the clause, and the message is never settled."
