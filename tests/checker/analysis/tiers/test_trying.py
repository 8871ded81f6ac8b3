"""What a try body calls: the opening of a connection."""

from collections.abc import Callable, Mapping

import pytest

from worker_lint.analysis import Project
from worker_lint.analysis.tiers.trying import connecting_call

Link = Callable[[Mapping[str, str]], Project]

SOURCE = """
    import pika
    import redis
    import requests
    import aio_pika

    async def run(url, client: redis.Redis):
        try:
            {}
        except Exception:
            pass
    """


@pytest.mark.parametrize(
    ("body", "opens"),
    [
        ("pika.BlockingConnection(url)", True),
        ("await aio_pika.connect_robust(url)", True),
        ("client.ping()", True),
        ("redis.Redis()", False),
        ("client.get('a')", False),
        ("requests.get(url)", False),
        ("url.connect()", False),
    ],
)
def test_the_opening_of_a_connection(link: Link, body: str, opens: bool) -> None:  # noqa: FBT001
    (site,) = link({"worker.py": SOURCE.replace("{}", body)}).tiers.sites("worker.py")
    assert (connecting_call(site) is not None) is opens
