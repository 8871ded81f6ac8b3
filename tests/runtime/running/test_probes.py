"""Probes over HTTP."""

import json
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest

from worker_lint_runtime import HealthReport
from worker_lint_runtime._running.probes import ProbeServer, parse_address

GOOD = HealthReport(True, True, True, (), 7, 0, 1)
QUIET = HealthReport(True, False, True, ("quiet",), 7, 0, 1)


def get(server: ProbeServer, path: str, method: str = "GET") -> tuple[int, Any]:
    host, port = server.address
    request = urllib.request.Request(f"http://{host}:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # our own server
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_each_question_has_its_answer() -> None:
    with ProbeServer(lambda: QUIET, ("127.0.0.1", 0)) as server:
        assert [get(server, path)[0] for path in ("/live", "/ready", "/healthy?verbose=1")] == [200, 503, 200]
        _, body = get(server, "/ready")
        assert json.loads(body)["reasons"] == ["quiet"]
        assert get(server, "/live", "HEAD") == (200, b"")
        assert get(server, "/metrics") == (404, b'{"error": "ask one of /live, /ready, /healthy"}\n')
        assert get(server, "/live", "POST")[0] == 501


def test_the_health_is_that_of_the_moment() -> None:
    reports = iter([QUIET, GOOD])
    with ProbeServer(lambda: next(reports), ("127.0.0.1", 0)) as server:
        assert [get(server, "/ready")[0] for _ in range(2)] == [503, 200]


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    with ProbeServer(lambda: GOOD, ("127.0.0.1", 0)):
        pass
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("pod:80", ("pod", 80)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "http", "host:", "1:99999", "-1"])
def test_other_texts_are_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="write PORT or HOST:PORT"):
        parse_address(text)
