"""Whether the Ray that a sweep runs on is still there.

Where the raylet of this machine or the head's control service dies, Ray ends the driver's process a
moment or a minute later, with pages of its own log and no chance to say anything. So this is
watched from threads, which say it first.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

import ray

logger = logging.getLogger(__name__)

_NAMES = {
    "gcs_server": "Ray's control service on this machine (gcs_server) has died",
    "raylet": "Ray's process on this machine (raylet) has died",
}
# Ray gives up after 60 seconds; until then a head may come back.
_PATIENCE_S = 45.0
_EVERY_S = 5.0
# Ray gives the number of the raylet to all that it starts.
_RAYLET = "RAY_RAYLET_PID"


class RayWatch:
    """Watch the Ray of this process while the block runs.

    Args:
        on_lost: Is called once with what has died, in a thread of its own.

    Examples:
        >>> with RayWatch(print):
        ...     pass
    """

    def __init__(self, on_lost: Callable[[str], None]) -> None:
        self._on_lost = on_lost
        self._ended = threading.Event()
        self._told = threading.Lock()

    def __enter__(self) -> RayWatch:
        node = ray._private.worker._global_node if ray.is_initialized() else None  # noqa: SLF001
        processes = _processes(node)
        for name, process in processes.items():
            self._begin(self._wait, process, _NAMES[name])
        if node is not None and not processes:
            self._begin(self._ask, str(node.gcs_address))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.name = "mtl_search.ray_watch"
        thread.start()

    def _wait(self, process: subprocess.Popen[bytes], reason: str) -> None:
        process.wait()
        self._tell(reason)

    def _ask(self, address: str) -> None:
        """Ask the head of another cluster whether it is there, now and then."""
        answered = time.monotonic()
        while not self._ended.wait(_EVERY_S):
            if _answers(address):
                answered = time.monotonic()
            elif time.monotonic() - answered >= _PATIENCE_S:
                self._tell(f"the head of the Ray cluster at {address} does not answer any more")
                return

    def _tell(self, reason: str) -> None:
        if not self._ended.is_set() and self._told.acquire(blocking=False):
            self._on_lost(reason)


def end_process(reason: str, go_on: str) -> None:
    """Say that Ray is gone, and how to go on, and end this process before Ray does.

    Args:
        reason: What has died.
        go_on: The line that goes on with the sweep.
    """
    logger.critical(
        "error: %s, and the sweep cannot go on without it. No trial that has ended is lost; go on "
        "with: %s",
        reason,
        go_on,
    )
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.stderr.flush()
    node = ray._private.worker._global_node  # noqa: SLF001  # no public way
    started = dict(getattr(node, "all_processes", {}))
    raylets = started.pop("raylet", [])
    for info in raylets:
        _end_children(info.process.pid)
    # What Ray would have ended with this process; the raylet last, which takes the process along.
    for info in [*chain.from_iterable(started.values()), *raylets]:
        info.process.kill()
    os._exit(1)


def _end_children(raylet: int) -> None:
    """End what a raylet has started; Ray's agents would stay for over a minute."""
    mark = f"{_RAYLET}={raylet}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or belongs to another user
            if mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)


def _processes(node: Any) -> dict[str, subprocess.Popen[bytes]]:
    """Return the processes of a Ray that this process has started; none of another one."""
    started = getattr(node, "all_processes", None) or {}
    return {name: started[name][0].process for name in _NAMES if started.get(name)}


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_EVERY_S).close()
    except (OSError, ValueError):
        return False
    return True
