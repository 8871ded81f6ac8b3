"""A socket through which an operator tells one worker to be quiet, to stop, or to show its stacks."""

import json
import logging
import os
import selectors
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

log = logging.getLogger("worker_lint_runtime.control")

PATIENCE = 5.0
"""Seconds that a client has for its request, and the worker for one part of the answer."""
_LONGEST = 1024
Command = Callable[[], Any]


class ControlSocket:
    """
    Answers one request a connection, one at a time, from `__enter__` to `__exit__`.

    A request is the name of a command and a newline; the answer is one JSON object with `ok` and `answer` or `error`.
    Who may write to the file may stop the worker: it is made for its owner alone. Raises OSError when another
    worker answers at that path, or something that is no socket lies there.
    """

    def __init__(self, path: Path, commands: Mapping[str, Command]) -> None:
        self._path, self._commands = path, commands
        self._releases = ExitStack()

    def __enter__(self) -> Self:
        _clear(self._path)
        with ExitStack() as acquired:
            self._door = acquired.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            self._door.bind(str(self._path))
            acquired.callback(self._path.unlink, missing_ok=True)
            self._path.chmod(0o600)  # before listen: until then, nobody can connect
            self._door.listen(8)
            ours, self._end = socket.socketpair()
            acquired.callback(ours.close)
            acquired.callback(self._end.close)
            thread = threading.Thread(target=self._live, name="worker-control-socket", daemon=True)
            thread.start()
            acquired.callback(thread.join, 2 * PATIENCE)
            acquired.callback(ours.send, b"\0")
            self._releases = acquired.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._releases.close()

    def _live(self) -> None:
        with selectors.DefaultSelector() as watched:
            watched.register(self._door, selectors.EVENT_READ)
            watched.register(self._end, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in watched.select()]
                if self._end in ready:
                    return
                try:
                    client, _ = self._door.accept()
                    with client:
                        client.settimeout(PATIENCE)
                        client.sendall(self._answer(_read_line(client)))
                except OSError as error:  # a client that went away; the next one is served
                    log.warning("a control request was not answered: %s", error)

    def _answer(self, name: str) -> bytes:
        command = self._commands.get(name)
        if command is None:
            known = ", ".join(sorted(self._commands))
            return _pack(ok=False, error=f"no command {name[:40]!r}; there are {known}")
        try:
            return _pack(ok=True, answer=command())
        except Exception as error:  # the worker goes on, and the operator sees why
            log.exception("the control command %s failed", name)
            return _pack(ok=False, error=f"{type(error).__name__}: {error}")


def ask(path: Path, name: str) -> Any:
    """
    What the worker behind a control socket answers.

    Raises OSError when nobody answers there, ValueError when the worker refuses, with its reason.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(4 * PATIENCE)
        client.connect(str(path))
        client.sendall(name.encode() + b"\n")
        client.shutdown(socket.SHUT_WR)
        answer = json.loads(b"".join(iter(lambda: client.recv(65536), b"")) or b'{"ok": false, "error": "no answer"}')
    if not answer["ok"]:
        raise ValueError(answer["error"])
    return answer["answer"]


def _clear(path: Path) -> None:
    """Remove the socket of a worker that was killed; leave everything else alone."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(f"{path}: there is a file that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise FileExistsError(f"{path}: another worker answers there")


def _read_line(client: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST:
        part = client.recv(_LONGEST)
        if not part:
            break
        line += part
    return line.decode("utf-8", "replace").strip()


def _pack(**answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
