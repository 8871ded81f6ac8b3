"""A link between a worker and its broker that can be frozen and cut."""

import contextlib
import socket
import threading

from faults.servers import HOST, find_free_port


class Proxy:
    """
    Forwards TCP connections from a port of its own to a server's port.

    Frozen, it takes what it is sent and passes nothing on, and closes nothing: what a silent partition looks like.
    """

    def __init__(self, target: int) -> None:
        self.port = find_free_port()
        self._target = target
        self._changed = threading.Condition()
        self._frozen = False
        self._holding = 0
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def freeze(self) -> None:
        """Pass nothing on from now."""
        with self._changed:
            self._frozen = True

    def wait_for_traffic(self, seconds: float) -> bool:
        """Whether it holds something back, now or within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._holding > 0, seconds)

    def thaw(self) -> None:
        """Pass on what was held back, and go on."""
        with self._changed:
            self._frozen = False
            self._changed.notify_all()

    def sever(self) -> None:
        """Cut all connections; new ones are made."""
        with self._lock:
            ended, self._sockets = self._sockets, []
        for each in ended:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cut all connections and take no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.thaw()
        self.sever()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection((HOST, self._target))
            except OSError:  # the server is away: refuse, as it would
                client.close()
                continue
            with self._lock:
                self._sockets += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), name="proxy-pump", daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._hold_while_frozen()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        source.close()

    def _hold_while_frozen(self) -> None:
        with self._changed:
            if self._frozen:
                self._holding += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._frozen)
                self._holding -= 1
