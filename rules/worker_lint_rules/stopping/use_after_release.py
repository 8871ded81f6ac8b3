"""
Something is used after it has been released, or after its field was cleared, in one and the same function.

What it catches
    A send, receive, read, write or submit on a connection, channel, socket, file or pool that every way to that
    place has closed before. And a field that is set to None and then called, awaited or joined by the same
    method.

Why it hurts in production
    The last message, acknowledgement or flush of a worker is the one that is lost: the call raises on the
    closed connection in the middle of the shutdown, and what comes after it is left out.

What to do instead
    Release last. Where a field is cleared first, keep what it held in a local and use that.

When to ignore it
    When the object opens itself again upon use.

Limits
    Only plain names and fields of one object are followed. A new value, a test that asks for the place, and a
    call that may assign it end the search.
"""

import re
from collections.abc import Iterator
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.afterwards import Afterwards, calls_after
from worker_lint.analysis.flow import Place, place_of
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.standing import Misstep, Standing
from worker_lint.rule import Context, Finding, Note, Rule, bad, good
from worker_lint.source import ir

rule = Rule(
    code="STP115",
    severity="error",
    stage="preview",
    closure="file",
    resumable="trail",
    confidence="likely",
    summary="Something is used after it has been released or cleared",
    words=("close(", "shutdown(", "release(", "= None"),
    product_only=True,
    silences=("guards", "reopened on the path"),
    examples=(
        bad(
            "acknowledged on a closed channel",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self, tag):
                    self._channel.close()
                    self._channel.basic_ack(tag)  # bad: self._channel
                    self._connection.close()
            """,
        ),
        bad(
            "the last words into a closed socket",
            """
            import socket

            def leave(address):
                sock = socket.create_connection(address)
                sock.close()
                sock.sendall(b"bye")  # bad: sock
            """,
        ),
        bad(
            "cleared before it is joined",
            """
            import threading

            class Heart:
                def __init__(self):
                    self._thread = threading.Thread(target=print)

                def stop(self):
                    self._thread = None
                    self._thread.join()  # bad: self._thread
            """,
        ),
        good(
            "a test for None that is not the last word",
            """
            class Field:
                def __init__(self, given, nullable):
                    self.value = given
                    if self.value is None and not nullable:
                        raise ValueError
                    if isinstance(self.value, Number):
                        if self.value.digits() is None:
                            self.value = None
            """,
        ),
        good(
            "asked whether it is open",
            """
            import pika

            class Worker:
                def __init__(self, parameters):
                    self._connection = pika.BlockingConnection(parameters)
                    self._channel = self._connection.channel()

                def stop(self, tag, early):
                    if early:
                        self._channel.close()
                    if self._channel.is_open:
                        self._channel.basic_ack(tag)
                    self._connection.close()
            """,
            silence="guards",
        ),
        good(
            "only registered to be closed",
            """
            import contextlib
            import socket

            def talk(address, poller):
                with contextlib.ExitStack() as stack:
                    sock = socket.create_connection(address)
                    stack.callback(sock.close)
                    poller.register(sock)
                    sock.sendall(b"hello")
            """,
        ),
        good(
            "opened again",
            """
            import socket

            class Link:
                def __init__(self, address):
                    self._address = address
                    self._sock = socket.create_connection(address)

                def _open(self):
                    self._sock = socket.create_connection(self._address)

                def again(self, data):
                    self._sock.close()
                    self._open()
                    self._sock.sendall(data)
            """,
            silence="reopened on the path",
        ),
        good(
            "kept in a local",
            """
            import threading

            class Heart:
                def __init__(self):
                    self._thread = threading.Thread(target=print)

                def stop(self):
                    thread, self._thread = self._thread, None
                    if thread is not None:
                        thread.join()
            """,
        ),
    ),
)

_USES: Final = frozenset(
    {"send", "sendall", "sendto", "recv", "recv_into", "accept", "write", "writelines", "read", "readline", "readlines"}
    | {"flush", "basic_ack", "basic_nack", "basic_reject", "basic_publish", "basic_consume", "publish", "produce"}
    | {"submit", "channel", "cursor", "execute", "commit", "poll", "consume"}
)
"""Methods that need an open object, whatever its class."""

_ROLES: Final = frozenset({"connection", "channel", "consumer", "producer", "socket", "file", "pool"})
_ENDS: Final = re.compile(r"\.(?:close|shutdown|release)\(")
_CLEARED: Final = re.compile(r"\.\w+(?:, *\w+(?:\.\w+)?)* *=[^=(]*\bNone\b")
_FIELD: Final = re.compile(r"\.(\w+)")
_ASKED: Final = r"\.{name}\s*[.(]|\bawait\b.*\.{name}\b"


@rule.on_class
def check_methods(cls: Class, context: Context) -> Iterator[Finding]:
    """The methods that the class itself defines."""
    methods = list(context.project.values.fields.methods(cls))
    standing = Standing(context.project, cls)
    for method in methods:
        if _may_end(method):
            yield from _closed(method, cls, context)
        for misstep in standing.missteps_within(method) if _may_ask_cleared(method) else ():
            if misstep.value == "none" and not misstep.via and isinstance(misstep.node, (ir.Call, ir.Await)):
                yield _cleared(misstep)


@rule.on_function
def check_function(function: Function, context: Context) -> Iterator[Finding]:
    """Every function that is no method."""
    if function.owner is None and _may_end(function):
        yield from _closed(function, None, context)


def _may_end(function: Function) -> bool:
    return _ENDS.search(body_text(function)) is not None


def _may_ask_cleared(function: Function) -> bool:
    """Whether the text sets a field to None, and calls or asks a field of that name somewhere."""
    text = body_text(function)
    names = {name for found in _CLEARED.finditer(text) for name in _FIELD.findall(found.group())}
    return any(re.search(_ASKED.format(name=name), text) for name in sorted(names))


def _closed(function: Function, me: Class | None, context: Context) -> Iterator[Finding]:
    """The uses of what the function has released."""
    project = context.project
    inside, graph = project.routines.inside(function, me), project.routines.graph(function, me)
    steps = graph.steps() if graph is not None else ()
    done = {effect.place for step in steps for effect in inside.done(step) if effect.verb == "release"}
    for place in sorted(done):
        if len(place) > 2 or "*" in place:
            continue
        for one in calls_after(project, function, me, place, lambda call, place=place: _uses(call, place)):  # type: ignore[misc]
            func = one.call.func
            duty = project.resources.duty(project.values.of(function, getattr(func, "value", None), me))
            if duty is not None and duty.role in _ROLES:
                yield _after(one, place, function)


def _uses(call: ir.Call, place: Place) -> bool:
    return isinstance(call.func, ir.Attribute) and call.func.name in _USES and place_of(call.func.value) == place


def _after(one: Afterwards, place: Place, function: Function) -> Finding:
    name = ".".join(place)
    return Finding(
        at=one.call.at,
        message=f"`{name}` is used here after it has been closed",
        consequence="The call raises on the closed object, and what was to be done with it is lost.",
        help=f"release `{name}` after its last use",
        notes=(Note(function.path, one.release.at, "closed here"),),
        symbol=function.symbol,
        culprit=("release", function.path, *(str(number) for number in one.call.at)),
    )


def _cleared(misstep: Misstep) -> Finding:
    name = ".".join(misstep.place)
    return Finding(
        at=misstep.node.at,
        message=f"`{name}` has been set to None before it is used here",
        consequence="The use raises AttributeError or TypeError, and what the field held is neither ended nor awaited.",
        help=f"keep what `{name}` holds in a local before clearing the field",
        symbol=misstep.function.symbol,
        culprit=("release", misstep.function.path, *(str(number) for number in misstep.node.at)),
    )
