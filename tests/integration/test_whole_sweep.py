"""One sweep by every door: the same trials, the same numbers, and MLflow tells them, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from mtl_search import ConfigError, Result, SweepError, run
from mtl_search.storage import item_values
from mtl_search.storage.trial_record import TrialRecord
from tests.support.repository import REPOSITORY
from tests.support.sweeps import (
    ARMS,
    assert_mirrored,
    assert_sound,
    mlflow_runs,
    mtl_search,
    outcome,
    tiny,
    write_config,
)

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster")]


@pytest.fixture(scope="module")
def by_python(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Result:
    folder = tmp_path_factory.mktemp("by_python")
    return run(tiny(), output=folder / "runs" / "tiny")


def test_every_arm_has_its_budget(by_python: Result) -> None:
    record = assert_sound(by_python.directory)
    assert record.budget == {
        **dict.fromkeys(ARMS, 4),
        **{f"final/{arm}": 2 for arm in ARMS},
    }
    assert Counter(trial.state for trial in record) == {"COMPLETE": len(record.trials)}


def test_arms_run_one_after_another(by_python: Result) -> None:
    phases = [phase(trial) for trial in by_python.record]
    assert phases == sorted(phases)
    assert set(phases) >= {0, 1, 2, 3}


def phase(trial: TrialRecord) -> int:
    """Number of the phase of a sweep that a trial belongs to."""
    if trial.is_finalist:
        return 4 if trial.arm.is_twin else 3
    if trial.is_offered:
        return 2
    return int(trial.arm == "search")


def test_what_each_arm_found_was_offered_to_the_others(by_python: Result) -> None:
    record = by_python.record
    rate = "training.optimizer.lr"
    for arm in ARMS:
        best = max((t for t in record.arm(arm) if not t.is_offered), key=lambda t: t.best_objective)
        takers = ["equal", "search"] if "single" in arm else ["single/colour", "single/size"]
        for taker in takers:
            tried = {trial.overrides[rate] for trial in record.arm(taker)}
            assert best.overrides[rate] in tried, (arm, taker)


def test_scores_of_the_test_items_are_kept_for_finalists_alone(by_python: Result) -> None:
    for trial in by_python.record:
        scores = item_values.read(by_python.directory, trial.id)
        if trial.is_finalist:
            assert scores, trial.id
        for key, values in scores.items():
            assert values.mean() == pytest.approx(trial.test[f"test/{key}"], abs=1e-6), (
                trial.id,
                key,
            )


def test_finalists_train_the_best_of_their_arm_again_on_fresh_seeds(by_python: Result) -> None:
    record = by_python.record
    for arm in ARMS:
        best = max(record.arm(arm), key=lambda t: t.objective or 0.0)
        finalists = record.arm(f"final/{arm}")
        assert {t.origin for t in finalists} == {best.id}
        assert {t.config_hash for t in finalists} == {best.config_hash}
        assert len({t.seed for t in (*finalists, best)}) == 3
        assert all(t.overrides == best.overrides for t in finalists)
        assert all(t.test for t in finalists)


def test_the_search_tries_other_weights_than_the_equal_ones_that_it_knows(
    by_python: Result,
) -> None:
    drawn = [trial for trial in by_python.record.arm("search") if not trial.is_offered]
    weights = [tuple(trial.info["weights"].values()) for trial in drawn]
    assert (1.0, 1.0) not in weights
    assert len(set(weights)) == 4
    equal = {tuple(trial.info["weights"].values()) for trial in by_python.record.arm("equal")}
    assert equal == {(1.0, 1.0)}


def test_mlflow_has_one_run_a_trial(by_python: Result) -> None:
    assert_mirrored(by_python.directory)


def test_mlflow_has_the_answer_and_the_report(by_python: Result) -> None:
    (parent,), _ = mlflow_runs(by_python.directory)
    client = MlflowClient(f"sqlite:///{by_python.directory.parent / 'mlflow.db'}")
    sentence = by_python.verdict.sentence()
    assert parent.data.tags["mlflow.note.content"].startswith(sentence)
    experiment = client.get_experiment(parent.info.experiment_id)
    assert sentence in experiment.tags["mlflow.note.content"]
    names = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert {"config.yaml", "leaderboard.json", "report", "graph"} <= names
    stored = client.list_artifacts(parent.info.run_id, "report")
    assert {item.path for item in stored} == {
        f"report/report.{ending}" for ending in ("html", "md", "json")
    }
    (model,) = client.search_logged_models([parent.info.experiment_id])
    metrics = {metric.key: metric.value for metric in model.metrics or []}
    assert str(model.status) == "READY"
    assert {"test/skill", "test/delta_m"} <= set(metrics)
    assert model.params["trials"] == by_python.load_model().info["trials"][0]


def test_the_best_network_is_drawn(by_python: Result, tmp_path: Path) -> None:
    (parent,), _ = mlflow_runs(by_python.directory)
    client = MlflowClient(f"sqlite:///{by_python.directory.parent / 'mlflow.db'}")
    assert [item.path for item in client.list_artifacts(parent.info.run_id, "graph")] == [
        "graph/model.png"
    ]
    stored = Path(client.download_artifacts(parent.info.run_id, "graph/model.png", str(tmp_path)))
    assert stored.read_bytes() == (by_python.directory / "model.png").read_bytes()
    by_python.plot_model(tmp_path / "single.svg", by_python.record.arm("final/single/size")[0].id)
    assert (tmp_path / "single.svg").stat().st_size > 4000
    with pytest.raises(SweepError, match="there is no trial 'nobody'"):
        by_python.plot_model(tmp_path / "x.png", "nobody")


def test_the_result_can_be_used(by_python: Result) -> None:
    assert list(by_python.trials.trial.sort_values()) == sorted(by_python.record.trials)
    assert len(by_python.trials) > 24  # with offered settings
    assert by_python.verdict.sentence()
    assert by_python.best.arm in ("equal", "search")
    assert by_python.load_model() is not None


def test_twice_is_the_same(by_python: Result, runs: Path) -> None:
    again = run(tiny(), output=runs / "tiny")
    assert outcome(again.record) == outcome(by_python.record)
    assert again.verdict == by_python.verdict


def test_another_seed_is_not_the_same(by_python: Result, runs: Path) -> None:
    other = run(tiny({"seed": 1, "search.finalists.top": 0}), output=runs / "tiny")
    for trial in other.record:
        same = by_python.record.trials[trial.id]
        assert trial.seed != same.seed
        assert trial.epochs[0].metrics != same.epochs[0].metrics


def test_the_command_line_finds_the_same(by_python: Result, runs: Path) -> None:
    done = mtl_search("run", write_config(runs.parent), cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    record = assert_sound(runs / "tiny")
    assert outcome(record) == outcome(by_python.record)
    assert by_python.verdict == Result(runs / "tiny").verdict
    assert by_python.verdict.sentence()[:60] in done.stdout
    assert_mirrored(runs / "tiny")


_OWN = dedent(
    """
    import numpy as np

    import mtl_search
    from tests.support.parts import accuracy, backbone as stages, points

    def data(samples, seed):
        return points(samples, seed)

    def backbone(input_shape, width):
        return stages(input_shape, width=width)

    def objective(metrics):
        return accuracy(metrics)

    @mtl_search.metric(higher_is_better=False)
    def median_error(prediction, target):
        return np.median(np.abs(prediction - target))
    """
)


def test_code_in_the_working_directory_works_by_name(runs: Path) -> None:
    (runs.parent / "own_code.py").write_text(_OWN)
    changes = {
        "data": {"name": "own_code:data", "samples": 200},
        "model.backbone": {"name": "own_code:backbone", "width": 5},
        "search.objective": "own_code:objective",
        "tasks.colour.metrics": ["accuracy", "f1"],
        "tasks.size.metrics": ["own_code:median_error", "mae"],
        "search.trials": 2,
    }
    done = mtl_search("run", write_config(runs.parent, changes), cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    record = assert_sound(runs / "tiny")
    assert {trial.state for trial in record} == {"COMPLETE"}
    for trial in (*record.arm("equal"), *record.arm("search")):
        assert trial.objective == max(
            epoch.metrics["val/colour/accuracy"] for epoch in trial.epochs
        )
        errors = [epoch.metrics["val/size/median_error"] for epoch in trial.epochs]
        assert all(error > 0 for error in errors)
    result = Result(runs / "tiny")
    assert record.directions == {"median_error": False}
    (row,) = (row for row in rows_of(result, "delta_m_by_task") if row["task"] == "size")
    assert row["metric"] == "median_error"
    tests = [trial.test["test/size/median_error"] for trial in record.arm("final/single/size")]
    assert row["single"] == pytest.approx(np.mean(tests))
    assert_labels_make_up_f1(result)


def rows_of(result: Result, name: str) -> list[Mapping[str, Any]]:
    """The rows of a view that the sweep has."""
    view = result.view(name)
    assert view is not None
    return list(view.rows)


def assert_labels_make_up_f1(result: Result) -> None:
    """The single-task network's F1 of each colour, whose mean is that of the metric."""
    rows = [row for row in rows_of(result, "by_label") if row["score"] == "f1"]
    tests = [trial.test["test/colour/f1"] for trial in result.record.arm("final/single/colour")]
    assert {row["task"] for row in rows} == {"colour"}
    assert np.mean([row["single"] for row in rows]) == pytest.approx(np.mean(tests), rel=1e-5)


