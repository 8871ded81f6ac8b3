"""
A handler keeps the thread that must answer the broker's heartbeats.

What it catches
    (a) A callback of pika's blocking connection that sleeps, or runs a command with a literal limit, for a minute
    and a half or more: nothing else can serve the connection meanwhile.
    (b) Heartbeats that are switched off (`heartbeat=0`) in a file that consumes.

Why it hurts in production
    RabbitMQ proposes 60 seconds: after two missed heartbeats it closes the connection. The handler finishes its
    work, its acknowledgement fails, the message is delivered again, and the same happens again: a long job that is
    done for ever and never gets done. With heartbeats off, a connection that a firewall has dropped stays
    "open": the worker waits for messages that can never come.

What to do instead
    Do the work in a thread, acknowledge through `connection.add_callback_threadsafe`, and let the connection's own
    thread go on; wait with `connection.sleep`, which serves heartbeats. Leave them on.

When to ignore it
    When the process is restarted from outside as soon as it is silent.

Limits
    Only waits whose length stands in the code.
"""

from collections.abc import Iterator

from worker_lint.analysis import ModuleScope
from worker_lint.analysis.deliveries import Delivery, functions_with
from worker_lint.analysis.flow import find
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_LONG = 90.0
"""RabbitMQ proposes 60 seconds, and gives up when nothing came for two halves of that and a little more."""
_PARAMETERS = ("pika.ConnectionParameters", "pika.connection.ConnectionParameters")
_COMMANDS = ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output")

rule = Rule(
    code="MSG106",
    severity="warning",
    stage="preview",
    summary="A handler keeps the thread that must answer the broker's heartbeats",
    words=("basic_consume", "heartbeat"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("a pool with thread-safe acknowledgement", "a short wait", "the connection's own sleep", "a limit"),
    examples=(
        bad(
            "a pause of five minutes",
            """
            import time

            import pika

            def on_message(channel, method, properties, body):
                while not charge(body):
                    time.sleep(300)  # bad: sleep
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_qos(prefetch_count=1)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
        ),
        bad(
            "a command that may take ten minutes",
            """
            import subprocess

            import pika

            class Worker:
                def __init__(self):
                    parameters = pika.ConnectionParameters("localhost", heartbeat=0)  # bad: heartbeat
                    self.channel = pika.BlockingConnection(parameters).channel()
                    self.channel.basic_qos(prefetch_count=1)
                    self.channel.basic_consume("films", self.on_message)

                def on_message(self, channel, method, properties, body):
                    subprocess.run(["ffmpeg", "-i", body.decode()], check=True, timeout=600)  # bad: run
                    channel.basic_ack(method.delivery_tag)
            """,
        ),
        good(
            "a thread does it",
            """
            import subprocess
            import threading

            import pika

            class Worker:
                def __init__(self):
                    self.connection = pika.BlockingConnection()
                    self.channel = self.connection.channel()
                    self.channel.basic_qos(prefetch_count=1)
                    self.channel.basic_consume("films", self.on_message)

                def on_message(self, channel, method, properties, body):
                    threading.Thread(target=self.convert, args=(body, method.delivery_tag)).start()

                def convert(self, body, tag):
                    subprocess.run(["ffmpeg", "-i", body.decode()], check=True, timeout=600)
                    self.connection.add_callback_threadsafe(lambda: self.channel.basic_ack(tag))
            """,
            silence="a pool with thread-safe acknowledgement",
        ),
        good(
            "two seconds",
            """
            import time

            import pika

            def on_message(channel, method, properties, body):
                time.sleep(2)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_qos(prefetch_count=1)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="a short wait",
        ),
        good(
            "heartbeats are served meanwhile",
            """
            import pika

            def on_message(channel, method, properties, body):
                while not charge(body):
                    channel.connection.sleep(300)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_qos(prefetch_count=1)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="the connection's own sleep",
        ),
        good(
            "thirty seconds at most",
            """
            import subprocess

            import pika

            def on_message(channel, method, properties, body):
                subprocess.run(["convert", body.decode()], check=True, timeout=30)
                channel.basic_ack(method.delivery_tag)

            def main():
                channel = pika.BlockingConnection().channel()
                channel.basic_qos(prefetch_count=1)
                channel.basic_consume("orders", on_message)
                channel.start_consuming()
            """,
            silence="a limit",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """The callbacks of the file, and the parameters of its connections."""
    for delivery in context.project.deliveries.of(module.path):
        is_blocking = delivery.opening.model.facts.thread == "owner"
        if delivery.how == "callback" and is_blocking and not delivery.function.node.is_async:
            yield from _long_waits(delivery, context)
    if context.project.deliveries.openings(module.path):
        yield from _switched_off(module, context)


def _long_waits(delivery: Delivery, context: Context) -> Iterator[Finding]:
    for call in find(ir.Call, delivery.function.statements):
        dotted = context.project.calls.of(delivery.function, call).dotted
        limit = _given(call, "timeout")
        if dotted == "time.sleep" and call.args and _seconds(call.args[0]) >= _LONG:
            yield _finding(delivery, call, dotted, f"sleeps for {_seconds(call.args[0]):g} s", context)
        elif dotted in _COMMANDS and not any(word.name is None for word in call.keywords):
            if limit is not None and _seconds(limit) >= _LONG:
                yield _finding(delivery, call, dotted, f"may take {_seconds(limit):g} s", context)


def _given(call: ir.Call, name: str) -> ir.Expr | None:
    return next((word.value for word in call.keywords if word.name == name), None)


def _seconds(expr: ir.Expr) -> float:
    """A literal number of seconds; 0 for anything else."""
    is_number = isinstance(expr, ir.Constant) and expr.kind in ("int", "float")
    return float(expr.value or 0) if is_number and isinstance(expr, ir.Constant) else 0.0


def _finding(delivery: Delivery, call: ir.Call, name: str, what: str, context: Context) -> Finding:
    return Finding(
        at=call.at,
        message=f"`{name}` {what} on the thread that must answer heartbeats",
        consequence="The broker closes the silent connection; the acknowledgement fails and the work is done again.",
        help="do the work in a thread, and acknowledge through `connection.add_callback_threadsafe`",
        notes=(Note(context.path, delivery.opening.call.at, "the handler runs on the connection's thread"),),
        symbol=delivery.function.symbol,
        confidence="likely",
    )


def _switched_off(module: ModuleScope, context: Context) -> Iterator[Finding]:
    scopes = (module, *functions_with(context.project, module.path, ("heartbeat",)))
    for scope in scopes:
        for call in find(ir.Call, scope.statements):
            given = _given(call, "heartbeat")
            if not isinstance(given, ir.Constant) or given.kind != "int" or given.value != 0:
                continue
            if context.project.calls.of(scope, call).dotted.startswith(_PARAMETERS):
                yield Finding(
                    at=call.at,
                    message="heartbeats are switched off for a connection that consumes",
                    consequence="A connection that was dropped on the way stays open: the worker waits for ever.",
                    help="leave `heartbeat` as the broker proposes it, and keep long work off this thread",
                    symbol=scope.symbol,
                    confidence="likely",
                )
