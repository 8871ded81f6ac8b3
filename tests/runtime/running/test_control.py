"""What an operator can tell a worker through its control socket."""

import socket
import stat
import threading
from pathlib import Path

import pytest

from worker_lint_runtime import AsyncBaseWorker, MemoryBroker, Message
from worker_lint_runtime._running.control import ControlSocket, ask
from worker_lint_runtime._running.dump import describe


class Sleeper(AsyncBaseWorker):
    queue = "q"

    async def process_message(self, message: Message) -> None:
        await self.pause(3600)


def fail() -> None:
    raise RuntimeError("no way")


def test_commands_are_answered_one_after_the_other(tmp_path: Path) -> None:
    heard: list[str] = []
    path = tmp_path / "control"
    with ControlSocket(path, {"quiet": lambda: heard.append("quiet"), "dump": lambda: "größe", "stop": fail}):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert ask(path, "quiet") is None
        assert ask(path, "dump") == "größe"
        with pytest.raises(ValueError, match="RuntimeError: no way"):
            ask(path, "stop")
        with pytest.raises(ValueError, match="no command 'reboot'; there are dump, quiet, stop"):
            ask(path, "reboot")
    assert heard == ["quiet"]
    assert not path.exists()


def test_a_client_that_goes_away_disturbs_nobody(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with ControlSocket(path, {"quiet": lambda: None}):
        for sent in (b"", b"qui", b"\xff" * 5000):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.connect(str(path))
                client.sendall(sent)
        assert ask(path, "quiet") is None


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with ControlSocket(tmp_path / "control", {}):
        pass
    assert set(threading.enumerate()) == before


def test_the_socket_of_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as killed:
        killed.bind(str(path))
    with ControlSocket(path, {"quiet": lambda: "new"}):
        assert ask(path, "quiet") == "new"


def test_another_worker_and_another_file_are_left_alone(tmp_path: Path) -> None:
    path, file = tmp_path / "control", tmp_path / "notes"
    file.write_text("keep me")
    with pytest.raises(FileExistsError, match="no socket"), ControlSocket(file, {}):
        pass
    with ControlSocket(path, {"quiet": lambda: "first"}):
        with pytest.raises(FileExistsError, match="another worker answers"), ControlSocket(path, {}):
            pass
        assert ask(path, "quiet") == "first"
    assert file.read_text() == "keep me"


def test_a_dump_shows_health_threads_and_tasks() -> None:
    broker = MemoryBroker()
    worker = Sleeper(broker)
    broker.publish("q", b"")
    thread = threading.Thread(target=worker.run)
    thread.start()
    while worker.health().in_flight == 0:
        threading.Event().wait(0.001)
    text = describe(worker)
    worker.request_stop()
    thread.join(60)
    assert '"in_flight": 1' in text
    assert "thread worker-control" in text
    assert "await self.pause(3600)" in text
    assert "\ntask: Task-" in text


def test_a_worker_that_was_not_started_has_no_tasks() -> None:
    assert "\ntask: " not in describe(Sleeper(MemoryBroker()))
