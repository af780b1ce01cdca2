"""Sweeps on a cluster that stands already: it is used, it stays, and a wrong address is told at
once.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray._private.state import state

from mtl_search import SweepError, run
from mtl_search.cluster import connection, this_node
from tests.support.sweeps import (
    MTL_SEARCH,
    PARTS,
    assert_sound,
    environment,
    mtl_search,
    tiny,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]

_OWN = "--address local starts a Ray of its own"
_FEW = {"search.trials": 2, "search.arms": ["equal"], "search.finalists.top": 0}


@pytest.fixture
def address(ray_cluster: None) -> str:
    """Of the cluster that the tests share."""
    found: str = ray.get_runtime_context().gcs_address
    return found


def test_the_command_line_uses_it_and_leaves_it_standing(
    runs: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(
        "RAY_AUTH_MODE", raising=False
    )  # which this process' own Ray has set; a shell has it not
    jobs = len(state.job_table())
    done = mtl_search("run", write_config(runs.parent, _FEW), "--address", address, cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert_sound(runs / "tiny")
    assert len(state.job_table()) == jobs + 1
    assert ray.cluster_resources()["CPU"] == 4


def test_a_wrong_address_is_one_clear_line(runs: Path) -> None:
    began = time.monotonic()
    done = mtl_search(
        "run", write_config(runs.parent, _FEW), "--address", "127.0.0.1:1", cwd=runs.parent
    )
    assert time.monotonic() - began < 60  # Ray would try for minutes
    assert done.returncode == 2
    assert "no Ray cluster answers at" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (runs / "tiny").exists()


def test_a_process_that_is_connected_stays_where_it_is(runs: Path, address: str) -> None:
    assert (
        connection.resolve_address()
        == connection.resolve_address("auto")
        == connection.resolve_address(address)
        == address
    )
    with pytest.raises(SweepError, match="is connected to the Ray cluster at"):
        run(
            tiny({**_FEW, "tracking.enabled": False}),
            output=runs / "other",
            address="192.0.2.1:6379",
        )
    assert not (runs / "other").exists()


@pytest.fixture
def started_here(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Ray that `ray start` has started on this node, and the environment in which it is found."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # sockets need a short path
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **token, "RAY_TMPDIR": str(folder)}
    environment.pop("RAY_ADDRESS", None)
    port = 20_000 + os.getpid() % 10_000
    command = [
        str(Path(sys.executable).with_name("ray")), "start", "--head", f"--port={port}",
        "--num-cpus=1", "--include-dashboard=false", f"--ray-client-server-port={port + 1}",
        "--dashboard-agent-listen-port=0", "--min-worker-port=0", "--max-worker-port=0", "--block",
    ]  # fmt: skip
    with (tmp_path / "ray.log").open("w") as log:
        ray_start = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while not (folder / "ray" / "ray_current_cluster").exists():
            assert ray_start.poll() is None, (tmp_path / "ray.log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        yield {"RAY_TMPDIR": str(folder), "RAY_ADDRESS": "", **token}
    finally:
        ray_start.terminate()
        ray_start.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_one_that_is_started_here_is_joined(
    runs: Path,
    address: str,
    started_here: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not the Ray of the tests, which belongs to a program, and not without its token."""
    found = Path(started_here["RAY_TMPDIR"], "ray", "ray_current_cluster").read_text()
    assert found != address
    config = write_config(runs.parent, _FEW)
    done = mtl_search("run", config, cwd=runs.parent, extra=started_here)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"joined the Ray cluster at {found} of this node; {_OWN}"]
    assert assert_sound(runs / "tiny").slots == 1

    more = write_config(runs.parent, {**_FEW, "name": "more", "resources.cpus_per_worker": 2})
    done = mtl_search("run", more, cwd=runs.parent, extra=started_here)
    assert done.returncode == 2
    assert "node 1: 1 CPU: room for 0" in done.stderr
    assert done.stderr.rstrip().endswith(f"{_OWN}, with all of this machine")

    monkeypatch.setenv("RAY_TMPDIR", started_here["RAY_TMPDIR"])
    monkeypatch.setenv("HOME", str(runs))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    assert this_node.find_cluster() is None
    assert "is not used: it wants a token" in caplog.text


@pytest.mark.large
def test_a_second_sweep_says_what_it_waits_for(runs: Path, started_here: dict[str, str]) -> None:
    backbone = {"name": f"{PARTS}:backbone", "pause": 1.0}
    slow = write_config(runs.parent, {**_FEW, "name": "first", "model.backbone": backbone})
    with subprocess.Popen(
        [str(MTL_SEARCH), "run", str(slow)],
        cwd=runs.parent,
        env={**environment(), **started_here},
        stdout=subprocess.DEVNULL,
    ) as first:
        journal = runs / "first" / "journal.jsonl"
        end = time.monotonic() + 60
        while not (journal.is_file() and '"event": "epoch"' in journal.read_text()):
            assert first.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        config = write_config(runs.parent, {**_FEW, "name": "second"})
        done = mtl_search("run", config, cwd=runs.parent, extra=started_here)
        assert first.wait(60) == 0
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[1:] == [
        f"other programs use all of this cluster; the first trial waits for them ({_OWN})"
    ]
    assert_sound(runs / "first")
    assert_sound(runs / "second")
