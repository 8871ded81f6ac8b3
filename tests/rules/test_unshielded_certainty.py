"""What STP124 says of clean-up that something around it does again, and of what may be a mere generator."""

import pytest

from worker_lint.testing import check_source

TWICE = """
async def run(consumer, producer):
    try:
        try:
            await consumer.run(producer)
        finally:
            await consumer.stop()
            await producer.stop()
    finally:
        await {}.stop()
"""
ENDED = """
import httpx

async def run(consumer, answers):
    client = httpx.AsyncClient()
    try:
        await consumer.run(client, answers)
    finally:
        await consumer.stop()
        await {}.aclose()
"""


@pytest.mark.parametrize(("again", "found"), [("producer", []), ("consumer", ["certain"])])
def test_a_block_around_it_may_release_it_too(again: str, found: list[str]) -> None:
    assert [one.confidence for one in check_source("STP124", TWICE.format(again))] == found


@pytest.mark.parametrize(("ended", "found"), [("client", "certain"), ("answers", "likely")])
def test_a_generator_may_be_dropped(ended: str, found: str) -> None:
    assert [one.confidence for one in check_source("STP124", ENDED.format(ended))] == [found]
