"""The tensors of a batch stand under their names."""

from __future__ import annotations

import torch

from mtl_search.data import Batch, DataSet, DeviceData, Loader
from mtl_search.data.loading.batch import Collate
from mtl_search.data.loading.sharding import BatchCounts
from tests.unit.data.conftest import MakeData

CPU = torch.device("cpu")


def _first_batch(data: DataSet, *, views: list[str], targets: list[str]) -> Batch:
    resident = DeviceData(data, CPU)
    loader = Loader(
        data, "train", views=views, targets=targets, batch_size=8, device=CPU, resident=resident
    )
    return next(iter(loader))


def test_only_what_was_asked_for(make_data: MakeData) -> None:
    data = make_data(tokens=True)
    batch = _first_batch(data, views=["words"], targets=["kind"])
    assert list(batch.inputs) == ["words"]
    assert list(batch.masks) == ["words"]
    assert list(batch.targets) == ["kind"]
    assert batch.inputs["words"].dtype == torch.int64
    assert batch.masks["words"].dtype == torch.bool
    assert _first_batch(data, views=["x"], targets=["number", "kind"]).masks == {}


def test_views_masks_and_targets_are_told_apart() -> None:
    keys = [("view", "words"), ("view", "x"), ("mask", "words"), ("target", "words")]
    words, x, mask, labels = (torch.full((3,), float(number)) for number in range(4))
    batch = Collate(keys)([words, x, mask, labels], BatchCounts(7, {"words": (2, 5)}))
    assert batch.inputs == {"words": words, "x": x}
    assert batch.masks == {"words": mask}
    assert batch.targets == {"words": labels}
    assert (batch.size, batch.total, batch.labels) == (3, 7, {"words": (2, 5)})
