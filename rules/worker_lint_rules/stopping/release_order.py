"""
Something is released before what was made from it, and the later release fails.

What it catches
    A channel, consumer or cursor that is closed after the connection which it was made from, where closing the
    connection closes its children, too: the second close finds a closed object and raises.

Why it hurts in production
    The stop ends with an error in the middle: what comes after it stays open, and what the child was to do at its
    end, such as cancelling its consumer or settling the last messages, never happens. A loop that watches a closed
    descriptor fails in its next round, or calls the old callback for whatever gets that number next.

What to do instead
    Release in the opposite order of making: the child first, or the parent alone; `loop.remove_reader` before
    `close`, and the stream instead of its socket.

When to ignore it
    When the library documents that closing the child afterwards does nothing.

Limits
    Orders come from library models: which release closes the children, and which raises when done twice. No order
    is assumed between things that were made apart from each other, nor across methods.
"""

from collections.abc import Iterator

from worker_lint.analysis import Class, Function
from worker_lint.analysis.afterwards import Afterwards, calls_after
from worker_lint.analysis.flow import Place, place_of
from worker_lint.analysis.registered import Watched, closed_while_watched
from worker_lint.analysis.resources import Held
from worker_lint.analysis.stopping import STOP_WORDS, is_stop_name
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP101",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="Something is released before what was made from it",
    words=STOP_WORDS,
    product_only=True,
    yields_to=("STP115",),
    silences=("absent child close", "is_open guards", "unknown order across methods"),
    examples=(
        bad(
            "the connection before its channel",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self):
                    self._connection.close()
                    self._channel.close()  # bad: self._channel
            """,
        ),
        bad(
            "on one of two ways",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def close(self, quickly):
                    if quickly:
                        self._connection.close()
                    self._channel.close()  # bad: self._channel
                    self._connection.close()
            """,
        ),
        bad(
            "the socket under its stream, which the loop still watches",
            """
            import zmq
            from zmq.eventloop.zmqstream import ZMQStream

            class Client:
                def __init__(self, endpoint, loop):
                    self.socket = zmq.Context.instance().socket(zmq.DEALER)
                    self.socket.connect(endpoint)
                    self.stream = ZMQStream(self.socket, loop)

                def ask(self, question, answered):
                    self.stream.on_recv(answered)
                    self.stream.send(question)

                def stop(self):
                    self.socket.close()  # bad: self.socket
            """,
        ),
        good(
            "taken from the loop before",
            """
            import socket

            class Link:
                def __init__(self, loop, address):
                    self.loop = loop
                    self.socket = socket.create_connection(address)
                    self.loop.add_reader(self.socket, self.read)

                def read(self):
                    print(self.socket.recv(4096))

                def stop(self):
                    self.loop.remove_reader(self.socket)
                    self.socket.close()
            """,
        ),
        good(
            "the connection alone",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self):
                    self._connection.close()
            """,
            silence="absent child close",
        ),
        good(
            "only while it is open",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self):
                    self._connection.close()
                    if self._channel.is_open:
                        self._channel.close()
            """,
            silence="is_open guards",
        ),
        good(
            "two methods, called by others in whatever order",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop_connection(self):
                    self._connection.close()

                def stop_channel(self):
                    self._channel.close()
            """,
            silence="unknown order across methods",
        ),
        good(
            "the child first",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self):
                    self._channel.close()
                    self._connection.close()
            """,
        ),
    ),
)


@rule.on_class
def check(cls: Class, context: Context) -> Iterator[Finding]:
    """The stop methods of the class, with the fields that were made from other fields."""
    project = context.project
    methods = [one for one in project.values.fields.methods(cls) if is_stop_name(one.name)]
    derived = [one for one in project.resources.held(cls) if one.derived_from is not None] if methods else []
    for held in derived:
        for method in methods:
            yield from _reversed(held, method, cls, context)
    for watched in closed_while_watched(cls) if methods else ():
        yield _watched(watched)


def _reversed(held: Held, method: Function, cls: Class, context: Context) -> Iterator[Finding]:
    project = context.project
    params = method.node.params
    parent = held.derived_from
    if parent is None or len(parent) != 2 or not params:
        return
    child: Place = (params[0].name, *held.place[1:])

    def ends_child(call: ir.Call) -> bool:
        if not isinstance(call.func, ir.Attribute) or place_of(call.func.value) != child:
            return False
        model = project.calls.of(method, call, cls).model
        return call.func.name in held.duty.ends and model is not None and model.facts.second_call == "raises"

    for one in calls_after(project, method, cls, (params[0].name, parent[1]), ends_child):
        yield _finding(one, held, parent, method)


def _watched(found: Watched) -> Finding:
    name = f"self.{found.field}"
    return Finding(
        at=found.closing.at,
        message=f"`{name}` is closed while the event loop still watches it",
        consequence="The loop fails in its next round, or calls the old callback for what gets the number next.",
        help="take it from the loop before: `remove_reader`, or the `close` of the stream that was made from it",
        notes=(Note(found.method.path, found.at, "it is registered here, and nothing takes it back"),),
        symbol=found.stop.symbol,
    )


def _finding(one: Afterwards, held: Held, parent: Place, method: Function) -> Finding:
    name = ".".join(parent)
    return Finding(
        at=one.call.at,
        message=f"`{held.name}` is released after `{name}`, which has ended it already",
        consequence=f"Releasing `{name}` closes what was made from it, so that this call raises in the stop.",
        help=f"release `{held.name}` before `{name}`, or leave it to `{name}`",
        notes=(Note(method.path, one.release.at, f"`{name}` is released here"),),
        symbol=method.symbol,
        culprit=("release", method.path, *(str(number) for number in one.call.at)),
    )
