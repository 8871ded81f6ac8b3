"""Small wrong workers on Redis streams, SQS and Celery: each is reported at its marked line, its twin is not."""

from __future__ import annotations

import textwrap

import pytest

from worker_lint.testing import built_in_packs, check_files

WORKERS = {
    "an entry of a stream stays pending": (
        "MSG102",
        """
        import json
        import logging
        import redis

        log = logging.getLogger(__name__)

        class Worker:
            def __init__(self, url, name):
                self.client = redis.Redis.from_url(url)
                self.name = name

            def run(self):
                while True:
                    reply = self.client.xreadgroup("billing", self.name, {"orders": ">"}, count=20, block=2000)
                    for _, entries in reply or []:
                        for entry_id, fields in entries:
                            try:
                                order = json.loads(fields[b"order"])
                            except ValueError:  # here
                                log.exception("entry %s is no order", entry_id)
                                continue
                            self.bill(order)
                            self.client.xack("orders", "billing", entry_id)

            def bill(self, order):
                self.client.hset("bills", order["id"], order["sum"])
        """,
        """
        import json
        import logging
        import redis

        log = logging.getLogger(__name__)

        class Worker:
            def __init__(self, url, name):
                self.client = redis.Redis.from_url(url)
                self.name = name

            def run(self):
                while True:
                    reply = self.client.xreadgroup("billing", self.name, {"orders": ">"}, count=20, block=2000)
                    for _, entries in reply or []:
                        for entry_id, fields in entries:
                            try:
                                order = json.loads(fields[b"order"])
                            except ValueError:
                                log.exception("entry %s is no order", entry_id)
                                self.client.xadd("orders:bad", fields)
                                self.done(entry_id)
                                continue
                            self.bill(order)
                            self.done(entry_id)

            def done(self, entry_id):
                self.client.xack("orders", "billing", entry_id)

            def bill(self, order):
                self.client.hset("bills", order["id"], order["sum"])
        """,
    ),
    "deleted from the queue before the work": (
        "MSG101",
        """
        import json
        import boto3

        class Worker:
            def __init__(self, url, store):
                self.sqs = boto3.client("sqs")
                self.url = url
                self.store = store

            def receive(self):
                reply = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
                return reply.get("Messages", [])

            def run(self):
                while True:
                    for message in self.receive():
                        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])  # here
                        order = json.loads(message["Body"])
                        self.store.put(order)
        """,
        """
        import json
        import logging
        import boto3

        class Worker:
            def __init__(self, url, store):
                self.sqs = boto3.client("sqs")
                self.url = url
                self.store = store

            def receive(self):
                reply = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
                return reply.get("Messages", [])

            def run(self):
                while True:
                    for message in self.receive():
                        try:
                            self.store.put(json.loads(message["Body"]))
                        except Exception:
                            logging.exception("comes again after the visibility timeout")
                            continue
                        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        """,
    ),
    "a task gives back what is acknowledged": (
        "MSG104",
        """
        from celery import Celery
        from celery.exceptions import Reject
        import requests

        app = Celery("films", broker="amqp://rabbit")

        @app.task(bind=True, queue="render")
        def render(self, film):
            try:
                reply = requests.post("https://render.local/films", json=film, timeout=30)
                reply.raise_for_status()
            except requests.ConnectionError as error:
                raise Reject(str(error), requeue=True)  # here
        """,
        """
        from celery import Celery
        from celery.exceptions import Reject
        import requests

        app = Celery("films", broker="amqp://rabbit")

        @app.task(bind=True, queue="render", acks_late=True)
        def render(self, film):
            try:
                reply = requests.post("https://render.local/films", json=film, timeout=30)
                reply.raise_for_status()
            except requests.ConnectionError as error:
                raise Reject(str(error), requeue=True)
        """,
    ),
}


def reported(source: str) -> list[tuple[str, int]]:
    """The diagnostics of the rules on messages, by line."""
    rules = [rule for rule in built_in_packs().rules if rule.code.startswith("MSG")]
    found = check_files({"worker.py": textwrap.dedent(source)}, rules).diagnostics
    return [(one.code, one.span.line) for one in found]


@pytest.mark.parametrize("name", WORKERS)
def test_the_wrong_one_is_reported_once_and_its_twin_is_silent(name: str) -> None:
    code, wrong, right = WORKERS[name]
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if text.endswith("# here"))
    assert reported(wrong) == [(code, line)]
    assert reported(right) == []
