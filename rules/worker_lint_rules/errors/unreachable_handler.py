"""
An except clause can never run, because an earlier one takes all that it names.

What it catches
    A clause whose every class is, or derives from, a class that an earlier clause of the same
    `try` statement takes. Bases are known for built-in classes, those of the project, and those
    of modelled libraries: `pika.exceptions.ProbableAuthenticationError` is an
    `AMQPConnectionError`, `redis.exceptions.AuthenticationError` a redis `ConnectionError`.

Why it hurts in production
    The later clause is the one with the special treatment: stop on a wrong password, dead-letter
    a bad message, wait longer on a closed connection. It never runs, so the worker retries what
    no retry heals, and whoever reads the code believes that the case is dealt with.

What to do instead
    Put the clause of the narrower class first.

When to ignore it
    Never; a clause that cannot run can be deleted.

Limits
    A clause of which one class is unknown, or not covered by the earlier clauses, is let pass;
    so are clauses with a mark of another checker for this, and
    classes whose bases differ between the library's releases that may be in use. A clause is
    only likely to be missed where it does the same as the earlier one, names the same class in
    another way, or was of use before Python 3.11.
"""

import builtins
import re
from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.flow import walk
from worker_lint.analysis.tiers import TrySite
from worker_lint.rule import Context, Finding, Fix, Note, Replace, Rule, bad, good
from worker_lint.source import ir
from worker_lint.source.clauses import TWO_CLAUSES
from worker_lint.source.text import Text

rule = Rule(
    code="ERR110",
    severity="error",
    stage="certain",
    summary="An except clause cannot run, because an earlier one takes all that it names",
    words=(TWO_CLAUSES,),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("unknown class", "partly covered", "another checker's mark"),
    examples=(
        bad(
            "the wrong password is retried for ever",
            """
            import logging
            import time
            import pika
            from pika.exceptions import AMQPConnectionError, ProbableAuthenticationError

            def connect(parameters):
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except AMQPConnectionError:
                        time.sleep(5)
                    except ProbableAuthenticationError:  # bad: ProbableAuthenticationError
                        logging.critical("wrong password")
                        raise SystemExit(1)
            """,
            repaired="""
            import logging
            import time
            import pika
            from pika.exceptions import AMQPConnectionError, ProbableAuthenticationError

            def connect(parameters):
                while True:
                    try:
                        return pika.BlockingConnection(parameters)
                    except ProbableAuthenticationError:  # bad: ProbableAuthenticationError
                        logging.critical("wrong password")
                        raise SystemExit(1)
                    except AMQPConnectionError:
                        time.sleep(5)
            """,
        ),
        bad(
            "a class of the project",
            """
            class WorkerError(Exception):
                pass

            class PoisonMessage(WorkerError):
                pass

            def consume(message, handle):
                try:
                    handle(message)
                except WorkerError:
                    message.requeue()
                except (PoisonMessage, WorkerError):  # bad: PoisonMessage
                    message.reject()
            """,
        ),
        bad(
            "an alias of the same class",
            """
            import socket

            def read(connection, buffer):
                try:
                    return connection.recv_into(buffer)
                except TimeoutError:
                    return 0
                except ConnectionError:
                    raise
                except socket.timeout:  # bad: TimeoutError
                    return -1
            """,
            is_likely=True,
        ),
        good(
            "one clause for each Python",
            """
            import os

            def seek(file, offset):
                try:
                    return os.lseek(file, offset, 0)
                except IOError:
                    raise
                except OSError as error:  # pylint: disable=duplicate-except
                    raise IOError(*error.args)
            """,
            silence="another checker's mark",
        ),
        good(
            "the narrow class first",
            """
            from redis.exceptions import AuthenticationError, ConnectionError

            def poll(client):
                try:
                    return client.blpop("jobs", 1)
                except AuthenticationError:
                    raise
                except ConnectionError:
                    return None
            """,
        ),
        good(
            "a class of a library without a model",
            """
            from broker_client import BrokerError, Timeout

            def poll(client):
                try:
                    return client.poll()
                except BrokerError:
                    raise
                except Timeout:
                    return None
            """,
            silence="unknown class",
        ),
        good(
            "one class of two is new",
            """
            def read(path):
                try:
                    return open(path).read()
                except OSError:
                    return ""
                except (FileNotFoundError, UnicodeDecodeError):
                    return None
            """,
            silence="partly covered",
        ),
    ),
)

