"""Probes over HTTP: `/live`, `/ready` and `/healthy` answer 200 or 503, with the reasons as JSON."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from worker_lint_runtime._health import HealthReport

QUESTIONS = ("live", "ready", "healthy")
PATIENCE = 5.0
"""Seconds that a client has for its request."""
Health = Callable[[], HealthReport]


def parse_address(text: str) -> tuple[str, int]:
    """The host and port of `8080`, `0.0.0.0:8080` or `[::1]:8080`; alone, a port is one of this machine only."""
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or int(port) > 65535:  # the largest port
        raise ValueError(f"{text!r}: write PORT or HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


class ProbeServer:
    """Answers probes from `__enter__` to `__exit__`. Port 0 takes a free one; see `address`. Raises OSError."""

    def __init__(self, health: Health, address: tuple[str, int]) -> None:
        self._health, self._asked = health, address
        self._releases = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as acquired:
            self._server = acquired.enter_context(_Server(self._health, self._asked))
            thread = threading.Thread(target=self._server.serve_forever, name="worker-probes", daemon=True)
            thread.start()
            acquired.callback(thread.join, PATIENCE)
            acquired.callback(self._server.shutdown)
            self._releases = acquired.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._releases.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as bound."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that holds its connection must not hold the stop

    def __init__(self, health: Health, address: tuple[str, int]) -> None:
        import socket

        self.health = health
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]  # nobody sets another
    timeout = PATIENCE
    server_version = "worker-lint-runtime"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one probe."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer()

    def _answer(self) -> None:
        question = self.path.partition("?")[0].strip("/")
        if question not in QUESTIONS:
            self._send(404, {"error": f"ask one of {', '.join('/' + each for each in QUESTIONS)}"})
            return
        report = asdict(self.server.health())
        self._send(200 if report[question] else 503, report)

    def _send(self, status: int, content: object) -> None:
        body = json.dumps(content, ensure_ascii=False).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base names it so
        """Say nothing: a probe every few seconds is no news."""
