"""Small wrong workers that other tools pass over: each is reported at its marked line, its twin is not."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import pytest

from worker_lint.rule import Rule
from worker_lint.testing import built_in_packs, check_files


class Pair(NamedTuple):
    """A worker with a defect, marked `# here`, the rules of which one must see it, and its right twin."""

    codes: frozenset[str]
    wrong: str
    right: str


def pair(codes: str, wrong: str, right: str) -> Pair:
    return Pair(frozenset(codes.split()), textwrap.dedent(wrong), textwrap.dedent(right))


PAIRS = {
    "a broad clause in a task takes the retry": pair(
        "ERR107",
        """
        import logging
        from celery import Celery

        app = Celery("shop")

        @app.task(bind=True, max_retries=5)
        def charge(self, order_id, gateway):
            try:
                reply = gateway.charge(order_id)
                if reply.pending:
                    raise self.retry(countdown=10)
            except Exception:  # here
                logging.exception("charge of %s failed", order_id)
        """,
        """
        import logging
        from celery import Celery
        from celery.exceptions import Retry

        app = Celery("shop")

        @app.task(bind=True, max_retries=5)
        def charge(self, order_id, gateway):
            try:
                reply = gateway.charge(order_id)
                if reply.pending:
                    raise self.retry(countdown=10)
            except Retry:
                raise
            except Exception:
                logging.exception("charge of %s failed", order_id)
        """,
    ),
    "a broad clause in a task takes the time limit": pair(
        "ERR107",
        """
        import logging
        from celery import shared_task

        @shared_task(soft_time_limit=60)
        def resize(images):
            for image in images:
                try:
                    image.resize()
                except Exception:  # here
                    logging.exception("not resized")
        """,
        """
        import logging
        from celery import shared_task
        from celery.exceptions import SoftTimeLimitExceeded

        @shared_task(soft_time_limit=60)
        def resize(images):
            for image in images:
                try:
                    image.resize()
                except SoftTimeLimitExceeded:
                    raise
                except Exception:
                    logging.exception("not resized")
        """,
    ),
    "the builtin ConnectionError around redis": pair(
        "ERR103",
        """
        import time
        import redis

        client = redis.Redis()

        def pop():
            while True:
                try:
                    return client.blpop("jobs", timeout=1)
                except ConnectionError:  # here
                    time.sleep(1)
        """,
        """
        import time
        import redis
        from redis.exceptions import AuthenticationError, ConnectionError

        client = redis.Redis()

        def pop():
            while True:
                try:
                    return client.blpop("jobs", timeout=1)
                except AuthenticationError:
                    raise
                except ConnectionError:
                    time.sleep(1)
        """,
    ),
    "an endless connect loop without a delay": pair(
        "ERR111 ERR112",
        """
        import pika

        class Consumer:
            def connect(self):
                while True:
                    try:
                        self.connection = pika.BlockingConnection(self.parameters)
                        return
                    except Exception:  # here
                        continue
        """,
        """
        import time
        import pika

        class Consumer:
            def connect(self):
                for attempt in range(10):
                    try:
                        self.connection = pika.BlockingConnection(self.parameters)
                        return
                    except pika.exceptions.AMQPConnectionError:
                        time.sleep(min(30, 2 ** attempt))
                raise ConnectionError("no broker")
        """,
    ),
    "the cancellation is swallowed": pair(
        "ERR108",
        """
        import asyncio

        async def poll(client, log):
            while True:
                try:
                    await client.poll()
                    await asyncio.sleep(1)
                except asyncio.CancelledError:  # here
                    log.info("cancelled")
        """,
        """
        import asyncio

        async def poll(client, log):
            while True:
                try:
                    await client.poll()
                    await asyncio.sleep(1)
                except asyncio.CancelledError:
                    log.info("cancelled")
                    raise
        """,
    ),
    "a wrong password is waited out": pair(
        "ERR104",
        """
        import logging
        import time
        import pika

        def connect(parameters):
            delay = 1
            while True:
                try:
                    return pika.BlockingConnection(parameters)
                except Exception:  # here
                    logging.exception("no connection")
                    time.sleep(delay)
                    delay = min(60, delay * 2)
        """,
        """
        import logging
        import time
        import pika
        from pika.exceptions import AMQPConnectionError, AuthenticationError, ProbableAuthenticationError

        def connect(parameters):
            delay = 1
            while True:
                try:
                    return pika.BlockingConnection(parameters)
                except (AuthenticationError, ProbableAuthenticationError):
                    raise
                except AMQPConnectionError:
                    logging.exception("no connection")
                    time.sleep(delay)
                    delay = min(60, delay * 2)
        """,
    ),
    "acknowledged before the work": pair(
        "MSG101",
        """
        import pika

        def on_message(channel, method, properties, body):
            channel.basic_ack(method.delivery_tag)  # here
            store(body)

        def store(body):
            with open("orders", "ab") as file:
                file.write(body)

        def run(parameters):
            channel = pika.BlockingConnection(parameters).channel()
            channel.basic_consume("orders", on_message)
            channel.start_consuming()
        """,
        """
        import pika

        def on_message(channel, method, properties, body):
            store(body)
            channel.basic_ack(method.delivery_tag)

        def store(body):
            with open("orders", "ab") as file:
                file.write(body)

        def run(parameters):
            channel = pika.BlockingConnection(parameters).channel()
            channel.basic_consume("orders", on_message)
            channel.start_consuming()
        """,
    ),
    "a path without a settlement": pair(
        "MSG102",
        """
        import json
        import logging
        import pika

        def on_message(channel, method, properties, body):
            try:
                order = json.loads(body)
            except ValueError:  # here
                logging.exception("no order")
                return
            order["seen"] = True
            channel.basic_ack(method.delivery_tag)

        def run(parameters):
            channel = pika.BlockingConnection(parameters).channel()
            channel.basic_consume("orders", on_message)
            channel.start_consuming()
        """,
        """
        import json
        import logging
        import pika

        def on_message(channel, method, properties, body):
            try:
                order = json.loads(body)
            except ValueError:
                logging.exception("no order")
                channel.basic_reject(method.delivery_tag, requeue=False)
                return
            order["seen"] = True
            channel.basic_ack(method.delivery_tag)

        def run(parameters):
            channel = pika.BlockingConnection(parameters).channel()
            channel.basic_consume("orders", on_message)
            channel.start_consuming()
        """,
    ),
    "committed by itself, worked on elsewhere": pair(
        "MSG104",
        """
        from concurrent.futures import ThreadPoolExecutor
        from confluent_kafka import Consumer

        def run(handle):
            consumer = Consumer({"bootstrap.servers": "kafka", "group.id": "orders"})  # here
            consumer.subscribe(["orders"])
            with ThreadPoolExecutor() as pool:
                while True:
                    message = consumer.poll(1.0)
                    if message is not None:
                        pool.submit(handle, message)
        """,
        """
        from confluent_kafka import Consumer

        def run(handle):
            consumer = Consumer({"bootstrap.servers": "kafka", "group.id": "orders", "enable.auto.commit": False})
            consumer.subscribe(["orders"])
            while True:
                message = consumer.poll(1.0)
                if message is not None:
                    handle(message)
                    consumer.commit(message)
        """,
    ),
    "the message is dropped when the task is cancelled": pair(
        "MSG112",
        """
        import asyncio
        import aio_pika

        class Worker:
            async def run(self, queue: aio_pika.abc.AbstractQueue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process():  # here
                            await self.handle(message.body)

            def start(self, queue: aio_pika.abc.AbstractQueue):
                self.task = asyncio.create_task(self.run(queue))

            async def stop(self):
                self.task.cancel()
                await asyncio.wait([self.task])
        """,
        """
        import asyncio
        import aio_pika

        class Worker:
            async def run(self, queue: aio_pika.abc.AbstractQueue):
                async with queue.iterator() as messages:
                    async for message in messages:
                        async with message.process(requeue=True):
                            await self.handle(message.body)

            def start(self, queue: aio_pika.abc.AbstractQueue):
                self.task = asyncio.create_task(self.run(queue))

            async def stop(self):
                self.task.cancel()
                await asyncio.wait([self.task])
        """,
    ),
}


@pytest.fixture(scope="module")
def rules() -> dict[str, Rule]:
    return {rule.code: rule for rule in built_in_packs().rules}


def found(source: str, rules: dict[str, Rule]) -> list[tuple[str, int]]:
    """The diagnostics of the families ERR and MSG, by line."""
    asked = [rule for code, rule in rules.items() if code.startswith(("ERR", "MSG"))]
    return [(one.code, one.span.line) for one in check_files({"worker.py": source}, asked).diagnostics]


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_worker_is_reported_once_and_its_twin_is_not(name: str, rules: dict[str, Rule]) -> None:
    codes, wrong, right = PAIRS[name]
    if codes.isdisjoint(rules):
        pytest.skip(f"no rule {' or '.join(sorted(codes))} yet")
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if text.endswith("# here"))
    assert [place for code, place in found(wrong, rules) if code in codes] == [line]
    assert [code for code, _ in found(right, rules) if code in codes] == []