def test_penguins(runs: Path) -> None:
    config = REPOSITORY / "configs" / "penguins.yaml"
    few = [
        "training.epochs=3",
        "search.trials=4",
        "search.finalists.top=1",
        "search.finalists.seeds=2",
        "search.finalists.max_seeds=2",
        "resources.max_concurrent=2",
    ]
    done = mtl_search("run", config, *few, cwd=runs.parent)
    assert done.returncode == 0, done.stderr
    record = assert_sound(runs / "penguins")
    assert {trial.state for trial in record} <= {"COMPLETE", "PRUNED"}
    assert_mirrored(runs / "penguins")


def test_a_function_of_the_users_is_the_space(runs: Path) -> None:
    changes = {"search.arms": ["equal", "search"], "search.trials": 3, "search.finalists.top": 0}
    points = {"search.initial_points": ["uw", {"size": 4.0}]}
    result = run(tiny(changes | points), output=runs / "tiny", space=_space)
    assert result.complete
    assert_mirrored(runs / "tiny")
    (seed,) = result.record.arm("warmup/uw")
    assert next(iter(result.record)) is seed
    assert list(result.models()) == ["model/equal", "model/search"]
    found = result.mean_weights(seed.id)
    assert found["size"] != pytest.approx(1, abs=1e-4)
    searched = result.record.arm("search")
    assert not any(trial.is_offered for trial in searched)  # there are no single-task arms
    weights = [trial.params["tasks.size.loss_weight"] for trial in searched]
    assert weights[:2] == [pytest.approx(found["size"] / found["colour"]), 4.0]
    assert weights[2] not in weights[:2]
    for trial in result.record.arm("search"):
        assert trial.info["lr"] == trial.params["training.optimizer.lr"]
        assert trial.overrides["training.batch_size"] == 60
    assert {trial.info["weights"]["size"] for trial in result.record.arm("equal")} == {1.0}


def _space(trial: object) -> dict[str, object]:
    trial.suggest_float("training.optimizer.lr", 1e-3, 1e-1, log=True)  # type: ignore[attr-defined]
    trial.suggest_float("tasks.size.loss_weight", 0.1, 10, log=True)  # type: ignore[attr-defined]
    return {"training.batch_size": 60}


def test_nothing_is_left_where_the_sweep_is_refused(runs: Path) -> None:
    with pytest.raises(SweepError, match="no trial fits"):
        run(tiny({"resources.cpus_per_worker": 64}), output=runs / "tiny")
    with pytest.raises(ConfigError, match=r"tracking\.uri"):
        run(tiny({"tracking.uri": "file:/somewhere"}), output=runs / "tiny")
    assert not (runs / "tiny").exists()
