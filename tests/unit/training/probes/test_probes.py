"""Probes change nothing: the same weights, random numbers, statistics and metrics."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import Config, override
from mtl_search.data import DataSet
from mtl_search.training.probes.probes import STEPS, measured_steps
from mtl_search.training.trainer import Trainer
from tests.support.probed import probed
from tests.support.trials import all_heads, config, data, trainer

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "batch norm and dropout": ("convnet", {}),
    "accumulated": ("mlp", {"accumulate": 2}),
    "bf16": ("mlp", {"precision": "bf16"}),
    "weighted by uncertainty": ("mlp", {"weighting": "uw"}),
    "pcgrad": ("mlp", {"aggregator": "pcgrad"}),
    "clipped": ("mlp", {"clip_norm": 0.1, "optimizer": {"name": "sgd", "lr": 0.1}}),
}


def _settings(name: str) -> Config:
    backbone, training = SETTINGS[name]
    settings = config(backbone, **training)
    arguments: dict[str, dict[str, Any]] = {
        "convnet": {"norm": "batch", "channels": [4, 6]},
        "mlp": {"widths": [8, 8]},
    }
    member = {"name": backbone, **arguments[backbone], "dropout": 0.3}
    return override(settings, {"model.backbone": member})


def _state(made: Trainer) -> list[torch.Tensor]:
    return [*made.network.state_dict().values(), torch.get_rng_state()]


def _assert_unchanged(settings: Config, samples: DataSet, folder: Path) -> None:
    def run(made: Trainer) -> tuple[list[dict[str, float]], list[torch.Tensor], Any, Any]:
        reports = [made.train_epoch() for _ in range(2)]
        return (
            reports,
            _state(made),
            random.getstate(),
            np.random.get_state(legacy=False)["state"]["key"],  # noqa: NPY002
        )

    plain = run(trainer(settings, folder / "plain", samples))
    watched = run(probed(settings, folder / "probed", samples))
    for before, after in zip(plain[0], watched[0], strict=True):
        assert any("cosine" in key for key in after)
        assert any("affinity" in key for key in after)
        assert before.items() <= after.items()
    for x, y in zip(plain[1], watched[1], strict=True):
        assert torch.equal(x, y)
    assert plain[2] == watched[2]
    assert (plain[3] == watched[3]).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_training_is_the_same_to_the_last_bit(name: str, tmp_path: Path) -> None:
    _assert_unchanged(_settings(name), data(missing=True), tmp_path)


def test_training_with_every_head_and_a_mask_is_the_same(tmp_path: Path) -> None:
    _assert_unchanged(*all_heads(), tmp_path)


def test_nothing_is_measured_unless_it_is_asked_for(tmp_path: Path) -> None:
    metrics = trainer(config(), tmp_path / "a").train_epoch()
    assert not [key for key in metrics if "cosine" in key or "affinity" in key]
    only = override(config(), {"report.gradient_conflict": True})
    metrics = trainer(only, tmp_path / "b").train_epoch()
    assert [key for key in metrics if "cosine" in key]
    assert not [key for key in metrics if "affinity" in key]


@pytest.mark.parametrize("count", [1, 2, 4, 5, 1000])
def test_as_many_steps_as_there_are_up_to_four(count: int) -> None:
    steps = measured_steps(count)
    assert len(set(steps)) == min(count, STEPS)
    assert steps == sorted(steps)
    assert 0 <= steps[0] <= steps[-1] < count
