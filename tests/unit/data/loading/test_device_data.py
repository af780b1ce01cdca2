"""Tensors of a data set on a device, and whether there is room for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.data import DataSet, DeviceData, should_be_resident
from mtl_search.data.loading.device_data import as_tensor
from mtl_search.data.readers.memmap import MemmapArray
from tests.unit.data.conftest import MakeData

CPU = torch.device("cpu")
DEVICE_MEMORY = "mtl_search.data.loading.device_data.device_memory"


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
@pytest.mark.parametrize("writeable", [True, False])
def test_tensors_share_the_memory_of_arrays(dtype: Any, writeable: bool) -> None:
    x = np.ones((4, 3), dtype)
    x.flags.writeable = writeable
    tensor = as_tensor(x)
    assert tensor.data_ptr() == x.ctypes.data
    assert torch.equal(tensor, torch.ones(4, 3, dtype=tensor.dtype))


@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.parametrize("step", [-1, 2])
def test_arrays_that_torch_cannot_share_are_copied(step: int, writeable: bool) -> None:
    x = np.arange(6.0)[::step]
    x.flags.writeable = writeable
    assert as_tensor(x).tolist() == x.tolist()


def test_always_resident_loads_a_memory_map(make_data: MakeData, tmp_path: Path) -> None:
    data = make_data()
    np.save(tmp_path / "x.npy", data.inputs["x"][:])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    held = DeviceData(DataSet({"x": mapped}, data.targets, data.splits), CPU)
    assert held.tensors["view", "x"].data_ptr() != mapped.ctypes.data


def test_device_data_holds_what_it_is_told(make_data: MakeData) -> None:
    held = DeviceData(make_data(tokens=True), CPU, views=["words"], targets=["kind"])
    assert list(held.tensors) == [("view", "words"), ("mask", "words"), ("target", "kind")]


def test_a_quarter_of_the_memory_decides(
    make_data: MakeData, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_data()
    for memory, expected in ((4 * data.nbytes, True), (4 * data.nbytes - 1, False)):
        monkeypatch.setattr(DEVICE_MEMORY, lambda _, memory=memory: memory)
        assert should_be_resident(data, "auto", CPU) is expected
        assert should_be_resident(data, "always", CPU) is True
        assert should_be_resident(data, "never", CPU) is False
        # Of a device that eight share, an eighth.
        monkeypatch.setattr(DEVICE_MEMORY, lambda _, memory=memory: 8 * memory)
        assert should_be_resident(data, "auto", CPU, 0.125) is expected


def test_inputs_on_disk_are_streamed_unless_told_otherwise(
    make_data: MakeData, tmp_path: Path
) -> None:
    data = make_data()
    np.save(tmp_path / "x.npy", data.inputs["x"][:])
    on_disk = DataSet({"x": MemmapArray(tmp_path / "x.npy")}, data.targets, data.splits)
    assert should_be_resident(data, "auto", CPU)
    assert not should_be_resident(on_disk, "auto", CPU)
    assert should_be_resident(on_disk, "always", CPU)
