"""Sweeps as batch jobs of a real Slurm: on all nodes, stopped and started again, beside each other,
and with a node that dies.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from tests.support.slurm import Slurm, slurm, write_script
from tests.support.sweeps import PARTS, assert_mirrored, assert_sound, whole_lines, write_config

pytestmark = [pytest.mark.integration, pytest.mark.large]


@pytest.fixture(scope="module")
def batch(
    tmp_path_factory: pytest.TempPathFactory,
    need_program: Callable[[str], str],
    need_file: Callable[[str], Path],
) -> Iterator[Slurm]:
    script = need_file("containers/slurm_nodes.sh")
    for program in ("ip", "nsenter"):
        need_program(program)
    if os.geteuid() != 0:
        pytest.skip("nodes of a Slurm on one machine are namespaces, which need root")
    with slurm(script, tmp_path_factory.mktemp("slurm") / "nodes") as found:
        yield found


def _config(folder: Path, trials: int, pause: float) -> Path:
    changes = {
        "search.arms": ["equal"],
        "search.trials": trials,
        "search.finalists.top": 0,
        "search.sampler": "random",
        "model.backbone": {"name": f"{PARTS}:backbone", "pause": pause},
        "resources.max_concurrent": "auto",
        "training.checkpoint_every_s": 0,
    }
    return write_config(folder, changes)


def _nodes(sweep: Path) -> set[str]:
    """Addresses of the nodes on which trials have begun."""
    return {str(trial.info["node"]) for trial in _record(sweep) if "node" in trial.info}


def _record(sweep: Path) -> SweepRecord:
    return read_record(sweep / "journal.jsonl")


def _wait_for_trials(sweep: Path, count: int, nodes: int = 1) -> None:
    """Wait until so many trials have ended, and some have begun on so many nodes."""
    end = time.monotonic() + 120
    while not (
        sweep.joinpath("journal.jsonl").exists()
        and sum(trial.finished for trial in _record(sweep)) >= count
        and len(_nodes(sweep)) >= nodes
    ):
        assert time.monotonic() < end
        time.sleep(0.2)


def _assert_clean(runs: Path, *jobs: str) -> None:
    """Neither the token nor files of a job's Ray are left."""
    assert not list(runs.glob(".slurm-*"))
    assert not [path for job in jobs for path in Path("/tmp").glob(f"mtl-{job}-*")]


def test_two_jobs_share_two_nodes(batch: Slurm, runs: Path) -> None:
    script = write_script(_config(runs.parent, 6, 0.1), time="10")
    jobs = [batch.submit(script), batch.submit(script)]
    for job in jobs:
        seen = batch.wait_for(job, "COMPLETED", "FAILED", "CANCELLED")
        log = runs.parent.joinpath(f"slurm-tiny-{job}.out").read_text()
        assert (seen["JobState"], seen["ExitCode"]) == ("COMPLETED", "0:0"), log
        assert "2 of 2 nodes" in log
        assert "Traceback" not in log
        record = assert_sound(runs / f"tiny-{job}")
        assert record.slots == 2
        assert _nodes(runs / f"tiny-{job}") == {"10.78.0.11", "10.78.0.12"}
        assert_mirrored(runs / f"tiny-{job}")
    starts = [_record(runs / f"tiny-{job}").started for job in jobs]
    assert abs(starts[0] - starts[1]) < 30  # side by side, not one after the other
    _assert_clean(runs, *jobs)


def test_scancel_stops_in_order_and_the_script_goes_on(batch: Slurm, runs: Path) -> None:
    script = write_script(_config(runs.parent, 8, 0.3), time="10")
    job = batch.submit(script)
    sweep = runs / f"tiny-{job}"
    _wait_for_trials(sweep, 2)
    batch.call("scancel", "--signal=TERM", "--batch", job)
    seen = batch.wait_for(job, "FAILED", "COMPLETED", "CANCELLED", timeout=60)
    log = runs.parent.joinpath(f"slurm-tiny-{job}.out").read_text()
    assert (seen["JobState"], seen["ExitCode"], seen["Restarts"]) == ("FAILED", "130:0", "0"), log
    assert "Stopped. Go on with:" in log
    before = whole_lines(sweep)
    _assert_clean(runs, job)

    again = batch.submit(script, sweep)
    seen = batch.wait_for(again, "COMPLETED", "FAILED")
    assert seen["JobState"] == "COMPLETED"
    assert whole_lines(sweep).startswith(before)
    assert assert_sound(sweep).sessions == 2
    _assert_clean(runs, again)


@pytest.mark.timeout(1000)
def test_a_job_goes_on_after_its_time_limit(batch: Slurm, runs: Path) -> None:
    """Two minutes, of which Ray's start takes some.

    Slurm may send the signal up to a minute earlier than it is told. A trial takes 12 seconds, on
    a machine of any speed.
    """
    late = ("--signal=B:USR1@30",)  # the last option of a kind counts
    script = write_script(_config(runs.parent, 10, 1.0), time="2", lines=late)
    job = batch.submit(script)
    sweep, log = runs / f"tiny-{job}", runs.parent / f"slurm-tiny-{job}.out"
    batch.wait_for(job, "RUNNING", timeout=60)
    seen = batch.wait_for(job, "PENDING", "COMPLETED", "FAILED", "TIMEOUT", timeout=180)
    assert seen["JobState"] == "PENDING", log.read_text()
    assert "goes back into the queue" in log.read_text()
    before = whole_lines(sweep)
    ended = [trial.id for trial in _record(sweep) if trial.finished]
    assert 0 < len(ended) < 10

    # Slurm keeps a job that comes back in the queue for some minutes.
    seen = batch.wait_for(job, "COMPLETED", "FAILED", "TIMEOUT", timeout=780)
    assert seen["JobState"] == "COMPLETED", log.read_text()
    assert whole_lines(sweep).startswith(before)
    assert int(seen["Restarts"]) >= 1
    assert assert_sound(sweep).sessions >= 2
    assert_mirrored(sweep)
    _assert_clean(runs, job)


def test_a_node_that_dies_does_not_end_the_sweep(batch: Slurm, runs: Path) -> None:
    """The last test: the node stays away."""
    script = write_script(_config(runs.parent, 12, 0.5), time="10")
    job = batch.submit(script)
    sweep = runs / f"tiny-{job}"
    _wait_for_trials(sweep, 3, nodes=2)
    batch.kill_node("n2")
    # Slurm waits for the node that died, so the job itself may go on completing for minutes.
    batch.wait_for(job, "COMPLETED", "COMPLETING", "FAILED", "NODE_FAIL", timeout=300)
    log = runs.parent.joinpath(f"slurm-tiny-{job}.out").read_text()
    assert "mtl-search ended with status 0" in log, log
    record = assert_sound(sweep)
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert record.sessions == 1
    for left in Path("/tmp").glob(f"mtl-{job}-*"):  # of the node that died
        shutil.rmtree(left)
