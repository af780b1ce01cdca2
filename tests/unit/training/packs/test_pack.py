"""A pack computes what its members compute alone, to the last digits that rounding leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.data.loading import device_data
from mtl_search.models.sharing import SHARING
from tests.support.packed import (
    DOUBLE_LOSSES,
    largest_gap,
    networks_alone,
    networks_together,
    settings,
    specs,
)
from tests.support.trials import data

EPOCHS = 9  # of 6 steps each
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"name": "sgd", "lr": 0.01, "weight_decay": 0.01},
    "momentum": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True},
    "adam": {"name": "adam", "lr": 0.01, "weight_decay": 0.1},
    "adamw": {"name": "adamw", "lr": 0.01, "weight_decay": 0.1},
}
POLICIES: dict[str, dict[str, Any]] = {
    "hard": {"name": "hard", "depth": 1},
    "soft": {"name": "soft", "strength": 0.1},
    "cross_stitch": {"name": "cross_stitch"},
}
SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "depth 0": ("mlp", {"model.sharing": {"name": "hard", "depth": 0}}),
    "depth 2": ("mlp", {"model.sharing": {"name": "hard", "depth": 2}}),
    "own depths": ("mlp", {"model.sharing": {"name": "hard", "depth": {"kind": 0, "size": 1}}}),
    "layer norm": ("mlp", {"model.backbone.norm": "layer", "model.backbone.activation": "gelu"}),
    "dropout": (
        "mlp",
        {"model.backbone.dropout": 0.3, "model.sharing": {"name": "hard", "depth": 1}},
    ),
    "hidden": ("mlp", {"tasks.kind.head": {"name": "softmax", "hidden": [5], "dropout": 0.2}}),
    "clipping": ("mlp", {"training.clip_norm": 0.1}),
    "schedule": ("mlp", {"training.schedule": "cosine"}),
    "accumulation": ("mlp", {"training.accumulate": 4}),
    "factors": ("mlp", {"training.lr_multipliers": {"backbone": 0.5, "heads": 2.0}}),
    "convolutions": (
        "convnet",
        {"model.backbone.norm": "group", "training.optimizer": OPTIMIZERS["momentum"]},
    ),
}


@pytest.fixture
def doubles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Networks and samples of double precision."""
    as_tensor = device_data.as_tensor

    def as_doubles(values: Any) -> torch.Tensor:
        x = as_tensor(values)
        return x.double() if x.is_floating_point() else x

    monkeypatch.setattr(device_data, "as_tensor", as_doubles)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def _gap(backbone: str, changes: dict[str, Any], folder: Path, *, missing: bool = False) -> float:
    base = settings(backbone, **{"training.epochs": EPOCHS, **DOUBLE_LOSSES, **changes})
    samples = data(missing=missing, train=96)
    together = networks_together(specs(base, folder / "pack"), samples)
    return largest_gap(together, networks_alone(specs(base, folder / "alone"), samples))


def test_every_sharing_policy_of_the_registry_is_compared() -> None:
    assert POLICIES.keys() == set(SHARING)


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("policy", POLICIES)
def test_parameters_after_fifty_steps_are_those_of_training_alone(
    policy: str, optimizer: str, tmp_path: Path
) -> None:
    changes = {"model.sharing": POLICIES[policy], "training.optimizer": OPTIMIZERS[optimizer]}
    assert _gap("mlp", changes, tmp_path, missing=optimizer == "adamw") < 1e-9


@pytest.mark.usefixtures("doubles")
@pytest.mark.parametrize("shape", SHAPES)
def test_networks_of_every_shape_end_as_they_would_alone(shape: str, tmp_path: Path) -> None:
    backbone, changes = SHAPES[shape]
    assert _gap(backbone, changes, tmp_path) < 1e-9


def test_first_steps_in_single_precision_differ_by_rounding_alone(tmp_path: Path) -> None:
    base = settings(**{"training.epochs": 2, "training.optimizer": OPTIMIZERS["sgd"]})  # 12 steps
    samples = data(train=96)
    together = networks_together(specs(base, tmp_path / "pack"), samples)
    assert largest_gap(together, networks_alone(specs(base, tmp_path / "alone"), samples)) < 1e-5
