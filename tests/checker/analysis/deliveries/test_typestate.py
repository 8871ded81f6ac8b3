"""What has become of a delivery at the end of a handler, path by path."""

import textwrap
from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.deliveries import State, Typestate, expecting_graph
from worker_lint.analysis.flow import Block, find_path

ProjectOf = Callable[[str], Project]

FRAME = """
import logging
import pika

class Worker:
    def __init__(self, pool):
        self.pool = pool
        self.channel = pika.BlockingConnection().channel()
        self.channel.basic_consume("orders", self.on_message)

    def on_message(self, channel, method, properties, body):
{body}

    def done(self, tag):
        self.channel.basic_ack(tag)

    def maybe(self, channel, method):
        if channel.is_open:
            channel.basic_ack(method.delivery_tag)

    def look(self, method):
        logging.info("%s", method)

    def keep(self, method):
        self.last = method
"""


def ends(project_of: ProjectOf, body: str) -> set[str]:
    """The statuses in which the handler returns; without those of paths on which the delivery goes out of sight."""
    source = FRAME.format(body=textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8))
    delivery = project_of(source).deliveries.of("worker.py")[0]
    graph = expecting_graph(delivery)
    assert graph is not None
    found: set[str] = set()

    def note(block: Block, state: State) -> bool:
        if block is graph.exit:
            found.add(state.status)
        return False

    find_path(graph, Typestate(delivery), note)
    return found


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        ("channel.basic_ack(method.delivery_tag)", {"settled"}),
        ("tag = method.delivery_tag\nself.done(tag)", {"settled"}),
        ("self.look(method)", {"open"}),
        ("print(method)", {"open"}),
        ("self.maybe(channel, method)", set()),
        ("self.keep(method)", set()),
        ("self.pool.submit(store, method.delivery_tag)", set()),
        ("self.open = {method.delivery_tag: body}", set()),
        ("self.open[method.delivery_tag] = body", set()),
        ("def later():\n    channel.basic_ack(method.delivery_tag)\nself.pool.submit(later)", set()),
        ("self.pool.submit(lambda: channel.basic_ack(method.delivery_tag))", set()),
        ("channel.basic_ack(method.delivery_tag)\nself.done(method.delivery_tag)", {"twice"}),
        ("return method", set()),
    ],
)
def test_one_way(project_of: ProjectOf, body: str, statuses: set[str]) -> None:
    assert ends(project_of, body) == statuses


def test_branches_are_kept_apart(project_of: ProjectOf) -> None:
    assert ends(project_of, "if body:\n    channel.basic_ack(method.delivery_tag)") == {"settled", "open"}


def test_a_condition_has_one_answer(project_of: ProjectOf) -> None:
    body = """
    good = bool(body)
    if good:
        channel.basic_ack(method.delivery_tag)
    if not good:
        channel.basic_nack(method.delivery_tag)
    """
    assert ends(project_of, body) == {"settled"}


def test_a_condition_on_a_name_that_is_bound_anew_may_have_two(project_of: ProjectOf) -> None:
    body = """
    good = bool(body)
    if good:
        channel.basic_ack(method.delivery_tag)
    good = check(body)
    if not good:
        channel.basic_nack(method.delivery_tag)
    """
    assert ends(project_of, body) == {"settled", "twice", "open"}


def test_a_settlement_that_raises_has_not_settled(project_of: ProjectOf) -> None:
    body = """
    try:
        channel.basic_ack(method.delivery_tag)
    except pika.exceptions.AMQPError:
        channel.basic_nack(method.delivery_tag)
    """
    assert ends(project_of, body) == {"settled"}


@pytest.mark.parametrize("named", ["ValueError", "Exception", "SomethingUnresolved"])
def test_a_clause_is_taken_at_its_word(project_of: ProjectOf, named: str) -> None:
    body = f"""
    try:
        store(body)
        channel.basic_ack(method.delivery_tag)
    except {named}:
        logging.exception("failed")
    """
    assert ends(project_of, body) == {"settled", "open"}


def test_a_helper_that_asks_the_library_whether_it_is_settled_is_trusted(project_of: ProjectOf) -> None:
    project = project_of(
        """
        from kombu import Connection, Consumer

        def drop(message):
            if not message.acknowledged:
                message.reject()

        def on_task(body, message):
            try:
                store(body)
            except ValueError:
                drop(message)
            else:
                message.ack()

        def main(queue):
            with Connection("amqp://") as connection, Consumer(connection, [queue], callbacks=[on_task]):
                connection.drain_events()
        """
    )
    (delivery,) = project.deliveries.of("worker.py")
    graph = expecting_graph(delivery)
    watch = Typestate(delivery, frozenset({"settled"}))
    assert graph is not None
    assert find_path(graph, watch, lambda block, _state: block is graph.exit) is None
    assert watch.out_of_sight


def test_log_lines_do_not_raise(project_of: ProjectOf) -> None:
    body = """
    try:
        logging.info("%s", body)
    except Exception:
        return
    channel.basic_ack(method.delivery_tag)
    """
    assert ends(project_of, body) == {"settled"}
