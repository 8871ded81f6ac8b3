"""Celery, acknowledging late, as its documentation advises for work that must not be lost."""

import os

from celery import Celery

from contest.handler import handle

app = Celery("contest", broker=os.environ["CONTEST_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    task_default_queue="contest.celery",
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True, "visibility_timeout": 5},
)


@app.task(name="contest")
def contest(number: int) -> None:
    """See `handle`."""
    handle(number)


def publish(count: int) -> None:
    """Put so many tasks into the queue."""
    for number in range(count):
        contest.delay(number)


def work() -> None:
    """Consume until killed; one task at a time in the main process, several in threads."""
    threads = os.environ["CONTEST_THREADS"]
    pool = ["--pool", "solo"] if threads == "1" else ["--pool", "threads", "--concurrency", threads]
    app.worker_main(["worker", "--loglevel", "ERROR", "--without-gossip", "--without-mingle", *pool])
