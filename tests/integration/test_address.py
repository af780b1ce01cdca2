"""Sweeps on a cluster that stands already: it is used, it stays, and a wrong address is told at
once.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import ray
from ray._private.state import state

from mtl_search import SweepError, run
from mtl_search.cluster import connection
from tests.support.sweeps import assert_sound, mtl_search, tiny, write_config

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]

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
