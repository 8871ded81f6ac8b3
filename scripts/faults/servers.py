"""RabbitMQ and Redis servers of our own: on free ports of the loopback interface, with their data in a given folder."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from faults.leaving import uninterrupted
from faults.waiting import wait_until

HOST = "127.0.0.1"
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class MissingServerError(RuntimeError):
    """The program of a server is not installed."""


class Server(Protocol):
    """What a test or a fault does with a server."""

    port: int

    def start(self) -> None:
        """Start it, on the same port and data as before, and wait until it answers."""

    def stop(self) -> None:
        """End it as an operator does, and wait for the end."""

    def kill(self) -> None:
        """End it as a power failure does."""

    def close(self) -> None:
        """End it and whatever it has started."""


def find_free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def find_program(name: str) -> str:
    """The path of a server's program. Raises MissingServerError."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        raise MissingServerError(f"{name} is not installed")
    return found


class _Process:
    """One server process with its log."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, find_free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, command: Sequence[str], environment: dict[str, str], answers: Callable[[], bool]) -> None:
        with (self.folder / "output").open("ab") as output, uninterrupted():
            # A session of its own: a Ctrl-C for the script must not end the server before the workers.
            process = self._process = subprocess.Popen(
                command, env=environment, stdout=output, stderr=output, cwd=self.folder, start_new_session=True
            )

        def is_up() -> bool:
            if process.poll() is not None:
                text = (self.folder / "output").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{command[0]} ended with code {process.returncode}:\n{text[-2000:]}")
            return answers()

        wait_until(is_up, f"{command[0]} does not answer", pause=0.05)

    def stop(self) -> None:
        """See `Server.stop`."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """See `Server.kill`."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(120)


class RedisServer(_Process):
    """A Redis that has on the disk what it has answered for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._program = find_program("redis-server")

    @property
    def url(self) -> str:
        """For `open_broker`."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        """See `Server.start`."""
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.launch([self._program, *options], dict(os.environ), self._answers)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 1.0) as probe:
                probe.settimeout(1.0)
                probe.sendall(b"PING\r\n")
                return probe.recv(7) == b"+PONG\r\n"  # and not -LOADING
        except OSError:
            return False

    def close(self) -> None:
        """See `Server.close`."""
        self.kill()


class RabbitServer(_Process):
    """A RabbitMQ node with its own Erlang port mapper, so that nothing of it is shared with another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        find_program("rabbitmq-server")
        self._mapper = find_program("epmd")
        self._mapper_port, self._inner_port = find_free_port(), find_free_port()
        self._mapper_process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `open_broker`."""
        return f"amqp://guest:guest@{HOST}:{self.port}/"

    def start(self) -> None:
        """See `Server.start`."""
        self._start_mapper()
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {HOST}:{self.port}\n"
            "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\nlog.file.level = warning\n",
            encoding="utf-8",
        )
        (self.folder / "plugins").write_text("[].\n", encoding="utf-8")
        # The script of the distribution refuses to run as another user than its own; this one does not.
        program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        command = str(program) if program.exists() else find_program("rabbitmq-server")
        self.launch([command], self._environment(), self._answers)

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._inner_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self._mapper_port),
        }

    def _start_mapper(self) -> None:
        if self._mapper_process is None:
            command = [self._mapper, "-address", HOST, "-port", str(self._mapper_port)]
            with uninterrupted():
                self._mapper_process = subprocess.Popen(command, start_new_session=True)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 1.0) as probe:
                probe.settimeout(5.0)
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"  # the first byte of a method frame
        except OSError:
            return False

    def kill(self) -> None:
        """See `Server.kill`. The script may have left the node as its child: both are in one session."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(120)

    def close(self) -> None:
        """See `Server.close`."""
        try:
            self.kill()
        finally:
            mapper, self._mapper_process = self._mapper_process, None
            if mapper is not None:
                mapper.kill()
                mapper.wait()
