"""Sweeps on clusters of several nodes that share no folder but a storage, and lose nodes on the
way.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_search import Result
from mtl_search.storage.records import SweepRecord
from tests.support import nodes
from tests.support.sweeps import (
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    finished,
    mlflow_runs,
    mtl_search,
    whole_lines,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder


@pytest.fixture
def cluster(tmp_path: Path, storage: Path, record_property: Any) -> Iterator[nodes.Nodes]:
    record_property("nodes", "namespaces" if nodes.enclosed() else "processes on loopback")
    with nodes.cluster(tmp_path, [storage]) as found:
        yield found


def _config(folder: Path, trials: int, pause: float, **changes: Any) -> Path:
    few = {
        "search.arms": ["equal"],
        "search.trials": trials,
        "search.finalists.top": 0,
        "search.sampler": "random",
    }
    slow = {"name": f"{PARTS}:backbone", "pause": pause}
    often = {"training.checkpoint_every_s": 0, "resources.max_concurrent": "auto"}
    return write_config(folder, {**few, **often, "model.backbone": slow, **changes})


def _on(record: SweepRecord, node: nodes.Node) -> list[str]:
    return [trial.id for trial in record if trial.info.get("node") == node.ip]


def test_trials_spread_over_two_nodes_and_outlive_one(
    runs: Path, cluster: nodes.Nodes, storage: Path
) -> None:
    head, other = cluster.start(1), cluster.start(1)
    config, sweep, place = _config(runs.parent, 8, 0.2), runs / "tiny", head.inside(runs.parent)
    arguments = ["run", str(config), "--address", cluster.address]
    if nodes.enclosed():  # plain processes see everything
        refused = mtl_search(*arguments, cwd=runs.parent, inside=place, extra=cluster.environment)
        assert refused.returncode == 2, refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert f"1 of 2 nodes of the cluster do not see {sweep} ({other.ip}" in refused.stderr
        assert not sweep.exists()

    arguments.append(f"resources.storage={storage}")
    with driver(arguments, runs.parent, sweep, place, cluster.environment) as running:
        running.wait_for(lambda record: finished(record, "") >= 2 and _runs_on(record, other))
        before = whole_lines(sweep)
        other.kill()
        assert running.process.wait(120) == 0, running.output
        assert "Traceback" not in running.output
    assert whole_lines(sweep).startswith(before)
    record = assert_sound(sweep)
    assert record.slots == 2
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert len(_on(record, head)) + len(_on(record, other)) == len(record.trials) == 8
    assert _on(record, other), "no trial has ended on the node that died"
    assert_mirrored(sweep)
    tags = {
        run.data.tags["mtl_search.trial"]: run.data.tags["mtl_search.node"]
        for run in mlflow_runs(sweep)[1]
    }
    assert tags == {trial.id: trial.info["node"] for trial in record}
    assert not list(storage.glob("*/*"))
    assert Result(sweep, trust_code=True).load_model() is not None


def _runs_on(record: SweepRecord, node: nodes.Node) -> bool:
    """Whether a trial is in the middle there, and one has ended there."""
    return (
        len(
            {
                trial.finished
                for trial in record
                if trial.info.get("node") == node.ip and trial.epochs
            }
        )
        == 2
    )


@pytest.mark.large
def test_groups_of_workers_outlive_a_node_whose_cable_is_cut(
    runs: Path, cluster: nodes.Nodes, storage: Path
) -> None:
    """Three slots on three nodes, of which two remain: a group that lost a worker finds room or
    makes way.
    """
    head, *others = [cluster.start(2) for _ in range(3)]
    config, sweep = _config(runs.parent, 9, 0.3, **{"resources.workers": 2}), runs / "tiny"
    place = head.inside(runs.parent)
    arguments = ["run", str(config), "--address", cluster.address]
    if nodes.enclosed():
        alone = mtl_search(
            *arguments, f"resources.storage={runs.parent}/alone", cwd=runs.parent, inside=place,
            extra=cluster.environment,
        )  # fmt: skip
        assert alone.returncode == 2, alone.stderr
        assert f"2 of 3 nodes of the cluster do not see {runs.parent}/alone" in alone.stderr
        assert "Traceback" not in alone.stderr

    arguments.append(f"resources.storage={storage}")
    with driver(arguments, runs.parent, sweep, place, cluster.environment) as running:
        running.wait_for(lambda record: finished(record, "") >= 1, timeout=300)
        victim = next(node for node in others if node.runs("ray::RayTrainWorker"))
        running.wait_for(lambda record: any(t.epochs and not t.finished for t in record))
        before = whole_lines(sweep)
        victim.kill(cluster.switch)
        assert running.process.wait(400) == 0, running.output
        assert "Traceback" not in running.output
    assert whole_lines(sweep).startswith(before)
    record = assert_sound(sweep)
    assert record.slots == 3
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert len(record.trials) == 9
    assert_mirrored(sweep)
    assert not list(storage.glob("*/*"))
    assert cluster.free_cpus() == (4, 4)


@pytest.mark.large
def test_without_a_node_that_fits_the_sweep_ends_and_goes_on_later(
    runs: Path, cluster: nodes.Nodes, storage: Path
) -> None:
    head, other = cluster.start(0), cluster.start(1)
    config, sweep, place = _config(runs.parent, 4, 0.2), runs / "tiny", head.inside(runs.parent)
    arguments = ["run", str(config), "--address", cluster.address, f"resources.storage={storage}"]
    with driver(
        [*arguments, "resources.node_timeout_s=5"], runs.parent, sweep, place, cluster.environment
    ) as running:
        running.wait_for(
            lambda record: (
                finished(record, "") >= 1 and any(t.epochs for t in record if not t.finished)
            )
        )
        other.kill()
        assert running.process.wait(120) == 1, running.output
        assert (
            "for 5 seconds (resources.node_timeout_s) no trial fits on this cluster"
            in running.output
        )
        assert "--resume goes on" in running.output
        assert "Traceback" not in running.output
    before = whole_lines(sweep)
    new = cluster.start(1)
    done = mtl_search(
        *arguments,
        "--resume",
        "--output",
        sweep,
        cwd=runs.parent,
        inside=place,
        extra=cluster.environment,
    )
    assert done.returncode == 0, done.stderr
    assert whole_lines(sweep).startswith(before)
    assert len(_on(assert_sound(sweep), new)) >= 3
    assert_mirrored(sweep)


@pytest.mark.large
@pytest.mark.skipif(not nodes.enclosed(), reason="plain processes see every folder")
def test_a_submitted_job_names_the_node_that_does_not_see_its_folder(
    tmp_path: Path, runs: Path, storage: Path
) -> None:
    config, alone = _config(runs.parent, 1, 0), tmp_path / "alone"
    with nodes.cluster(tmp_path, [storage], takes_jobs=True) as cluster:
        head, other = cluster.start(1), cluster.start(1)
        words = ["submit", config, "--address", cluster.dashboard]

        def submit(*more: object) -> subprocess.CompletedProcess[str]:
            return mtl_search(
                *words, *more, cwd=runs.parent, inside=head.inside(runs.parent),
                extra=cluster.environment,
            )  # fmt: skip

        advice = "set resources.storage to a folder that all reach (a shared disk, s3://, gs://)"
        for options, end in (
            (["--output", alone], f"{advice}, or --output to one"),
            ([f"resources.storage={alone}", "--output", runs / "a"], advice),
        ):
            refused = submit(*options)
            assert refused.returncode == 2, refused.stdout + refused.stderr
            assert "Traceback" not in refused.stdout
            [sentence] = [line for line in refused.stdout.splitlines() if "do not see" in line]
            unseen = f"do not see {alone} ({other.ip}: another folder, or none)"
            assert sentence == f"error: 1 of 2 nodes of the cluster {unseen}: {end}"
        done = submit(f"resources.storage={storage}", "--output", runs / "cured")
        assert done.returncode == 0, done.stdout + done.stderr
