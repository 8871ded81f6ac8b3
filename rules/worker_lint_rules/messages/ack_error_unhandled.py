"""
An acknowledgement may fail, and the failure skips what has to follow it.

What it catches
    (a) A method that settles a message at the broker and then clears its own book of the delivery (calls the
    method of its base, takes the tag out of a collection), with no `try` around the call to the broker.
    (b) An acknowledgement through an object that the same class guards against connection errors elsewhere, in a
    method that threads call without such a guard.

Why it hurts in production
    Brokers restart, locks on messages expire: an acknowledgement fails as any other network call does. The work is
    done by then. Unguarded, the error skips the bookkeeping, so the delivery is counted as in flight for ever and
    its place in the prefetch window is gone; or it ends the thread that was to take the next message.

What to do instead
    Catch the client's errors around the settlement: put the delivery back in the book's other way (reject), or
    wait for the connection and try again, and go on. The message will come again; the work should bear that.

When to ignore it
    When whoever calls the method settles the book itself after an error.

Limits
    Settlements are those of library models. A method counts as guarded as soon as any clause, `finally` block or
    unknown context stands around the call.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function, ModuleScope
from worker_lint.analysis.deliveries import functions_with, is_called_protected, is_protected
from worker_lint.analysis.flow import Block, Graph, find
from worker_lint.analysis.models import ModelFunction
from worker_lint.analysis.tiers import TrySite
from worker_lint.analysis.visit import last_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

_SETTLING = ("ack", "nack", "basic_ack", "basic_nack", "basic_reject", "acknowledge")
_GIVES_CONSUMER = ("consume", "subscribe", "get_consumer", "create_consumer", "open_consumer")
_TAKES_OUT = ("pop", "remove", "discard", "popleft", "popitem", "clear", "release")

rule = Rule(
    code="MSG107",
    severity="warning",
    summary="An acknowledgement may fail, and the failure skips what has to follow it",
    words=(".ack(", "def ack(", ".nack(", "def nack(", "basic_ack", "basic_nack", "basic_reject", "acknowledge("),
    closure="file",
    resumable="trail",
    product_only=True,
    silences=(
        "reconnect boundary around",
        "the failure is caught",
        "the book is cleared first",
        "every caller is guarded",
        "one message is no book",
    ),
    examples=(
        bad(
            "the book of a transport",
            """
            import boto3

            class Channel(Base):
                def sqs(self):
                    return boto3.client("sqs")

                def basic_ack(self, delivery_tag, multiple=False):
                    info = self.qos.get(delivery_tag).delivery_info
                    self.sqs().delete_message(  # bad: delete_message
                        QueueUrl=info["queue"], ReceiptHandle=info["handle"],
                    )
                    super().basic_ack(delivery_tag)
            """,
        ),
        bad(
            "tags in flight",
            """
            import pika

            class Consumer:
                def __init__(self, parameters):
                    self.channel = pika.BlockingConnection(parameters).channel()
                    self.in_flight = set()

                def ack(self, tag):
                    self.channel.basic_ack(tag)  # bad: basic_ack
                    self.in_flight.discard(tag)
            """,
        ),
        bad(
            "the threads that settle",
            """
            import logging
            from threading import Thread

            class ConsumerThread(Thread):
                def __init__(self, broker, queue):
                    super().__init__()
                    self.broker = broker
                    self.queue = queue

                def run(self):
                    while True:
                        try:
                            self.consumer = self.broker.consume("orders")
                            for message in self.consumer:
                                self.queue.put(message)
                        except ConnectionError:
                            logging.exception("the connection is lost")

                def done(self, message):
                    self.consumer.ack(message)  # bad: self.consumer
                    self.broker.emit("acked", message)
            """,
        ),
        good(
            "the loop is the boundary",
            """
            import logging
            from threading import Thread

            class ConsumerThread(Thread):
                def __init__(self, broker):
                    super().__init__()
                    self.broker = broker

                def run(self):
                    while True:
                        try:
                            self.consumer = self.broker.consume("orders")
                            for message in self.consumer:
                                self.done(message)
                        except ConnectionError:
                            logging.exception("the connection is lost")

                def done(self, message):
                    self.consumer.ack(message)
                    self.broker.emit("acked", message)
            """,
            silence="reconnect boundary around",
        ),
        good(
            "rejected instead",
            """
            import boto3
            from botocore.exceptions import ClientError

            class Channel(Base):
                def sqs(self):
                    return boto3.client("sqs")

                def basic_ack(self, delivery_tag, multiple=False):
                    info = self.qos.get(delivery_tag).delivery_info
                    try:
                        self.sqs().delete_message(QueueUrl=info["queue"], ReceiptHandle=info["handle"])
                    except ClientError:
                        super().basic_reject(delivery_tag)
                    else:
                        super().basic_ack(delivery_tag)
            """,
            silence="the failure is caught",
        ),
        good(
            "out of the book, then to the broker",
            """
            import pika

            class Consumer:
                def __init__(self, parameters):
                    self.channel = pika.BlockingConnection(parameters).channel()
                    self.in_flight = set()

                def ack(self, tag):
                    self.in_flight.discard(tag)
                    self.channel.basic_ack(tag)
            """,
            silence="the book is cleared first",
        ),
        good(
            "callers take care",
            """
            import logging

            import pika

            class Consumer:
                def __init__(self, parameters):
                    self.channel = pika.BlockingConnection(parameters).channel()
                    self.in_flight = set()

                def settle(self, tag):
                    try:
                        self.ack(tag)
                    except pika.exceptions.AMQPError:
                        logging.exception("the channel is gone, and its deliveries with it")
                        self.in_flight.clear()

                def ack(self, tag):
                    self.channel.basic_ack(tag)
                    self.in_flight.discard(tag)
            """,
            silence="every caller is guarded",
        ),
        good(
            "the message remembers for itself",
            """
            import redis

            class Message(Base):
                def __init__(self, client: redis.Redis, stream, group, number):
                    self.client = client
                    self.place = (stream, group, number)

                def ack(self):
                    self.client.xack(*self.place)
                    super().ack()
            """,
            silence="one message is no book",
        ),
    ),
)


@rule.on_module
def check(module: ModuleScope, context: Context) -> Iterator[Finding]:
    """Methods that settle messages."""
    project = context.project
    for function in functions_with(project, module.path, _SETTLING):
        if function.owner is None:
            continue
        found: list[Finding] = []
        if function.name in _SETTLING:
            found.extend(_skipped_book(function, context))
        elif not function.node.is_async:
            found.extend(_unguarded(function, function.owner, context))
        if found and not is_called_protected(function):
            yield from found


def _skipped_book(function: Function, context: Context) -> Iterator[Finding]:
    """A call to the broker before the delivery is taken out of the book."""
    graph = context.project.routines.graph(function)
    for call in find(ir.Call, function.statements):
        model = context.project.deliveries.settles(function, call)
        if model is None or graph is None or is_protected(function, call.at):
            continue
        later = next((one for one in _bookkeeping(function) if _is_after(graph, call.at, one.at)), None)
        if later is not None:
            name = call.func.name if isinstance(call.func, ir.Attribute) else function.name
            yield Finding(
                at=call.at,
                message=f"when `{name}` {_failing(model)}, the delivery stays in the book",
                consequence="It counts as in flight for ever; its place in the prefetch window is lost.",
                help="catch the client's errors here, and take the delivery out of the book on that path, too",
                notes=(Note(context.path, later.at, "this is skipped then"),),
                symbol=function.symbol,
            )
            return


def _bookkeeping(function: Function) -> Iterator[ir.Node]:
    """What clears the object's own record of the one delivery that a parameter names."""
    params = {param.name for param in function.node.params[1:]}
    for call in find(ir.Call, function.statements):
        func = call.func
        if isinstance(func, ir.Attribute):
            is_super = isinstance(func.value, ir.Call) and ir.dotted_name(func.value.func) == "super"
            is_field = (ir.dotted_name(func.value) or "").startswith("self.")
            names_one = any(isinstance(arg, ir.Name) and arg.id in params for arg in call.args)
            if names_one and ((is_super and func.name == function.name) or (is_field and func.name in _TAKES_OUT)):
                yield call
    for node in find(ir.Delete, function.statements):
        indices = (target.index for target in node.targets if isinstance(target, ir.Subscript))
        if any(isinstance(index, ir.Name) and index.id in params for index in indices):
            yield node


