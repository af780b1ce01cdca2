"""Batches: all samples once an epoch, in an order of seed and epoch, from memory and from disk."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mtl_search.data.loading.loader
from mtl_search.data import SPLITS, Batch, DataSet, DeviceData, Loader, Target
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.errors import ConfigError, DataError
from tests.unit.data.conftest import MakeData

CPU = torch.device("cpu")


def _loader(data: DataSet, split: str = "train", *, resident: bool = True, **more: Any) -> Loader:
    settings: dict[str, Any] = {
        "views": ["x"],
        "targets": ["number", "kind"],
        "batch_size": 8,
        "device": CPU,
    }
    return Loader(
        data, split, **{**settings, **more}, resident=DeviceData(data, CPU) if resident else None
    )


def _numbers(batches: Sequence[Batch]) -> list[int]:
    return [int(number) for batch in batches for number in batch.targets["number"]]


def _equal(first: Sequence[Batch], second: Sequence[Batch]) -> bool:
    return len(first) == len(second) and all(
        a.size == b.size
        and all(
            list(one) == list(other) and all(torch.equal(one[key], other[key]) for key in one)
            for one, other in ((a.inputs, b.inputs), (a.masks, b.masks), (a.targets, b.targets))
        )
        for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_sample_comes_once_with_its_own_label(
    make_data: MakeData, split: str, shuffle: bool, contiguous: bool, resident: bool
) -> None:
    data = make_data(contiguous=contiguous)
    loader = _loader(data, split, shuffle=shuffle, resident=resident)
    batches = list(loader)
    numbers = _numbers(batches)
    assert sorted(numbers) == sorted(data.splits[split])
    assert (numbers == data.splits[split].tolist()) == (not shuffle)
    for batch in batches:
        assert torch.equal(batch.inputs["x"][:, 0], batch.targets["number"]), (
            "inputs and labels stay together"
        )
        assert torch.equal(
            batch.inputs["x"], torch.from_numpy(data.inputs["x"][batch.targets["number"].long()])
        )
        kinds = batch.targets["number"].long() % 5
        assert torch.equal(batch.targets["kind"], torch.where(kinds == 4, -1, kinds))


@given(
    n=st.integers(5, 60),
    batch_size=st.integers(1, 70),
    resident=st.booleans(),
    shuffle=st.booleans(),
)
def test_the_last_short_batch_is_kept(
    n: int, batch_size: int, resident: bool, shuffle: bool
) -> None:
    rows = np.arange(n + 2)
    data = DataSet(
        inputs={"x": rows[:, None].astype(np.float32)},
        targets={"number": Target(rows.astype(np.float32), "real")},
        splits={"train": rows[:n], "validation": rows[n : n + 1], "test": rows[n + 1 :]},
    )
    loader = _loader(
        data, targets=["number"], batch_size=batch_size, shuffle=shuffle, resident=resident
    )
    sizes = [batch.size for batch in loader]
    joined = shuffle and batch_size > 1 and n > batch_size and n % batch_size == 1
    assert len(loader) == len(sizes) == math.ceil(n / batch_size) - joined
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert sizes[-1] == batch_size + 1 if joined else sizes[-1] <= batch_size
    assert sum(sizes) == n == loader.samples


@pytest.mark.parametrize("resident", [True, False])
def test_the_order_is_a_function_of_seed_and_epoch_alone(
    make_data: MakeData, resident: bool
) -> None:
    data = make_data()

    def epoch(seed: int, number: int, before: Sequence[int] = ()) -> list[int]:
        loader = _loader(data, shuffle=True, seed=seed, resident=resident)
        for earlier in before:
            loader.set_epoch(earlier)
            list(loader)
        loader.set_epoch(number)
        return _numbers(list(loader))

    assert epoch(0, 3) == epoch(0, 3, before=[0, 1, 2]), "a resumed run sees the same batches"
    orders = [epoch(seed, number) for seed in (0, 1) for number in (0, 1, 2)]
    assert len({tuple(order) for order in orders}) == 6
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_torch_seed_has_no_say(make_data: MakeData) -> None:
    loader = _loader(make_data(), shuffle=True)
    torch.manual_seed(0)
    first = list(loader)
    torch.manual_seed(1)
    assert _equal(first, list(loader))


@pytest.mark.parametrize("room", [1, 200, 10**9])
@pytest.mark.parametrize("shuffle", [True, False])
def test_chunks_streams_and_views_give_the_same_batches(
    make_data: MakeData, monkeypatch: pytest.MonkeyPatch, room: int, shuffle: bool
) -> None:
    monkeypatch.setitem(mtl_search.data.loading.loader._CHUNK_BYTES, "cpu", room)
    data = make_data(tokens=True)
    more: dict[str, Any] = {"views": ["words", "x"], "shuffle": shuffle}
    resident, streamed = _loader(data, **more), _loader(data, **more, resident=False)
    for epoch in range(3):
        resident.set_epoch(epoch)
        streamed.set_epoch(epoch)
        assert _equal(list(resident), list(streamed))


def test_a_file_gives_the_same_batches_as_memory(make_data: MakeData, tmp_path: Path) -> None:
    data = make_data()
    np.save(tmp_path / "x.npy", data.inputs["x"][:])
    for x in (MemmapArray(tmp_path / "x.npy"), np.load(tmp_path / "x.npy", mmap_mode="r")):
        on_disk = DataSet({"x": x}, data.targets, data.splits)
        for resident in (True, False):
            assert _equal(
                list(_loader(data, shuffle=True)),
                list(_loader(on_disk, shuffle=True, resident=resident)),
            )


@pytest.mark.parametrize(
    ("more", "value", "near"),
    [({"views": ["X"]}, "'X'", "'x'"), ({"targets": ["numbr"]}, "'numbr'", "'number'")],
)
def test_unknown_names(make_data: MakeData, more: dict[str, Any], value: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"value:    {value}(.|\n)*did you mean {near}"):
        _loader(make_data(), **more)


# ------------------------------------------------------------------------------------------- memory


def _read_only(data: DataSet) -> DataSet:
    """As it comes out of Ray's object store."""
    arrays = [*data.inputs.values(), *data.masks.values(), *data.splits.values()]
    for array in [*arrays, *(target.values for target in data.targets.values())]:
        assert isinstance(array, np.ndarray)
        array.flags.writeable = False
    return data


