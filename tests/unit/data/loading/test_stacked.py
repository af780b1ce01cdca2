"""Stacked batches are the batches of the loaders, whatever is gathered at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtl_search.data import DataSet, Target
from mtl_search.data.loading import stacked
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.data.loading.loader import Loader

CPU = torch.device("cpu")
RNG = np.random.default_rng(0)
N = 30
TARGETS = {
    "a": Target(RNG.integers(-1, 3, N), "class", ("x", "y", "z")),
    "b": Target(RNG.integers(0, 3, N), "class", ("x", "y", "z")),
    "c": Target(RNG.normal(size=N).astype(np.float32), "real"),
    "d": Target(RNG.integers(0, 2, (N, 4)), "multilabel", tuple("pqrs")),
}
ROWS = np.arange(N)
DATA = DataSet(
    {"x": RNG.normal(size=(N, 3)).astype(np.float32), "t": RNG.normal(size=(N, 5, 2))},
    TARGETS,
    {"train": ROWS[:23], "validation": ROWS[23:26], "test": ROWS[26:]},
    masks={"t": RNG.random((N, 5)) < 0.7},
)
RESIDENT = DeviceData(DATA, CPU)


def _loader(seed: int, targets: list[str]) -> Loader:
    loader = Loader(
        DATA,
        "train",
        views=["x", "t"],
        targets=targets,
        batch_size=4,
        device=CPU,
        shuffle=True,
        seed=seed,
        resident=RESIDENT,
        count_labels=True,
    )
    loader.set_epoch(3)
    return loader


@pytest.mark.parametrize("limit", [1, 1000, 1 << 20])
@pytest.mark.parametrize(
    "targets",
    [
        [["a", "b", "c", "d"]] * 3,
        [["a"], ["b"], ["a"]],  # single-task trials of several tasks
        [["a", "c"], ["b", "c"]],
    ],
)
def test_batches_are_those_of_the_loaders(
    limit: int, targets: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(stacked._CHUNK_BYTES, "cpu", limit)
    loaders = [_loader(seed, names) for seed, names in enumerate(targets)]
    batches = list(stacked.StackedBatches(loaders))
    assert len(batches) == 6  # five of 4 samples, one of 3
    for number, loader in enumerate(loaders):
        for batch, own in zip(batches, loader, strict=True):
            assert torch.equal(batch.inputs["x"][number], own.inputs["x"])
            assert torch.equal(batch.masks["t"][number], own.masks["t"])
            for mine, theirs in zip(batch.targets, own.targets.values(), strict=True):
                assert torch.equal(mine[number], theirs)
            assert batch.counts[number].size == own.size
            assert batch.counts[number].labels == own.labels


def test_each_epoch_has_its_own_order() -> None:
    loaders = [_loader(0, ["a"]), _loader(1, ["a"])]
    batches = stacked.StackedBatches(loaders)
    first = torch.cat([batch.inputs["x"] for batch in batches], 1)
    for loader in loaders:
        loader.set_epoch(4)
    second = torch.cat([batch.inputs["x"] for batch in batches], 1)
    assert not torch.equal(first, second)
    in_order = [x[:, :, 0].sort(1).values for x in (first, second)]
    assert torch.equal(*in_order)