def _is_after(graph: Graph, first: ir.At, later: ir.At) -> bool:
    """Whether the one may run after the other has completed, on one path."""
    return any(_reaches(block, later) for block in graph.blocks if _index(block, first) is not None) or any(
        (_index(block, first) or 0) < (_index(block, later) or 0) for block in graph.blocks
    )


def _index(block: Block, at: ir.At) -> int | None:
    places = (
        index
        for index, step in enumerate(block.steps)
        if any(isinstance(node, (ir.Call, ir.Delete)) and node.at == at for node in (step.node,))
    )
    return next(places, None)


def _reaches(start: Block, at: ir.At) -> bool:
    pending = [edge.target for edge in start.out if edge.kind != "exception"]
    seen: set[int] = set()
    while pending:
        block = pending.pop()
        if block.index in seen:
            continue
        seen.add(block.index)
        if _index(block, at) is not None:
            return True
        pending.extend(edge.target for edge in block.out)
    return False


def _unguarded(function: Function, owner: Class, context: Context) -> Iterator[Finding]:
    """An acknowledgement through a consumer whose errors the class expects elsewhere."""
    params = {param.name for param in function.node.params[1:]}
    for call in find(ir.Call, function.statements):
        field = _settled_through(call, params)
        if field is None or is_protected(function, call.at):
            continue
        later = next((one for one in _statements_after(function, call)), None)
        guard = _guarded_elsewhere(function, owner, field, context)
        if later is None or guard is None or not _is_consumer(owner, field):
            continue
        handler, expected = guard
        model = context.project.deliveries.settles(function, call)
        library = f" of {model.library}" if model is not None else ""
        yield Finding(
            at=call.at,
            message=f"`{expected}`{library} from `self.{field}.{last_name(call.func)}` leaves `{function.name}` here",
            consequence="What follows is skipped, and the thread that settles the message ends with it.",
            help=f"catch `{expected}` here as it is caught elsewhere: reconnect or report, and go on",
            notes=(
                Note(context.path, handler.at, f"`{expected}` of `self.{field}` is expected here"),
                Note(context.path, later.at, "this is skipped then"),
            ),
            symbol=function.symbol,
            confidence="likely",
        )
        return