_MARK = re.compile(r"duplicate-except|bad-except-order|\b(?:E0701|W0705|B014|B025)\b")
"""Names by which other checkers know a clause that never runs."""
_ONCE_APART = frozenset({"asyncio.TimeoutError", "concurrent.futures.TimeoutError", "futures.TimeoutError"})
"""Classes of their own before Python 3.11."""


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every `try` statement with two clauses or more."""
    for site in context.project.tiers.sites(module.path, TWO_CLAUSES):
        if len(site.node.handlers) > 1:
            yield from _judge(site, context)


def _judge(site: TrySite, context: Context) -> Iterator[Finding]:
    tiers = context.project.tiers
    before: list[tuple[str, ir.Handler]] = []
    for handler in site.node.handlers:
        named = tiers.caught(site.scope, handler)
        takers = [_taker(name, before, context) if name is not None else None for name in named]
        found = [taker for taker in takers if taker is not None]
        if named and len(found) == len(named) and handler.exception is not None and not _is_marked(site, handler):
            yield _finding(site, handler, [name or "" for name in named], found, context)
        before.extend((name, handler) for name in named if name is not None)


def _is_marked(site: TrySite, handler: ir.Handler) -> bool:
    """Whether a mark for another checker says that the order of the clauses, or the double one, is known."""
    text = site.scope.project.store.text(site.scope.path)
    return any(_MARK.search(text.comment(line)) for line in range(handler.at[0], handler.body[0].at[0] + 1))


def _is_harmful(site: TrySite, handler: ir.Handler, named: list[str], takers: list[tuple[str, ir.Handler]]) -> bool:
    """
    Whether something is surely lost: the dead clause does what the one before it does not, and it is dead on every
    Python, not a left-over from when two names (`IOError` and `OSError`) meant two classes.
    """
    text = site.scope.project.store.text(site.scope.path)
    written = _words_of(handler)
    if not _ONCE_APART.isdisjoint(written):
        return False
    for name, (above, earlier) in zip(named, takers, strict=True):
        if _text_of(text, earlier) == _text_of(text, handler) or (
            name == above and written.isdisjoint(_words_of(earlier))
        ):
            return False
    return True


def _words_of(handler: ir.Handler) -> frozenset[str]:
    """The classes of a clause, as they are written."""
    names = (ir.dotted_name(node) for node in walk(handler.exception) if isinstance(node, (ir.Name, ir.Attribute)))
    return frozenset(name for name in names if name is not None) if handler.exception is not None else frozenset()


def _text_of(text: Text, handler: ir.Handler) -> str:
    """What a clause does, without regard to its layout."""
    return " ".join(" ".join(text.segment(statement.at).split()) for statement in handler.body)


def _taker(name: str, before: list[tuple[str, ir.Handler]], context: Context) -> tuple[str, ir.Handler] | None:
    """The earlier clause that takes every object of the class, and as what."""
    return next((one for one in before if context.project.tiers.is_class(name, one[0])), None)


def _finding(
    site: TrySite, handler: ir.Handler, named: list[str], takers: list[tuple[str, ir.Handler]], context: Context
) -> Finding:
    above, earlier = takers[0]
    shown, base = _shown(named[0], above)
    is_same, article = named[0] == above, "an" if base[0] in "AEIOU" else "a"
    same = f"`{shown}` is what the earlier clause names" if is_same else f"`{shown}` is {article} `{base}`"
    whole = " and the other classes" if len(named) > 1 else ""
    return Finding(
        at=handler.exception.at if handler.exception is not None else handler.at,
        message=f"`except {shown}` can never run",
        consequence=f"{same}: the clause before takes it{whole}, and the treatment written here never happens.",
        help="delete this clause, or nest a `try` statement in the clause that it was written for"
        if is_same
        else f"put the clause for `{shown}` before the one for `{base}`",
        notes=(Note(context.path, earlier.at[:2] + earlier.body[0].at[:2], f"`{base}` is taken here"),),
        symbol=site.scope.symbol,
        confidence="certain" if _is_harmful(site, handler, named, takers) else "likely",
        fix=_swapped(site, earlier, handler, named, takers, context),
    )


def _shown(name: str, above: str) -> tuple[str, str]:
    """
    Two classes as a message names them: by the last word, by all where that is the word of a built-in class or of the
    other one.
    """
    words = name.rpartition(".")[2], above.rpartition(".")[2]
    is_clear = name == above or words[0] != words[1]
    first, second = (
        word if full == word or (is_clear and not hasattr(builtins, word)) else full
        for full, word in zip((name, above), words, strict=True)
    )
    return first, second


def _swapped(
    site: TrySite,
    earlier: ir.Handler,
    later: ir.Handler,
    named: list[str],
    takers: list[tuple[str, ir.Handler]],
    context: Context,
) -> Fix | None:
    """The two clauses in the other order, where they are neighbours and the later is really narrower."""
    handlers = site.node.handlers
    is_next = handlers.index(later) == handlers.index(earlier) + 1
    is_narrower = all(name != above and taker is earlier for name, (above, taker) in zip(named, takers, strict=True))
    if not is_next or not is_narrower:
        return None
    text = context.project.store.text(context.path)
    first, second = text.segment(earlier.at), text.segment(later.at)
    return Fix(
        "put the clause of the narrower class first",
        (Replace(earlier.at, second), Replace(later.at, first)),
    )
