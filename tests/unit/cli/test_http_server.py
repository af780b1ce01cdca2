"""A server of another program, which is started, waited for, and ended with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mtl_search.cli import http_server
from mtl_search.cli.http_server import ServerProcess, check_port, ended_by_signals, local_address
from mtl_search.errors import SweepError

# A server with a process of its own, whose number it prints.
_SERVER = """
import http.server, signal, subprocess, sys
if sys.argv[2:] == ["stubborn"]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
place = "127.0.0.1", int(sys.argv[1])
http.server.HTTPServer(place, http.server.BaseHTTPRequestHandler).serve_forever()
"""


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_there(process: int) -> bool:
    """Whether a process is there and has not ended: whoever inherits it may not ask for it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("mood", ["", "stubborn"])
def test_no_process_and_no_log_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mood: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(http_server, "_END_S", 0.5)
    port = _free()
    server = ServerProcess([sys.executable, "-c", _SERVER, str(port), mood], os.environ, "a server")
    with server:
        server.wait_until_it_answers(f"http://127.0.0.1:{port}")
        assert server.log.stat().st_mode & 0o777 == 0o600
        child = int(server.log.read_text().splitlines()[0])
        assert _is_there(child)
    deadline = time.monotonic() + 5
    while _is_there(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_there(child)
    assert not list(tmp_path.iterdir())


def test_a_server_that_cannot_start_says_why_and_keeps_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "print('starting'); raise SystemExit('the store is too old')"
    server = ServerProcess([sys.executable, "-c", code], os.environ, "MLflow's server")
    message = r"MLflow's server has ended with status 1: the store is too old\n  its log: "
    with pytest.raises(SweepError, match=message), server:
        server.wait_until_it_answers("http://127.0.0.1:9")
    assert "starting" in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_as_ctrl_c_does(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_ports_and_addresses() -> None:
    check_port("127.0.0.1", _free())
    with pytest.raises(SweepError, match=r"cannot listen on 192\.0\.2\.1:80 .*--port or --host"):
        check_port("192.0.2.1", 80)
    assert local_address("0.0.0.0", 5000) == "http://127.0.0.1:5000"
    assert local_address("::", 5000) == "http://[::1]:5000"
    assert local_address("example", 80) == "http://example:80"
