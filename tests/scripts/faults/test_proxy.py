"""The link that can be frozen and cut."""

import socket
from collections.abc import Iterator

import pytest

from faults.proxy import Proxy
from faults.servers import HOST


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0)) as server:
        server.settimeout(60)
        yield server


@pytest.fixture
def proxy(server: socket.socket) -> Iterator[Proxy]:
    proxy = Proxy(server.getsockname()[1])
    yield proxy
    proxy.close()


def test_frozen_it_holds_back_and_closes_nothing(server: socket.socket, proxy: Proxy) -> None:
    with socket.create_connection((HOST, proxy.port)) as client, server.accept()[0] as end:
        end.settimeout(60)
        client.sendall(b"a")
        assert end.recv(1) == b"a"
        proxy.freeze()
        client.sendall(b"b")
        assert proxy.wait_for_traffic(60)
        end.setblocking(False)
        with pytest.raises(BlockingIOError):
            end.recv(1)
        proxy.thaw()
        end.settimeout(60)
        assert end.recv(1) == b"b"


def test_cut_both_ends_see_it_and_new_connections_work(server: socket.socket, proxy: Proxy) -> None:
    with socket.create_connection((HOST, proxy.port)) as client, server.accept()[0] as end:
        for each in (client, end):
            each.settimeout(60)
        client.sendall(b"a")
        assert end.recv(1) == b"a"
        proxy.sever()
        assert client.recv(1) == b""
        assert end.recv(1) == b""
    with socket.create_connection((HOST, proxy.port)) as client, server.accept()[0] as end:
        end.settimeout(60)
        client.sendall(b"c")
        assert end.recv(1) == b"c"
