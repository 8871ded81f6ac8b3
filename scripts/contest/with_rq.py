"""RQ, with its default worker, which forks for each job; several at once are several workers."""

import os

from redis import Redis
from rq import Queue, Retry
from rq.worker_pool import WorkerPool

from contest.handler import handle

URL = os.environ["CONTEST_URL"]


def publish(count: int) -> None:
    """Put so many jobs into the queue."""
    queue = Queue("contest.rq", connection=Redis.from_url(URL))
    for number in range(count):
        queue.enqueue(handle, number, result_ttl=0, retry=Retry(max=3))  # or a job of a dead worker has failed


def work() -> None:
    """Consume until killed."""
    pool = WorkerPool(["contest.rq"], connection=Redis.from_url(URL), num_workers=int(os.environ["CONTEST_THREADS"]))
    pool.start(logging_level="ERROR")
