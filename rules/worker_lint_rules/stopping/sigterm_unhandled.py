"""
An endless worker cleans up on Ctrl-C, and not when the supervisor stops it.

What it catches
    Code run as a program (`if __name__ == "__main__"`, or a `__main__.py`) whose endless loop is left, and whose
    resources are released, in `except KeyboardInterrupt`, while nothing installs a handler for SIGTERM.

Why it hurts in production
    Docker, Kubernetes and systemd send SIGTERM. Without a handler Python ends at once: no `except` and
    no `finally` runs. Messages in hand are delivered again, buffers are lost, locks stay taken, on every
    deployment, while on the developer's machine Ctrl-C always cleans up.

What to do instead
    `signal.signal(signal.SIGTERM, handler)` with a handler that sets the stop flag or raises; with asyncio
    `loop.add_signal_handler(signal.SIGTERM, …)`.

When to ignore it
    When the program is only ever started by hand.

Limits
    The program is followed through calls that surely run one function. Libraries are not judged: whoever
    starts them owns the signals. Certain are programs that are told what to do, by the command line or the
    environment, and release a client, or an object of the project that then sends, writes, takes back or waits for
    something; what the system closes by itself, and what may be a demonstration, is only likely.
"""

import re
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

from worker_lint.analysis import Class, Function, Instance, ModuleScope, Scope
from worker_lint.analysis.demonstrating import is_demonstration
from worker_lint.analysis.flow import find
from worker_lint.analysis.guard import handler_names
from worker_lint.analysis.nesting import own_calls
from worker_lint.analysis.outlasting import outlasts
from worker_lint.analysis.reached import reached_from
from worker_lint.analysis.statements import walk_statements
from worker_lint.analysis.stopping import is_stop_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP116",
    severity="warning",
    stage="preview",
    summary="An endless worker cleans up on Ctrl-C, and not when the supervisor stops it",
    words=("__main__", "KeyboardInterrupt"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("the framework's command owns signals", "library code", "finally and a handler that raises"),
    examples=(
        bad(
            "the loop is left by Ctrl-C only",
            """
            def main(consumer):
                try:
                    while True:
                        consumer.poll(1)
                except KeyboardInterrupt:  # bad: Ctrl-C
                    consumer.close()

            if __name__ == "__main__":
                from clients import consumer
                main(consumer)
            """,
            is_likely=True,
        ),
        bad(
            "a demonstration at the foot of the module",
            """
            class Poller:
                def poll(self):
                    return 1

                def close(self):
                    print("closed")

            def demo():
                poller = Poller()
                try:
                    while True:
                        print(poller.poll())
                except KeyboardInterrupt:  # bad: Ctrl-C
                    poller.close()

            if __name__ == "__main__":
                demo()
            """,
            is_likely=True,
        ),
        bad(
            "the client's own loop",
            """
            import os
            import pika

            def run():
                connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER"]))
                channel = connection.channel()
                try:
                    channel.start_consuming()
                except KeyboardInterrupt:  # bad: Ctrl-C
                    channel.stop_consuming()
                    connection.close()

            if __name__ == "__main__":
                run()
            """,
        ),
        good(
            "nothing is released",
            """
            import sys

            def main(server):
                try:
                    server.serve_forever()
                except KeyboardInterrupt:
                    print("bye")
                    sys.exit(0)

            if __name__ == "__main__":
                main(None)
            """,
        ),
        good(
            "the framework's command runs it",
            """
            import celery

            app = celery.Celery()

            if __name__ == "__main__":
                try:
                    app.worker_main()
                except KeyboardInterrupt:
                    app.close()
            """,
            silence="the framework's command owns signals",
        ),
        good(
            "a library function",
            """
            def main(consumer):
                try:
                    while True:
                        consumer.poll(1)
                except KeyboardInterrupt:
                    consumer.close()
            """,
            silence="library code",
        ),
        good(
            "SIGTERM raises, and finally cleans up",
            """
            import signal
            import sys

            def main(consumer):
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
                try:
                    while True:
                        consumer.poll(1)
                except KeyboardInterrupt:
                    print("interrupted")
                finally:
                    consumer.close()

            if __name__ == "__main__":
                from clients import consumer
                main(consumer)
            """,
            silence="finally and a handler that raises",
        ),
        good(
            "the loop ends by itself",
            """
            def main(consumer):
                try:
                    for message in consumer.batch():
                        print(message)
                except KeyboardInterrupt:
                    consumer.close()

            if __name__ == "__main__":
                from clients import consumer
                main(consumer)
            """,
        ),
    ),
)

_LOOPS = frozenset({"start_consuming", "run_forever", "serve_forever", "infinite_consume"})
_ENDING = frozenset({"sys", "os"})
"""`sys.exit` ends the process, which SIGTERM does as well: that releases nothing."""
_SIGNALS = ("SIGTERM", "add_signal_handler", "signal.signal", "pthread_sigmask", "set_wakeup_fd")


