"""What `mtl-search ui` and `mtl-search serve` have in common: a port, an address, a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from mtl_search.errors import RequestError, SweepError

_LOOK_S = 0.1
# A server with much to import, on a busy machine.
_START_S = 180.0
_END_S = 10.0


def check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on.

    Args:
        host: The address to listen on.
        port: Its port.

    Raises:
        RequestError: Another program has it, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise RequestError(
                f"cannot listen on {host}:{port} ({reason}): name another one by --port or --host"
            ) from None


def local_address(host: str, port: int) -> str:
    """Return the address at which a server answers on this machine.

    Args:
        host: The address that it listens on.
        port: Its port.

    Examples:
        >>> local_address("0.0.0.0", 5000), local_address("::1", 80)
        ('http://127.0.0.1:5000', 'http://[::1]:80')
    """
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104  # compared, not bound
    shown = "::1" if shown == "::" else shown
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def wait_until_it_answers(address: str, is_alive: Callable[[], bool]) -> bool:
    """Wait for a server; return whether it answers.

    Args:
        address: A page of it that needs no login.
        is_alive: Says whether it is still worth waiting.
    """
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and is_alive():
        if _answers(address):
            return True
        time.sleep(_LOOK_S)
    return False


def _answers(address: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=2):
            return True
    except HTTPError:
        return True
    except OSError:
        return False


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Make SIGTERM and the end of the terminal end the block as Ctrl-C does."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


class ServerProcess:
    """A server of another program, with all processes that it starts, whose log is a file.

    Used by `with`, at whose end none of them is left. Ctrl-C does not reach them by themselves:
    each would print its traceback.

    Args:
        command: The command.
        environment: Its environment.
        name: What it is, for messages and for the name of the log.

    Attributes:
        log: The file with all that it prints; it goes with a server that ended as it should.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], name: str) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self.log = Path()

    def __enter__(self) -> ServerProcess:
        number, path = tempfile.mkstemp(prefix="mtl-search-", suffix=".log")
        self.log = Path(path)
        try:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=number,
                stderr=number,
                start_new_session=True,
            )
        finally:
            os.close(number)
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._end()
        if not isinstance(error, SweepError):  # whose message names the log
            self.log.unlink(missing_ok=True)

    def wait_until_it_answers(self, address: str) -> None:
        """Wait until it answers.

        Args:
            address: A page of it that needs no login.

        Raises:
            SweepError: It has ended, or does not answer in time.
        """
        assert self._process is not None
        process = self._process
        if not wait_until_it_answers(address, lambda: process.poll() is None):
            raise self._failed()

    def wait(self) -> None:
        """Wait for its end, which should not come.

        Raises:
            SweepError: It has ended.
        """
        assert self._process is not None
        self._process.wait()
        raise self._failed()

    def _failed(self) -> SweepError:
        assert self._process is not None
        status = self._process.poll()
        what = "does not answer" if status is None else f"has ended with status {status}"
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        last = next((line.strip()[:300] for line in reversed(lines) if line.strip()), "no output")
        return SweepError(f"{self._name} {what}: {last}\n  its log: {self.log}")

    def _end(self) -> None:
        # Ctrl-C once more ends the wait.
        with suppress(KeyboardInterrupt):
            self._stop(signal.SIGTERM)
        self._stop(signal.SIGKILL)

    def _stop(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes, which are one group, and wait for their end."""
        assert self._process is not None
        deadline = time.monotonic() + _END_S
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
            while time.monotonic() < deadline:
                self._process.poll()  # what has ended is in the group until it is asked for
                os.killpg(self._process.pid, 0)
                time.sleep(_LOOK_S)
