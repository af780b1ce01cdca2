"""The end of a Ray is noticed at once, and not where the sweep ends first."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray

from mtl_search.cluster import watch
from mtl_search.cluster.watch import RayWatch


class Heard:
    """Keeps what a watch has told."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.seen: list[str] = []

    def __call__(self, reason: str) -> None:
        self.seen.append(reason)
        self.told.set()


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A process that stands for the raylet of this process' own Ray."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    info = SimpleNamespace(process=process)
    stand_in(monkeypatch, SimpleNamespace(all_processes={"raylet": [info], "monitor": []}))
    yield process
    process.kill()
    process.wait()


def stand_in(monkeypatch: pytest.MonkeyPatch, node: Any) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray._private.worker, "_global_node", node)


def test_a_raylet_that_is_killed_is_named_once(sleeper: Any) -> None:
    heard = Heard()
    with RayWatch(heard):
        assert not heard.told.wait(0.1)
        sleeper.kill()
        assert heard.told.wait(10)
    assert heard.seen == ["Ray's process on this machine (raylet) has died"]


def test_a_ray_that_ends_with_the_sweep_is_no_news(sleeper: Any) -> None:
    seen: list[str] = []
    with RayWatch(seen.append):
        pass
    sleeper.kill()
    sleeper.wait()
    assert seen == []


def test_the_head_of_another_cluster_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_EVERY_S", 0.02)
    monkeypatch.setattr(watch, "_PATIENCE_S", 0.2)
    heard = Heard()
    with socket.create_server(("127.0.0.1", 0)) as head:
        address = f"127.0.0.1:{head.getsockname()[1]}"
        stand_in(monkeypatch, SimpleNamespace(all_processes={}, gcs_address=address))
        with RayWatch(heard):
            assert not heard.told.wait(0.4)
            head.close()
            assert heard.told.wait(10)
    assert heard.seen == [f"the head of the Ray cluster at {address} does not answer any more"]


def test_the_process_ends_with_the_way_to_go_on() -> None:
    code = "from mtl_search.cluster.watch import end_process as e; e('it died', 'mtl-search run x')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 1
    said = (
        "error: it died, and the sweep cannot go on without it. No trial that has ended is lost; "
        "go on with: mtl-search run x"
    )
    assert done.stderr.strip().splitlines() == [said]


def test_the_process_ends_what_its_raylet_has_started() -> None:
    """The agents of a raylet that was killed are nobody's children any more."""
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN], capture_output=True, text=True, check=False, timeout=90
    )
    agent, stranger = map(int, done.stdout.split())
    try:
        assert done.returncode == 1
        assert is_gone(agent)
        assert not is_gone(stranger)
    finally:
        os.kill(stranger, signal.SIGKILL)


ORPHAN = """
import os, subprocess, sys
from types import SimpleNamespace
import ray
from mtl_search.cluster.watch import end_process

wait = [sys.executable, "-c", "import time; time.sleep(60)"]
raylet = subprocess.Popen(wait)
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
agent = subprocess.Popen(wait, env={**os.environ, "RAY_RAYLET_PID": f"{raylet.pid}"}, **quiet)
stranger = subprocess.Popen(wait, env={**os.environ, "RAY_RAYLET_PID": f"{raylet.pid}0"}, **quiet)
print(agent.pid, stranger.pid, flush=True)
processes = {"raylet": [SimpleNamespace(process=raylet)]}
ray._private.worker._global_node = SimpleNamespace(all_processes=processes)
end_process("it died", "mtl-search run x")
"""


def is_gone(process: int) -> bool:
    """Whether a process has ended, or does so within a moment."""
    for _ in range(100):
        try:
            status = Path(f"/proc/{process}/stat").read_text()
        except FileNotFoundError:
            return True
        if status.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
