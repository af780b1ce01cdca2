"""Images change in training and in training only, by the trial's own seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.config import Component, load_config
from mtl_search.data import DataSet, Target
from mtl_search.errors import ConfigError
from mtl_search.models.augment import Augmentation, build_augment
from mtl_search.models.build import build_network

pytest.importorskip("kornia", reason="an optional dependency: pip install 'mtl-search[images]'")

STEPS = [
    {"name": "RandomHorizontalFlip", "p": 0.5},
    {"name": "RandomAffine", "degrees": 10, "translate": [0.1, 0.1]},
]


@pytest.fixture
def data() -> DataSet:
    images = np.random.default_rng(0).random((16, 3, 8, 8), np.float32)
    splits = {"train": np.arange(8), "validation": np.arange(8, 12), "test": np.arange(12, 16)}
    return DataSet(
        {"image": images}, {"kind": Target(np.arange(16) % 2, "class", ("a", "b"))}, splits
    )


def build(data: DataSet, augment: Any) -> Any:
    torch.manual_seed(0)
    model = {"backbone": {"name": "convnet", "channels": [4], "norm": "none"}, "augment": augment}
    config = {"name": "x", "data": "unused", "tasks": {"kind": {"head": "softmax"}}, "model": model}
    return build_network(load_config(config), data)


def test_in_training_only_and_by_the_seed(data: DataSet) -> None:
    network, plain = build(data, STEPS), build(data, [])
    x = {"image": torch.from_numpy(data.inputs["image"][:])}

    def run(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        output: torch.Tensor = network(x)["kind"]
        return output

    assert (network.eval()(x)["kind"] == plain.eval()(x)["kind"]).all()
    network.train()
    assert (run(1) == run(1)).all()
    assert (run(1) != run(2)).any()
    assert (run(1) != plain(x)["kind"]).any()
    assert sum(p.numel() for p in network.parameters()) == sum(
        p.numel() for p in plain.parameters()
    )


def test_flips_are_flips(data: DataSet) -> None:
    network = build(data, [{"name": "RandomHorizontalFlip", "p": 1.0}]).train()
    x = torch.from_numpy(data.inputs["image"][:])
    assert torch.allclose(network.augment(x), x.flip(3))
    assert (network.augment(x[:, 0, 0]) == x[:, 0, 0]).all(), "no image, no change"


@pytest.mark.parametrize("p", [2, -0.1, True, "often"])
def test_a_probability_is_one(data: DataSet, p: Any) -> None:
    with pytest.raises(ConfigError, match="a number from 0 to 1") as caught:
        build(data, [{"name": "RandomHorizontalFlip", "p": p}])
    assert caught.value.path == "model.augment.0.p"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("RandomHorizontalFlop", "did you mean 'RandomHorizontalFlip'"),
        ({"name": "RandomAffine"}, "kornia refuses this"),
    ],
)
def test_mistakes_are_named(data: DataSet, step: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build(data, [step])
    assert caught.value.path == "model.augment.0"


def brighter(x: Tensor, *, by: float = 1.0) -> Tensor:
    """A function of the user's."""
    return x + by


class Rows(Augmentation):
    """A class of the user's, for tables."""

    axes = 2

    def forward(self, x: Tensor) -> Tensor:
        """Return the batch, doubled."""
        return 2 * x


NOTHING = 3


def test_functions_and_classes_of_the_user() -> None:
    names = [{"name": f"{__name__}:brighter", "by": 2.0}, f"{__name__}:Rows"]
    augment = build_augment([Component.model_validate(name) for name in names])
    assert augment is not None
    images, rows, words = torch.ones(2, 1, 3, 3), torch.ones(2, 4), torch.ones(2, 4).long()
    assert augment(images).unique().tolist() == [3.0]
    assert augment(rows).unique().tolist() == [2.0]
    assert augment(words) is words
    augment.eval()
    assert augment(images) is images


@pytest.mark.parametrize(
    ("step", "path", "told"),
    [
        ({"name": f"{__name__}:brighter", "of": 1}, "model.augment.0.of", "no such argument"),
        (f"{__name__}:NOTHING", "model.augment.0.name", "an augmentation is a class or a function"),
        (f"{__name__}:nothing", "model.augment.0.name", "no attribute 'nothing'"),
    ],
)
def test_what_is_no_augmentation_is_refused(step: Any, path: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        build_augment([Component.model_validate(step)])
    assert caught.value.path == path
