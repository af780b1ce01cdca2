"""What speaks against a pack is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import override
from mtl_search.data import DataSet
from mtl_search.training.packs import eligibility
from mtl_search.training.packs.eligibility import reason_against
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trainer import Trainer
from tests.support.packed import SAMPLES, settings
from tests.support.trials import OBJECTIVE, spec


def _trainers(folder: Path, *changes: dict[str, Any]) -> list[Trainer]:
    runner = TrialRunner(SAMPLES, OBJECTIVE)
    configs = [override(settings(), change) for change in changes]
    return [runner.build(spec(c, folder / str(number))) for number, c in enumerate(configs)]


def test_trials_of_one_shape_may(tmp_path: Path) -> None:
    assert reason_against(_trainers(tmp_path, {}, {"tasks.kind.loss_weight": 3.0})) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"training.optimizer": {"name": "adam", "lr": 0.1}}, "different optimizers"),
        ({"model.backbone.widths": [8, 9]}, "networks of different shapes"),
        ({"model.backbone.activation": "tanh"}, "networks of different layers"),
        ({"training.batch_size": 8}, "batches of different sizes"),
    ],
)
def test_trials_of_several_shapes_may_not(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    assert reason_against(_trainers(tmp_path, {}, change)) == reason


def test_large_networks_are_faster_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eligibility, "AUTO_PARAMETERS", 100)
    auto, told = {"training.pack": "auto"}, {"training.pack": 4}
    why = reason_against(_trainers(tmp_path, auto, auto))
    assert why == "networks of 173 parameters, more than the 100 that pay"
    assert reason_against(_trainers(tmp_path, told, told)) == ""


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eligibility, "device_memory", lambda device: 100_000)
    trainers = _trainers(tmp_path, *[{}] * 3)
    # An eighth of it is less than 3 × 8 × 178 numbers of 4 bytes, and more than 2 × 8 × 178.
    assert reason_against(trainers[:2]) == ""
    why = reason_against(trainers)
    assert why.startswith("3 networks at once, which take 0.0 GB beside their features, more than")


def test_tasks_that_share_targets_in_different_ways_may_not(tmp_path: Path) -> None:
    values = SAMPLES.targets["kind"]
    targets = {**SAMPLES.targets, "sort": values, "class": values}
    samples = DataSet(dict(SAMPLES.inputs), targets, dict(SAMPLES.splits))
    task = {"head": "softmax", "view": "x"}
    base = override(settings(), {"tasks": dict.fromkeys(("kind", "sort", "class"), task)})
    ways = [{"tasks.class.target": "kind"}, {"tasks.class.target": "sort"}]
    runner = TrialRunner(samples, OBJECTIVE)
    trainers = [runner.build(spec(override(base, way), tmp_path / str(way))) for way in ways]
    assert reason_against(trainers) == "tasks that share their targets in different ways"
    swapped = override(base, {"tasks.class.target": "kind", "tasks.kind.target": "class"})
    assert reason_against([runner.build(spec(c, tmp_path)) for c in (base, swapped)]) == ""