class _Place(NamedTuple):
    """A `try` of the program, and the scope that it stands in."""

    scope: Scope
    node: ir.Try


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The program that a module is, if it is one."""
    started = _program(module)
    if not started:
        return
    places = list(_places(module, started))
    if not places or _handles_signals(module, places):
        return
    for place in places:
        if place.scope.path != module.path:
            continue
        handler = next((item for item in place.node.handlers if "KeyboardInterrupt" in handler_names(item)), None)
        releases = list(_releases(place.node, handler)) if handler is not None else []
        if handler is not None and releases and _is_endless(place.node.body):
            lost = next((one for one in releases if _is_missed(place.scope, one)), None)
            is_certain = lost is not None and _is_for_use(module, places, place.scope)
            yield _finding(place.scope, handler, lost or releases[0], is_certain=is_certain)


def _program(module: ModuleScope) -> tuple[ir.Stmt, ...]:
    """The statements that run when the file is started as a program."""
    if module.path.rpartition("/")[2] == "__main__.py":
        return module.statements
    for node in module.statements:
        if (
            isinstance(node, ir.If)
            and isinstance(node.test, ir.Compare)
            and ir.dotted_name(node.test.left) == "__name__"
        ):
            return node.body
    return ()


def _places(module: ModuleScope, started: tuple[ir.Stmt, ...]) -> Iterator[_Place]:
    """The `try` statements with a handler for Ctrl-C, in the program's own statements and what they surely call."""
    seen: set[Function] = set()
    for statement in walk_statements(started):
        if isinstance(statement, ir.Try):
            yield _Place(module, statement)
        for call in own_calls(statement):
            runs = module.project.calls.of(module, call).runs
            for here in reached_from(runs[0]) if len(runs) == 1 else ():
                if here.function not in seen:
                    seen.add(here.function)
                    yield from (_Place(here.function, node) for node in find(ir.Try, here.function.body))


def _handles_signals(module: ModuleScope, places: list[_Place]) -> bool:
    """Whether a file of the program, or one that the module imports, speaks of signals."""
    store = module.project.store
    paths = {module.path, *(place.scope.path for place in places)}
    for node in find(ir.Import, module.statements, inner=True):
        for name in node.names:
            find_module = store.find_relative(node.level, name.module, module.path) if node.level else None
            path = find_module or (None if node.level else store.find_module(name.module, module.path))
            paths.update(() if path is None else (path,))
    return any(word in store.text(path).source for path in sorted(paths) for word in _SIGNALS)


def _is_endless(body: tuple[ir.Stmt, ...]) -> bool:
    """Whether a block stays in a loop until an exception comes."""
    for statement in walk_statements(body):
        if isinstance(statement, ir.While) and isinstance(statement.test, ir.Constant) and statement.test.value:
            leaves = [node for node in walk_statements(statement.body) if isinstance(node, (ir.Simple, ir.Return))]
            if not any(isinstance(node, ir.Return) or node.kind == "break" for node in leaves):
                return True
        for call in own_calls(statement):
            if isinstance(call.func, ir.Attribute) and call.func.name in _LOOPS:
                return True
    return False


def _releases(node: ir.Try, handler: ir.Handler) -> Iterator[ir.Call]:
    """What is released when Ctrl-C comes: in the handler, or in the `finally` that SIGTERM does not run either."""
    for statement in walk_statements((*handler.body, *node.final)):
        for call in own_calls(statement):
            if isinstance(call.func, ir.Attribute) and is_stop_name(call.func.name):
                if ir.dotted_name(call.func.value) not in _ENDING:
                    yield call


def _is_missed(scope: Scope, release: ir.Call) -> bool:
    """
    Whether somebody misses the release: a client or file that has more to do at its end than to be closed by the
    system, or an object of the project whose end does more than that. Sockets, servers and event loops end with the
    process all the same.
    """
    if not isinstance(release.func, ir.Attribute):
        return False
    me = scope.owner if isinstance(scope, Function) else None
    kind = scope.project.values.of(scope, release.func.value, me)
    if not isinstance(kind, Instance):
        return False
    if isinstance(kind.of, Class):
        return outlasts(scope, release, kind.of, me)
    return kind.of.dotted.partition(".")[0] not in sys.stdlib_module_names


def _is_for_use(module: ModuleScope, places: list[_Place], scope: Scope) -> bool:
    """
    Whether it is a program that people run, not a demonstration: it is the package's own, or it asks the command line
    or the environment what to do, and nothing names it an example.
    """
    if is_demonstration(module.path, scope):
        return False
    if module.path.rpartition("/")[2] == "__main__.py":
        return True
    store = module.project.store
    return any(_IS_TOLD.search(store.text(path).source) for path in {module.path, *(one.scope.path for one in places)})


_IS_TOLD: Final = re.compile(
    r"\bsys\.argv\b|\bos\.(?:environ|getenv)\b|\b(?:argparse|optparse|getopt|docopt|click|typer|configparser)\b"
)


def _finding(scope: Scope, handler: ir.Handler, release: ir.Call, *, is_certain: bool) -> Finding:
    name = ir.dotted_name(release.func) or "the release"
    line, column, _, _ = handler.at
    return Finding(
        at=handler.exception.at if handler.exception is not None else (line, column, line, column + 6),
        message=f"`{name}` runs on Ctrl-C, and nothing runs it on SIGTERM",
        consequence="The supervisor's SIGTERM ends the process at once: neither `except` nor `finally` runs.",
        help="install a handler for SIGTERM that sets the stop flag, or raises",
        notes=(Note(scope.path, release.at, "SIGTERM leaves this out"),),
        symbol=scope.symbol,
        confidence="certain" if is_certain else "likely",
    )
