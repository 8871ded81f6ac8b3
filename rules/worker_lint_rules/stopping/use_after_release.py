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
    call that may assign it end the search. Certain are files, sockets, channels and pools of a library, which never
    open again by themselves, and a field that is used with no call after it was set to None; the rest is likely.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from worker_lint.analysis import Class, Function
from worker_lint.analysis.afterwards import Afterwards, calls_after
from worker_lint.analysis.flow import Place, place_of, walk
from worker_lint.analysis.guard import within
from worker_lint.analysis.nesting import body_text
from worker_lint.analysis.resources.duty import Duty
from worker_lint.analysis.standing import Misstep, Standing
from worker_lint.analysis.statements import inner_blocks
from worker_lint.analysis.visit import encloses, is_none
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
_FINAL: Final = frozenset({"channel", "socket", "file", "pool"})
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
                found = _cleared(misstep)
                yield replace(found, confidence="certain") if _is_at_once(misstep) else found


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
                found = _after(one, place, function)
                yield replace(found, confidence="certain") if _stays_closed(duty) else found


def _stays_closed(duty: Duty) -> bool:
    """Whether a library says what it is, and nothing of this kind opens itself again upon use."""
    return duty.model is not None and duty.cls is None and duty.role in _FINAL


def _is_at_once(misstep: Misstep) -> bool:
    """Whether the field is cleared in the very block of the use, with no call between that may fill it."""
    name = ".".join((misstep.function.node.params[0].name, *misstep.place[1:]))
    block, found = misstep.function.statements, False
    while block:
        following: tuple[ir.Stmt, ...] = ()
        for statement in block:
            if encloses(statement.at, misstep.node.at):
                if not isinstance(statement, (ir.Try, ir.With)):
                    break
                following = next((inner for inner in inner_blocks(statement) if within(inner, misstep.node)), ())
                break
            if _clears(statement, name):
                found = True
            elif any(isinstance(node, (ir.Call, ir.Await)) for node in walk(statement)):
                found = False
        if found:
            return True
        block = following
    return False


def _clears(statement: ir.Stmt, name: str) -> bool:
    if not isinstance(statement, ir.Assign) or not is_none(statement.value):
        return False
    return any(ir.dotted_name(target) == name for target in statement.targets)


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