def _settled_through(call: ir.Call, params: set[str]) -> str | None:
    """The field through which a parameter of the method is settled."""
    func = call.func
    if not isinstance(func, ir.Attribute) or func.name not in _SETTLING or not call.args:
        return None
    place = ir.dotted_name(func.value) or ""
    subject = call.args[0]
    is_field = place.startswith("self.") and place.count(".") == 1
    return place[5:] if is_field and isinstance(subject, ir.Name) and subject.id in params else None


def _statements_after(function: Function, call: ir.Call) -> Iterator[ir.Stmt]:
    """The calls that stand behind it in the same block."""
    blocks = [function.statements, *(node.body for node in find(ir.If, function.statements))]
    blocks += [node.orelse for node in find(ir.If, function.statements)]
    for block in blocks:
        for index, statement in enumerate(block):
            if isinstance(statement, ir.Expression) and statement.value.at == call.at:
                yield from (one for one in block[index + 1 :] if any(True for _ in find(ir.Call, (one,))))


def _is_consumer(owner: Class, field: str) -> bool:
    """Whether the field holds what a call such as `broker.consume()` gave."""
    sources = (one.source.expr for one in owner.project.values.fields.assigned(owner, field))
    return any(
        isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and value.func.name in _GIVES_CONSUMER
        for value in sources
    )


def _failing(model: ModelFunction) -> str:
    """What the model says of the error: which class, of which library."""
    names = [name.rpartition(".")[2] for name in model.raises or ()] if model.raises != "never" else []
    return f"raises {names[0]} ({model.library})" if names else f"fails ({model.library})"


def _guarded_elsewhere(function: Function, owner: Class, field: str, context: Context) -> tuple[ir.Handler, str] | None:
    """
    A clause of the class, in another method, for connection errors around the use of the same field, and the class
    of error that it names.
    """
    for site in context.project.tiers.sites(function.path):
        if site.function is None or site.function.owner is not owner or site.function is function:
            continue
        if any(ir.dotted_name(node) == f"self.{field}" for node in find(ir.Attribute, site.node.body)):
            found = _for_connections(site, context)
            if found is not None:
                return found
    return None


def _for_connections(site: TrySite, context: Context) -> tuple[ir.Handler, str] | None:
    for handler in site.node.handlers:
        named = context.project.tiers.named(site.scope, handler.exception) if handler.exception is not None else ()
        for name in named:
            if name and name.rpartition(".")[2] in _CONNECTION:
                return handler, name.removeprefix("builtins.")
    return None


_CONNECTION = frozenset({"ConnectionError", "OSError", "AMQPError", "AMQPConnectionError", "OperationalError"})
