"""
unsettled-delivery in small: a path through a pika callback on which a delivery is neither
acknowledged nor rejected.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from worker_lint.analysis.flow import (
    NEVER,
    Aliases,
    Block,
    Effect,
    Effects,
    Graph,
    Inside,
    Path,
    Place,
    Raises,
    Routine,
    Step,
    Unknown,
    Watch,
    find,
    find_path,
    may_raise,
)
from worker_lint.source import ir

SETTLES = {"basic_ack", "basic_nack", "basic_reject"}
HANDS_OVER = {"submit", "append", "put", "add_callback_threadsafe", "Thread"}


def raises(_world: Any, call: ir.Call) -> Raises:
    """Decoding the body can fail, and so can a handler that the user gave."""
    name = ir.dotted_name(call.func) or ""
    return may_raise("ValueError") if name == "json.loads" else may_raise() if name == "self.handler" else NEVER


def effects(_world: Any, step: Step, aliases: Aliases) -> list[Effect]:
    """A settlement of the tag that it is given; a tag handed over is somebody else's to settle."""
    node = step.node
    if isinstance(node, ir.WithItem) and step.kind == "exit" and isinstance(node.context, ir.Call):
        return [Effect("settle", place) for arg in node.context.args if (place := tag_of(aliases, arg)) is not None]
    if not isinstance(node, ir.Call) or step.kind != "call":
        return []
    name = (ir.dotted_name(node.func) or "").rpartition(".")[2]
    if name in SETTLES or name in HANDS_OVER:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        inner = [
            part for arg in arguments for kind in (ir.Attribute, ir.Name) for part in find(kind, [arg], inner=True)
        ]
        return [Effect("settle", place) for arg in inner if (place := tag_of(aliases, arg)) is not None]
    return []


def tag_of(aliases: Aliases, expression: ir.Node) -> Place | None:
    """`method` and `method.delivery_tag` mean the delivery."""
    place = aliases.place(expression)
    return place[:-1] if place is not None and place[-1] == "delivery_tag" else place


class Unsettled(Watch[bool]):
    """Paths on which the delivery is never settled."""

    def __init__(self, inside: Inside, delivery: Place) -> None:
        super().__init__(start=False)
        self.inside = inside
        self.delivery = Effect("settle", delivery)

    def step(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 -- the state
        return None if self.delivery in self.inside.done(step) else state

    def interrupted(self, step: Step, state: bool) -> bool | None:  # noqa: FBT001 -- the state
        return None if self.delivery in self.inside.done_when_raising(step) else state


def callbacks(world: Any) -> list[str]:
    """Methods registered by `basic_consume` for manual acknowledgement."""
    found = []
    for routine in world.routines.values():
        for call in find(ir.Call, routine.body or ()):
            if (ir.dotted_name(call.func) or "").endswith(".basic_consume"):
                told = {keyword.name: keyword.value for keyword in call.keywords}
                auto, callback = told.get("auto_ack"), ir.dotted_name(told.get("on_message_callback"))
                if callback and not (isinstance(auto, ir.Constant) and auto.value is True):
                    found.append(callback.replace("self.", routine.key.partition(".")[0] + "."))
    return found


def returns(graph: Graph, block: Block, state: bool) -> bool:  # noqa: FBT001 -- the state
    del state
    return block is graph.exit


def unsettled(world: Any) -> Path | None:
    for key in callbacks(world):
        inside, graph = world.inside(key)
        delivery = (world.routines[key].params[2].name,)
        path = find_path(graph, Unsettled(inside, delivery), partial(returns, graph))
        assert not isinstance(path, Unknown)
        if path is not None:
            return path
    return None


HEAD = """
import json, pika, threading

class Consumer:
    def __init__(self, handler):
        self.handler = handler
        self.channel = pika.BlockingConnection().channel()
        self.tags = []
        self.channel.basic_consume("q", on_message_callback=self.on_message, auto_ack=False)

    def _done(self, channel, method, good):
        if good:
            channel.basic_ack(delivery_tag=method.delivery_tag)
        else:
            channel.basic_nack(method.delivery_tag, requeue=False)

    def on_message(self, ch, method, properties, body):
"""
BAD = {
    "the exception is logged": """
        try:
            self.handler(json.loads(body))
            ch.basic_ack(delivery_tag=method.delivery_tag)
        except Exception:
            print("failed")
""",
    "an early return": """
        if not body:
            return
        self.handler(body)
        ch.basic_ack(method.delivery_tag)
""",
    "one handler forgets": """
        try:
            data = json.loads(body)
        except ValueError:
            return
        try:
            self.handler(data)
        except Exception:
            ch.basic_nack(method.delivery_tag)
        else:
            ch.basic_ack(method.delivery_tag)
""",
    "a helper settles on one branch only": """
        if properties.reply_to:
            self._done(ch, method, True)
""",
    "return in finally": """
        try:
            self.handler(body)
            ch.basic_ack(method.delivery_tag)
        finally:
            return
""",
}
GOOD = {
    "every path": """
        try:
            self.handler(json.loads(body))
        except Exception:
            ch.basic_nack(method.delivery_tag)
        else:
            ch.basic_ack(method.delivery_tag)
""",
    "in finally": """
        try:
            self.handler(body)
        finally:
            ch.basic_ack(method.delivery_tag)
""",
    "a helper settles": """
        good = False
        try:
            self.handler(body)
            good = True
        except Exception:
            print("failed")
        self._done(ch, method=method, good=good)
""",
    "a context settles": """
        with self.settling(ch, method):
            self.handler(body)
""",
    "handed to another thread": """
        threading.Thread(target=self.handler, args=(ch, method, body)).start()
""",
    "batch ack": """
        self.tags.append(method.delivery_tag)
        if len(self.tags) > 99:
            ch.basic_ack(self.tags[-1], multiple=True)
""",
    "settled in a callback": """
        self.handler.pool.submit(lambda: ch.basic_ack(method.delivery_tag))
""",
    "under another name": """
        tag = method.delivery_tag
        ch.basic_ack(tag)
""",
    "the exception ends the consumer": """
        self.handler(body)
        ch.basic_ack(method.delivery_tag)
""",
}


@pytest.mark.parametrize("case", BAD)
def test_reported(world: Any, case: str) -> None:
    assert unsettled(world(HEAD + BAD[case], raises, effects)) is not None


@pytest.mark.parametrize("case", GOOD)
def test_silent(world: Any, case: str) -> None:
    assert unsettled(world(HEAD + GOOD[case], raises, effects)) is None


def test_the_automatic_mode_is_no_business_of_this_rule(world: Any) -> None:
    source = (HEAD + BAD["an early return"]).replace("auto_ack=False", "auto_ack=True")
    assert unsettled(world(source, raises, effects)) is None


def test_what_a_helper_settles_is_in_its_summary(world: Any) -> None:
    small = world(HEAD + GOOD["a helper settles"], raises, effects)
    summary = small.summary("Consumer._done")
    assert Effect("settle", ("method",)) in summary.must
    settled: Effects = frozenset({Effect("settle", ("method",))})
    assert settled <= small.summary("Consumer.on_message").must
    assert isinstance(small.routines["Consumer._done"], Routine)
