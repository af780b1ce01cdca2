"""An address that leads nowhere is refused at once; those of `connect` are in test_client."""

from __future__ import annotations

import socket
import threading

import pytest

from mtl_search.errors import ClusterError
from mtl_search.jobs.address import check_address, nobody_there


def test_the_port_of_the_head_is_left_to_ray() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _peer = server.accept()
                connection.sendall(b"\0\0\x12\4\0\0\0\0\0")  # the first bytes of HTTP/2
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
        check_address(f"127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize("address", ["", "auto", "local"])
def test_what_ray_looks_up_is_left_to_ray(address: str) -> None:
    check_address(address)


def test_a_password_is_masked() -> None:
    with pytest.raises(ClusterError) as caught:
        check_address("http://me:secret@127.0.0.1:1")
    assert "secret" not in f"{caught.value}{nobody_there('http://me:secret@h')}"