@pytest.mark.parametrize("resident", [True, False])
def test_read_only_arrays_neither_warn_nor_change(make_data: MakeData, resident: bool) -> None:
    data = _read_only(make_data(tokens=True))
    before = data.inputs["x"][:].copy()
    for split in SPLITS:
        for shuffle in (True, False):
            list(_loader(data, split, views=["x", "words"], shuffle=shuffle, resident=resident))
    assert (data.inputs["x"][:] == before).all()


def test_loaders_share_the_tensors_of_one_device_data(make_data: MakeData) -> None:
    data = make_data(contiguous=True)
    held = DeviceData(data, CPU)
    batch = next(
        iter(
            Loader(
                data,
                "train",
                views=["x"],
                targets=["kind"],
                batch_size=4,
                device=CPU,
                resident=held,
            )
        )
    )
    x = data.inputs["x"]
    assert isinstance(x, np.ndarray)
    address = held.tensors["view", "x"].data_ptr()
    assert batch.inputs["x"].data_ptr() == address == x.ctypes.data


def test_a_streamed_batch_owns_its_memory(make_data: MakeData) -> None:
    data = make_data(contiguous=True)
    batch = next(iter(_loader(data, resident=False)))
    batch.inputs["x"].zero_()
    assert data.inputs["x"][1].all()


def test_a_dropped_stream_leaves_no_thread(make_data: MakeData) -> None:
    loader = _loader(make_data(), batch_size=1, resident=False)
    iterator = iter(loader)
    next(iterator)
    assert any(thread.name == "prefetch" for thread in threading.enumerate())
    del iterator
    gc.collect()
    assert not any(thread.name == "prefetch" for thread in threading.enumerate())


def test_an_error_while_reading_reaches_the_training_loop(make_data: MakeData) -> None:
    class Broken(MemmapArray):
        def __getitem__(self, rows: Any, /) -> Any:
            if 7 in rows:
                raise DataError("sample 7 is damaged")
            return super().__getitem__(rows)

    def run(tmp: Path) -> None:
        data = make_data(contiguous=True)
        np.save(tmp / "x.npy", data.inputs["x"][:])
        loader = _loader(
            DataSet({"x": Broken(tmp / "x.npy")}, data.targets, data.splits),
            batch_size=5,
            resident=False,
        )
        iterator = iter(loader)
        assert next(iterator).size == 5
        with pytest.raises(DataError, match="sample 7 is damaged"):
            list(iterator)

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder))


