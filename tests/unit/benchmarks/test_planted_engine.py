"""The engine of the planted sets trains what the product's trainer trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.config import Config, override
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.planted_sets.engine import Engine, TrialRun
from tests.benchmarks.planted_sets.rows import ROWS, PlantedSet
from tests.benchmarks.planted_sets.samples import Labels
from tests.support.trials import CPU, OBJECTIVE, train

SEED = 5
SHORT = ["training.epochs=4", "training.optimizer.lr=0.01"]


def mean_r2(metrics: object) -> float:
    assert isinstance(metrics, dict)
    return float(np.mean([metrics[key] for key in metrics if key.endswith("r2") and "val" in key]))


def trainer(planted: PlantedSet, config: Config, folder: Path, *, test: bool = False) -> Trainer:
    spec = TrialSpec("t-0000", config, SEED, OBJECTIVE, str(folder), test)
    return Trainer(spec, planted.data(), CPU, objective=mean_r2)


def copy_parameters(made: Trainer, run: TrialRun) -> None:
    """Let the engine begin with the parameters of the trainer."""
    sharing = made.network.sharing
    assert isinstance(sharing, HardSharing)
    for number, task in enumerate(run.tasks):
        stages = [*list(sharing.trunk)[: sharing.depths[task]], *sharing.branch(task)]
        modules = [*stages, made.network.heads[task]]
        linear = [m for stage in modules for m in stage.modules() if isinstance(m, torch.nn.Linear)]
        for layer_CJO, module in zip(run.network.layers, linear, strict=True):
            column = number if len(layer_CJO) > 1 else 0
            layer_CJO[column, :-1] = module.weight.detach().numpy().T
            layer_CJO[column, -1] = module.bias.detach().numpy()


@pytest.mark.parametrize(
    ("row", "overrides"),
    [
        ("related", {"model.sharing.depth": 0}),
        ("related", {"model.sharing.depth": 2, "tasks.t1.loss_weight": 0.2}),
        ("noisy", {"training.optimizer.lr": 0.03}),
        ("few", {"model.sharing.depth": 1, "training.optimizer.weight_decay": 0.5}),
        ("null4", {"training.batch_size": 64}),
        ("null2", {"training.batch_size": 57}),  # a last batch of one joins the one before it
    ],
)
def test_metrics_of_every_epoch_are_the_trainers(
    row: str, overrides: dict[str, object], tmp_path: Path
) -> None:
    planted = ROWS[row].draw(0, SHORT)
    config = override(planted.config, overrides)
    made = trainer(planted, config, tmp_path, test=True)
    run = Engine(planted.data()).begin(config, SEED, mean_r2)
    assert run.network.parameters_P.size == sum(p.numel() for p in made.network.parameters())
    copy_parameters(made, run)
    reports = train(made)
    assert len(reports) == 4
    for report in reports:
        metrics = run.run_epoch()
        assert metrics == pytest.approx({name: report.metrics[name] for name in metrics}, rel=2e-4)
        assert run.best == pytest.approx(report.objective, rel=2e-4)
    run.keep_best()
    theirs = reports[-1].test
    assert run.test_metrics() == pytest.approx(
        {name: value for name, value in theirs.items() if name.endswith("r2")}, rel=2e-4
    )


def test_other_settings_are_seen(tmp_path: Path) -> None:
    planted = ROWS["null2"].draw(0, SHORT)
    made = trainer(planted, planted.config, tmp_path)
    other = override(planted.config, {"training.optimizer.lr": 0.011})
    run = Engine(planted.data()).begin(other, SEED, mean_r2)
    copy_parameters(made, run)
    theirs = train(made)[-1].metrics["val/t0/loss"]
    ours = [run.run_epoch()["val/t0/loss"] for _ in range(4)][-1]
    assert abs(ours / theirs - 1) > 2e-3


def test_initial_parameters_are_spread_as_the_trainers(tmp_path: Path) -> None:
    planted = ROWS["null12"].draw(0)
    made = trainer(planted, planted.config, tmp_path)
    runs = [Engine(planted.data()).begin(planted.config, seed, mean_r2) for seed in (1, 2)]
    theirs = Engine(planted.data()).begin(planted.config, 1, mean_r2)
    copy_parameters(made, theirs)
    for ours, other, layer in zip(*(r.network.layers for r in [*runs, theirs]), strict=True):
        assert ours.std() == pytest.approx(layer.std(), rel=0.1)
        assert np.abs(ours).max() == pytest.approx(np.abs(layer).max(), rel=0.1)
        assert not np.array_equal(ours, other)


@pytest.mark.parametrize(
    "change",
    [
        {"training.clip_norm": 1.0},
        {"training.optimizer.name": "sgd"},
        {"model.sharing": "soft"},
        {"model.backbone.dropout": 0.1},
    ],
)
def test_what_the_engine_does_not_know_is_refused(change: dict[str, object]) -> None:
    planted = ROWS["related"].draw(0)
    with pytest.raises(ValueError, match="the engine knows"):
        Engine(planted.data()).begin(override(planted.config, change), 1, mean_r2)


def test_item_values_are_those_of_leaving_an_item_out() -> None:
    rng = np.random.default_rng(0)
    values_TN = rng.normal(size=(2, 400))
    outputs_TN = (values_TN + rng.normal(size=(2, 400))).astype(np.float32)
    values_TN[0, 100:] = np.nan
    labels = Labels.of(values_TN)
    items_TN = labels.item_r2(outputs_TN)
    assert items_TN.mean(1) == pytest.approx(labels.r2(outputs_TN), abs=1e-6)
    assert items_TN[0, 100:] == pytest.approx(labels.r2(outputs_TN)[0], abs=1e-6)
    for item in (3, 42):
        rest = np.delete(np.arange(400), item)
        without_T = labels.rows(rest).r2(outputs_TN[:, rest])
        change_T = labels.r2(outputs_TN) - without_T
        influence_T = (items_TN[:, item] - labels.r2(outputs_TN)) / 399
        assert change_T == pytest.approx(influence_T, rel=0.1, abs=1e-5)


def test_r2_leaves_missing_labels_out() -> None:
    labels_TN = np.array([[1.0, 2.0, np.nan, 6.0], [0.0, 1.0, 0.0, 1.0]])
    labels = Labels.of(labels_TN)
    outputs_TN = np.array([[1.0, 2.0, 99.0, 3.0], [0.5, 0.5, 0.5, 0.5]], np.float32)
    assert labels.mean_squares(outputs_TN) == pytest.approx([9 / 3, 0.25])
    assert labels.r2(outputs_TN) == pytest.approx([1 - 9 / 14, 0.0])
