"""Population based training on real slots: members take turns, only fixed values are claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search import Result, run
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from tests.support.sweeps import (
    PARTS,
    assert_mirrored,
    assert_sound,
    driver,
    events,
    mlflow_runs,
    mtl_search,
    outcome,
    tiny,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("ray_cluster")]

_PBT: dict[str, Any] = {
    "search.space.model.sharing.depth": None,
    "search.scheduler": {"name": "pbt", "interval": 1, "quantile": 0.5},
    "training.checkpoint_every_s": 1000,
    "search.arms": ["search"],
}


def _exchanges(record: SweepRecord) -> int:
    return sum(len(trial.exploits) for trial in record)


def test_a_population_trains_in_turns_and_its_values_are_trained_again(runs: Path) -> None:
    sweep = runs / "tiny"
    run(tiny({**_PBT, "resources.max_concurrent": 2}), output=sweep)
    record = assert_sound(sweep)
    assert record.budget == {"search": 6, "final/search": 2}
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert _exchanges(record) == 4  # half of them at each of two meetings
    *members, final, mean = record.arm("search")
    assert {trial.role for trial in members} == {"member"}
    for member in members:
        handed = [epoch.metrics["lr"] for epoch in member.epochs]
        assert handed == [member.params_at(epoch)["training.optimizer.lr"] for epoch in (1, 2, 3)]
        assert member.info["weights"] == {
            path.split(".")[1]: value
            for path, value in member.overrides.items()
            if path.endswith("loss_weight")
        }
    result = Result(sweep, trust_code=True)
    assert result.best.trial in (final.id, mean.id)
    assert {trial.origin for trial in record.arm("final/search")} <= {final.id, mean.id}
    assert result.load_model() is not None
    kept = {path.parent.name for path in (sweep / "trials").glob("*/best")}
    assert kept.isdisjoint(member.id for member in members)
    assert not list((sweep / "trials").glob("*/last"))

    assert_mirrored(sweep)
    runs_of = {child.data.tags["mtl_search.trial"]: child for child in mlflow_runs(sweep)[1]}
    last = runs_of[members[0].id].data.metrics["pbt/training.optimizer.lr"]
    assert last == members[0].params["training.optimizer.lr"]

    # A trial's numbers do not depend on which slot it was in, nor on who trained beside it.
    alone = runs / "alone"
    run(tiny({**_PBT, "resources.max_concurrent": 1, "tracking.enabled": False}), output=alone)
    assert outcome(assert_sound(alone)) == outcome(record)
    assert [e["donor"] for e in events(alone) if e["event"] == "perturb"]


@pytest.mark.large
@pytest.mark.parametrize("event", ["perturb", "generation", "epoch"])
def test_a_population_whose_driver_is_killed_ends_as_one_that_was_not(
    runs: Path, event: str
) -> None:
    changes = {
        **_PBT,
        "tracking.enabled": False,
        "model.backbone": {"name": f"{PARTS}:backbone", "pause": 0.01},
    }
    sweep, whole, config = runs / "tiny", runs / "whole", write_config(runs.parent, changes)
    with driver(["run", str(config)], runs.parent, sweep) as first:
        first.wait_for(
            lambda record: (
                sum(e["event"] == event for e in events(sweep)) >= (7 if event == "epoch" else 1)
            )
        )
        first.kill()
    done = mtl_search("run", config, "--resume", cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    assert read_record(sweep / "journal.jsonl").sessions == 2
    run(tiny(changes), output=whole)
    assert outcome(assert_sound(sweep)) == outcome(assert_sound(whole))


@pytest.mark.large
def test_a_population_on_worker_groups(tmp_path: Path) -> None:
    changes = {**_PBT, "search.finalists.top": 0, "tracking.enabled": False}
    two = tmp_path / "two"
    storage = {"resources.storage": str(tmp_path / "storage")}
    run(
        tiny({**changes, **storage, "resources.workers": 2, "resources.max_concurrent": 2}),
        output=two,
    )
    record, one = assert_sound(two), tmp_path / "one"
    assert _exchanges(record) == 4
    assert not list((tmp_path / "storage").glob("*/*"))
    run(tiny(changes), output=one)
    for trial in assert_sound(one):
        for here, there in zip(record.trials[trial.id].epochs, trial.epochs, strict=True):
            for name in here.metrics.keys() - {"seconds"}:
                assert here.metrics[name] == pytest.approx(there.metrics[name], abs=1e-3), (
                    trial.id,
                    name,
                )
