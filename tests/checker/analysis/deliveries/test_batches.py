"""Messages out of batches: which names stand for them, and when the batch itself may settle them."""

import textwrap
from collections.abc import Callable

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.deliveries import Delivery

ProjectOf = Callable[[str], Project]

REDIS = """
import redis

class Worker:
    def __init__(self):
        self.client = redis.Redis()
        self.streams = {"orders": ">"}

    def read(self):
        reply = self.client.xreadgroup("g", "me", self.streams)
        if not reply:
            return []
        return reply[0][1]

    def run(self):
        reply = self.client.xreadgroup("g", "me", {"orders": ">"}, block=1000)
"""

SQS = """
import boto3

def run(url):
    sqs = boto3.client("sqs")
    reply = sqs.receive_message(QueueUrl=url)
"""


def found(project_of: ProjectOf, frame: str, body: str, indent: int = 8) -> list[Delivery]:
    source = frame + textwrap.indent(textwrap.dedent(body).strip("\n"), " " * indent) + "\n"
    return [one for one in project_of(source).deliveries.of("worker.py") if one.function.name == "run"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("for stream, entries in reply:\n    for key, fields in entries:\n        pass", {"key"}),
        ("for stream, entries in reply.items():\n    for key, fields in entries:\n        pass", {"key"}),
        ("for stream, entries in reply or []:\n    for key, fields in entries:\n        pass", {"key"}),
        ("entries = reply[0][1] if reply else []\nfor key, fields in entries:\n    pass", {"key"}),
        ("for number, (key, fields) in enumerate(reply[0][1]):\n    pass", {"key"}),
        ("for entry in reply[0][1]:\n    key, fields = entry", {"entry", "key"}),
        ("key, fields = reply[0][1][0]", {"key"}),
        ("for key, fields in self.read():\n    pass", {"key"}),
    ],
)
def test_an_entry_of_a_stream_is_known_by_its_number(project_of: ProjectOf, body: str, names: set[str]) -> None:
    (delivery,) = found(project_of, REDIS, body)
    assert (set(delivery.names), set(delivery.payload)) == (names, {"fields"})
    assert delivery.opening.auto is False
    assert not delivery.is_shared


@pytest.mark.parametrize(
    "body",
    [
        "for key, fields in reply:\n    pass",
        "for key, fields in reply[1]:\n    pass",
        "reply = other(reply)\nfor key, fields in reply[0][1]:\n    pass",
        "for key, fields in reply[name][1]:\n    pass",
    ],
)
def test_what_is_no_entry_for_certain_is_none(project_of: ProjectOf, body: str) -> None:
    assert found(project_of, REDIS, body) == []


def test_a_number_in_another_form_is_the_tag(project_of: ProjectOf) -> None:
    (delivery,) = found(project_of, REDIS, "key, fields = reply[0][1][0]\ntext = key.decode()\nother = fields[b'a']")
    assert delivery.tags == {"text"}


@pytest.mark.parametrize(
    ("loop", "name"),
    [
        ("for message in reply['Messages']:\n    handle = message['ReceiptHandle']", "message"),
        ("for message in reply.get('Messages', []):\n    handle = message.get('ReceiptHandle')", "message"),
        (
            "messages = reply.get('Messages') or []\nfor message in messages:\n    handle = message['ReceiptHandle']",
            "message",
        ),
        ("first = reply['Messages'][0]\nhandle = first['ReceiptHandle']", "first"),
    ],
)
def test_a_message_of_sqs_is_known_by_its_receipt_handle(project_of: ProjectOf, loop: str, name: str) -> None:
    (delivery,) = found(project_of, SQS, loop, 4)
    assert (set(delivery.names), set(delivery.tags)) == ({name}, {"handle"})


@pytest.mark.parametrize(
    ("more", "is_shared"),
    [
        ("print(len(messages))", False),
        ("if not messages:\n    return", False),
        ("delete_all(messages)", True),
        ("handles = [one['ReceiptHandle'] for one in messages]", True),
        ("for one in messages:\n    delete(one)", True),
        ("return messages", True),
    ],
)
def test_a_batch_that_is_used_as_a_whole_may_settle_its_messages(
    project_of: ProjectOf, more: str, is_shared: object
) -> None:
    body = "messages = reply['Messages']\nfor message in messages:\n    work(message['Body'])\n"
    delivery = found(project_of, SQS, body + more, 4)[0]
    assert delivery.is_shared is is_shared


def test_a_look_without_taking_leaves_nothing_to_settle(project_of: ProjectOf) -> None:
    frame = SQS.replace("QueueUrl=url", "QueueUrl=url, VisibilityTimeout=0")
    (delivery,) = found(project_of, frame, "for message in reply['Messages']:\n    show(message['Body'])", 4)
    assert delivery.opening.auto is None


def test_other_libraries_hand_out_the_same_client(project_of: ProjectOf) -> None:
    project = project_of(
        """
        from aiobotocore.session import get_session

        async def run(url):
            async with get_session().create_client("sqs") as client:
                reply = await client.receive_message(QueueUrl=url)
                for message in reply.get("Messages", []):
                    await client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        """
    )
    (delivery,) = project.deliveries.of("worker.py")
    assert delivery.names == {"message"}
