"""On which paths a message is left unsettled, library by library, and when that does harm."""

import textwrap
from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.deliveries import expecting_graph, is_never_settled, open_path

ProjectOf = Callable[[str], Project]

REDIS = """
import logging
import redis

def run(client: redis.Redis, handle, work):
    while True:
        reply = client.xreadgroup("g", "me", {"orders": ">"}, block=1000)
        for stream, entries in reply:
            for key, fields in entries:
"""

SQS = """
import json
import logging
import boto3

def run(url, handle, stopping):
    sqs = boto3.client("sqs")
    while not stopping.is_set():
        reply = sqs.receive_message(QueueUrl=url)
        for message in reply.get("Messages", []):
"""
DELETE = "sqs.delete_message(QueueUrl=url, ReceiptHandle=message['ReceiptHandle'])"
ACK = "client.xack(stream, 'g', key)"

PIKA = """
import pika

class Worker:
    def __init__(self):
        self.channel = pika.BlockingConnection().channel()
        self.channel.basic_consume("orders", self.on_message)

    def on_message(self, channel, method, properties, body):
"""
TAG = "channel.basic_ack(method.delivery_tag)"


def is_left(project_of: ProjectOf, frame: str, body: str, indent: int) -> bool:
    source = frame + textwrap.indent(textwrap.dedent(body).strip("\n"), " " * indent) + "\n"
    delivery = project_of(source).deliveries.of("worker.py")[0]
    graph = expecting_graph(delivery)
    assert graph is not None
    return open_path(delivery, graph) is not None or (
        delivery.facts.unsettled == "retried" and is_never_settled(delivery, graph)
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"handle(fields)\n{ACK}", False),
        (f"try:\n    handle(fields)\nfinally:\n    {ACK}", False),
        (f"try:\n    handle(fields)\nexcept Exception:\n    logging.exception('no')\nelse:\n    {ACK}", True),
        (f"if fields['kind'] != 'order':\n    continue\n{ACK}", True),
        (f"if not fields:\n    continue\n{ACK}", False),
        ("with client.pipeline() as pipe:\n    pipe.xack(stream, 'g', key)\n    pipe.execute()", False),
        ("client.xack(stream, 'g', key.decode())", False),
        ("work.submit(key, fields)", False),
        ("done.append(key)", False),
        ("handle(fields)", True),
    ],
)
def test_an_entry_stays_pending(project_of: ProjectOf, body: str, expected: object) -> None:
    assert is_left(project_of, REDIS, body, 16) is expected


@pytest.mark.parametrize(
    "frame",
    [
        REDIS.replace('">"', '"0"'),
        REDIS.replace('{"orders": ">"}', '{"orders": last}'),
        REDIS.replace(
            "import redis\n", "import redis\n\ndef again(client):\n    client.xautoclaim('orders', 'g', 'me', 60)\n"
        ),
        REDIS.replace("while True:", "while True:  # what fails stays in the PEL for the janitor"),
    ],
)
def test_what_is_read_again_or_claimed_is_not_left(project_of: ProjectOf, frame: str) -> None:
    assert not is_left(project_of, frame, f"if fields['kind'] != 'order':\n    continue\n{ACK}", 16)


def test_a_lost_connection_is_no_fault_of_the_handler(project_of: ProjectOf) -> None:
    frame = """
import redis

def run(client: redis.Redis, handle):
    while True:
        try:
            for key, fields in client.xreadgroup("g", "me", {"orders": ">"})[0][1]:
                handle(fields)
                client.xack("orders", "g", key)
        except redis.exceptions.CLASS:
            continue
"""
    assert not is_left(project_of, frame.replace("CLASS", "ConnectionError"), "", 0)
    assert is_left(project_of, frame.replace("CLASS", "ResponseError"), "", 0)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"handle(message['Body'])\n{DELETE}", False),
        (f"order = json.loads(message['Body'])\nif not order.get('id'):\n    continue\nhandle(order)\n{DELETE}", True),
        (f"if stopping.is_set():\n    continue\nhandle(message['Body'])\n{DELETE}", False),
        (f"if stopping.is_set():\n    break\nhandle(message['Body'])\n{DELETE}", False),
        (f"if handle(message['Body']):\n    {DELETE}", False),
        (f"try:\n    handle(message['Body'])\nexcept ValueError:\n    continue\n{DELETE}", False),
        ("handle(message['Body'])", True),
        ("handle(message)", False),
        ("logging.info('%s', message['Body'])", False),
        ("done.append({'Id': '1', 'ReceiptHandle': message['ReceiptHandle']})", False),
        (f"handle(message['Body'])\n{DELETE.replace('delete_message', 'change_message_visibility')}", False),
    ],
)
def test_a_message_of_sqs_is_passed_over_or_never_deleted(project_of: ProjectOf, body: str, expected: object) -> None:
    assert is_left(project_of, SQS, body, 12) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"try:\n    work(body)\nexcept pika.exceptions.AMQPConnectionError:\n    return\n{TAG}", False),
        (f"try:\n    work(body)\nexcept pika.exceptions.AMQPError:\n    return\n{TAG}", False),
        (f"try:\n    work(body)\nexcept (pika.exceptions.AMQPConnectionError, ValueError):\n    return\n{TAG}", True),
        (f"try:\n    work(body)\nexcept ConnectionError:\n    return\n{TAG}", True),
        (f"if not body:\n    channel.close()\n    return\n{TAG}", False),
        (f"if not body:\n    self.connection.close()\n    return\n{TAG}", False),
        (f"if not body:\n    self.file.close()\n    return\n{TAG}", True),
    ],
)
def test_what_is_open_goes_back_with_the_channel(project_of: ProjectOf, body: str, expected: object) -> None:
    assert is_left(project_of, PIKA, body, 8) is expected
