"""
A producer that buffers is left without a flush.

What it catches
    (a) A function that makes a buffering producer (Kafka), sends through it, and never flushes or closes it.
    (b) A worker that keeps such a producer, has a stop method, and no code in its file that flushes or closes it.
    (c) `producer.flush(timeout)` of confluent-kafka whose result is thrown away: it is the number of messages
    that are still unsent.

Why it hurts in production
    `produce` and `send` only put a message into a buffer that another thread empties. When the process ends before
    that, the last messages are gone, without an error: those of the last batch, of every short script, of every
    stop. The log says that they were sent.

What to do instead
    `flush()` at the end and in the stop method, and a look at what a limited `flush` leaves.

When to ignore it
    When the messages may be lost.

Limits
    A producer that is handed on, returned or captured is somebody else's. A send whose result is used counts as
    awaited.
"""

import re
from collections.abc import Iterator

from worker_lint.analysis import Class, Function, ModuleScope
from worker_lint.analysis.deliveries import functions_with, is_handed_on
from worker_lint.analysis.flow import find
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.values import made_by
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_SENDING = ("produce", "send")
_SETTLED = re.compile(r"\.(?:flush|close|purge|commit_transaction)\b|\bclosing\(|atexit")

rule = Rule(
    code="MSG110",
    severity="warning",
    summary="A producer that buffers is left without a flush",
    words=("confluent_kafka", "kafka"),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=("send awaited", "flushed", "handed on", "the rest is looked at"),
    examples=(
        bad(
            "a short script",
            """
            from confluent_kafka import Producer

            def export(rows):
                producer = Producer({"bootstrap.servers": "localhost"})
                for row in rows:
                    producer.produce("rows", row)  # bad: producer
            """,
        ),
        bad(
            "a stop without it",
            """
            from kafka import KafkaProducer

            class Worker:
                def __init__(self):
                    self.running = True
                    self.producer = KafkaProducer()

                def run(self):
                    while self.running:
                        self.producer.send("orders", take())  # bad: self.producer

                def stop(self):
                    self.running = False
            """,
        ),
        bad(
            "what is left over",
            """
            from confluent_kafka import Producer

            class Worker:
                def __init__(self):
                    self.producer = Producer({"bootstrap.servers": "localhost"})

                def stop(self):
                    self.producer.flush(5)  # bad: flush
            """,
        ),
        good(
            "the result is waited for",
            """
            from kafka import KafkaProducer

            def export(rows):
                producer = KafkaProducer()
                for row in rows:
                    producer.send("rows", row).get(timeout=10)
            """,
            silence="send awaited",
        ),
        good(
            "at the end",
            """
            from confluent_kafka import Producer

            def export(rows):
                producer = Producer({"bootstrap.servers": "localhost"})
                for row in rows:
                    producer.produce("rows", row)
                producer.flush()
            """,
            silence="flushed",
        ),
        good(
            "given to a writer",
            """
            from confluent_kafka import Producer

            def export(rows, writers):
                producer = Producer({"bootstrap.servers": "localhost"})
                producer.produce("rows", b"begin")
                writers.append(producer)
            """,
            silence="handed on",
        ),
        good(
            "told how many are left",
            """
            import logging

            from confluent_kafka import Producer

            class Worker:
                def __init__(self):
                    self.producer = Producer({"bootstrap.servers": "localhost"})

                def stop(self):
                    left = self.producer.flush(5)
                    if left:
                        logging.error("%d messages were not sent", left)
            """,
            silence="the rest is looked at",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Every send of the file that is only buffered, and every limited flush."""
    seen: set[str] = set()
    for function in functions_with(context.project, module.path, (*_SENDING, "flush")):
        for node in find(ir.Expression, function.statements):
            call = node.value
            if isinstance(call, ir.Call) and isinstance(call.func, ir.Attribute):
                yield from _judged(function, call, call.func, context, seen)


def _judged(
    function: Function, call: ir.Call, func: ir.Attribute, context: Context, seen: set[str]
) -> Iterator[Finding]:
    if func.name not in (*_SENDING, "flush"):
        return
    model = context.project.calls.of(function, call).model
    name = ir.dotted_name(func.value)
    if model is None or name is None:
        return
    if model.facts.counts_left and (call.args or any(word.name == "timeout" for word in call.keywords)):
        yield _left_over(function, call, name)
    key = name if name.startswith("self.") else f"{function.symbol}:{name}"
    if model.facts.flushed_by and key not in seen and _is_left(function, func.value, model, context):
        seen.add(key)
        yield _unflushed(function, call, name, model, context)


def _is_left(function: Function, producer: ir.Expr, model: ModelFunction, context: Context) -> bool:
    """Whether nothing around a producer that is made here flushes it."""
    made = made_by(context.project, function, producer)
    text = context.project.store.text(context.path)
    if made is None:
        return False
    if isinstance(producer, ir.Name):
        is_local = (producer.id,) in context.project.values.bindings(function).places
        calls = (call.func for call in find(ir.Call, function.statements, inner=True))
        flushes = any(isinstance(func, ir.Attribute) and func.name in model.facts.flushed_by for func in calls)
        return is_local and not flushes and not is_handed_on(function, producer.id)
    owner = function.owner
    return owner is not None and not _SETTLED.search(text.source) and _is_stopped(owner, context)


def _is_stopped(owner: Class, context: Context) -> bool:
    return bool(context.project.workers.stops(owner))


def _unflushed(function: Function, call: ir.Call, name: str, model: ModelFunction, context: Context) -> Finding:
    made = made_by(context.project, function, call.func.value if isinstance(call.func, ir.Attribute) else call)
    notes = (Note(context.path, made.at, "the producer is made here"),) if made is not None else ()
    ways = " or ".join(f"`{way}()`" for way in model.facts.flushed_by[:2])
    return Finding(
        at=call.at,
        message=f"`{name}` only buffers this, and nothing flushes it",
        consequence="What is in the buffer when the process ends is lost, without an error.",
        help=f"call {ways} before the end",
        notes=notes,
        symbol=function.symbol,
        confidence="likely",
    )


def _left_over(function: Function, call: ir.Call, name: str) -> Finding:
    return Finding(
        at=call.at,
        message=f"nobody looks at what `{name}.flush` leaves unsent",
        consequence="When the time is over it returns the number of messages still in the buffer; they are lost.",
        help="compare the result with 0: wait longer, or report the loss",
        symbol=function.symbol,
        confidence="likely",
    )