def test_torch_is_loaded_with_the_loader_and_not_before() -> None:
    program = (
        "import sys, mtl_search.data as d; a = 'torch' in sys.modules; d.Loader; "
        "print(a, 'torch' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert shown.split() == ["False", "True"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("resident", [True, False])
def test_batches_on_a_gpu_are_those_of_the_cpu(make_data: MakeData, resident: bool) -> None:
    data, gpu = make_data(tokens=True), torch.device("cuda")
    settings: dict[str, Any] = {
        "views": ["x", "words"],
        "targets": ["kind"],
        "batch_size": 8,
        "shuffle": True,
    }
    loader = Loader(
        data, "train", **settings, device=gpu, resident=DeviceData(data, gpu) if resident else None
    )
    for batch, expected in zip(loader, Loader(data, "train", **settings, device=CPU), strict=True):
        assert batch.inputs["x"].device.type == "cuda"
        assert torch.equal(batch.inputs["x"].cpu(), expected.inputs["x"])
        assert torch.equal(batch.masks["words"].cpu(), expected.masks["words"])


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_know_how_many_labels_they_and_the_whole_batch_hold(
    workers: int, resident: bool
) -> None:
    rng = np.random.default_rng(0)
    many = rng.integers(-1, 2, (40, 3))
    some = np.where(rng.random(40) < 0.8, np.nan, 1.0).astype(np.float32)
    data = DataSet(
        inputs={"x": np.arange(40, dtype=np.float32)[:, None]},
        targets={
            "many": Target(many, "multilabel", ("a", "b", "c")),
            "some": Target(some, "real"),
            "all": Target(np.arange(40.0), "real"),
        },
        splits={"train": np.arange(3, 37), "validation": np.arange(3), "test": np.arange(37, 40)},
    )
    names = ["many", "some", "all"]
    settings: dict[str, Any] = {
        "targets": names,
        "shuffle": True,
        "count_labels": True,
        "resident": resident,
    }
    parts = [list(_loader(data, **settings, worker=(worker, workers))) for worker in range(workers)]
    for batches in zip(*parts, strict=True):
        held = {
            name: [int(x.targets[name].ne(-1).mul(~x.targets[name].isnan()).sum()) for x in batches]
            for name in names
        }
        for worker, batch in enumerate(batches):
            assert set(batch.labels) == {"many", "some"}
            for name, (own, whole) in batch.labels.items():
                assert own == held[name][worker]
                assert whole == sum(held[name])
    assert all(batch.labels == {} for batch in _loader(data, targets=names))


@given(
    n=st.integers(1, 60),
    batch_size=st.integers(1, 30),
    workers=st.integers(2, 5),
    resident=st.booleans(),
    shuffle=st.booleans(),
)
def test_the_workers_parts_are_the_whole_batches(
    n: int, batch_size: int, workers: int, resident: bool, shuffle: bool
) -> None:
    rows = np.arange(n + 2)
    data = DataSet(
        inputs={"x": rows[:, None].astype(np.float32)},
        targets={"number": Target(rows.astype(np.float32), "real")},
        splits={"train": rows[:n], "validation": rows[n : n + 1], "test": rows[n + 1 :]},
    )
    settings: dict[str, Any] = {"targets": ["number"], "batch_size": batch_size, "shuffle": shuffle}
    whole = list(_loader(data, **settings))
    loaders = [
        _loader(data, **settings, resident=resident, worker=(worker, workers))
        for worker in range(workers)
    ]
    parts = [list(loader) for loader in loaders]
    for number, batch in enumerate(whole):
        own = [part[number] for part in parts]
        assert torch.equal(torch.cat([part.inputs["x"] for part in own]), batch.inputs["x"])
        assert torch.equal(
            torch.cat([part.targets["number"] for part in own]), batch.targets["number"]
        )
        assert {part.total for part in own} == {batch.size} == {batch.total}
        assert [part.size for part in own] == [loader.sizes[number] for loader in loaders]
        assert not shuffle or batch.size == 1 or 1 not in [part.size for part in own]
    assert {len(part) for part in parts} == {len(whole)}
