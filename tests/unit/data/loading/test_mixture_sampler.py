"""Batches drawn from sources: as many as documented, one source each, all samples equally often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.data import SAMPLING, DataSet, DeviceData, Loader, Sampling, Sources, Target, concat
from mtl_search.data.loading.mixture_sampler import MixtureSampler, quotas
from mtl_search.data.mixture import build_sampling
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, DataError
from tests.unit.data.test_mixture import EXPECTED, Fixed

CPU = torch.device("cpu")
SHARES = st.lists(st.floats(0.001, 1), min_size=1, max_size=7).map(
    lambda parts: np.array(parts) / sum(parts)
)


def _part(train: int, target: str, first: int = 0) -> DataSet:
    """A source whose samples bear numbers from `first` on, shuffled over the splits."""
    n = train + 20
    numbers = np.arange(first, first + n)
    rows = np.random.default_rng(first).permutation(n)
    return DataSet(
        {"x": numbers[:, None].astype(np.float32)},
        {target: Target(numbers.astype(np.float32), "real")},
        {"train": rows[:train], "validation": rows[train : train + 10], "test": rows[train + 10 :]},
    )


def _data(sampling: Sampling, batches: int | None = None, small: int = 100) -> DataSet:
    """1000 training samples called 0 and up, and `small` called 5000 and up."""
    return concat({"big": _part(1000, "a"), "small": _part(small, "b", 5000)}, sampling, batches)


def _policy(name: str) -> Sampling:
    return build_sampling({"name": name, **EXPECTED[name][0]})


def _loader(
    data: DataSet, targets: Sequence[str] = ("a", "b"), *, resident: bool = True, **more: Any
) -> Loader:
    chosen: dict[str, Any] = {"batch_size": 32, "shuffle": True, "seed": 0, "device": CPU, **more}
    held = DeviceData(data, CPU) if resident else None
    return Loader(data, "train", views=["x"], targets=list(targets), **chosen, resident=held)


def _epoch(loader: Loader, epoch: int) -> list[list[int]]:
    """Numbers of the samples of each batch."""
    loader.set_epoch(epoch)
    return [[int(x) for x in batch.inputs["x"][:, 0]] for batch in loader]


# ----------------------------------------------------------------------------------------- policies


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("name", SAMPLING)
def test_draws_are_the_documented_ones(name: str, resident: bool) -> None:
    loader = _loader(_data(_policy(name)), resident=resident)
    drawn: Counter[str] = Counter()
    told: Counter[str] = Counter()
    epochs = 12
    for epoch in range(epochs):
        batches = _epoch(loader, epoch)
        assert len(batches) == len(loader) == 35  # ceil(1100 / 32), whatever the policy
        for batch in batches:
            sources = {"small" if number >= 5000 else "big" for number in batch}
            assert len(batch) == 32, "every batch is full"
            assert len(sources) == 1, "a batch is from one source"
            drawn[sources.pop()] += 32
        told.update(loader.samples_by_source)
    assert drawn == told
    samples = epochs * 35 * 32
    for source, share in zip(("big", "small"), EXPECTED[name][1], strict=True):
        assert drawn[source] / samples == pytest.approx(share, rel=0.01)
        assert abs(drawn[source] / 32 - share * epochs * 35) <= 1, (
            "to the batch, not only in the mean"
        )


@pytest.mark.parametrize("name", SAMPLING)
def test_batches_are_a_function_of_seed_and_epoch_alone(name: str) -> None:
    data = _data(_policy(name))
    went_on = _loader(data)
    for epoch in range(3):
        _epoch(went_on, epoch)
    assert (
        _epoch(went_on, 3) == _epoch(_loader(data), 3) == _epoch(_loader(data, resident=False), 3)
    )
    runs = [_epoch(_loader(data, seed=seed), epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert len({str(run) for run in runs}) == 6


@pytest.mark.parametrize("name", SAMPLING)
def test_all_samples_of_a_source_come_equally_often(name: str) -> None:
    loader = _loader(_data(_policy(name)), batch_size=17)
    counts: Counter[int] = Counter()
    for epoch in range(7):
        counts.update(number for batch in _epoch(loader, epoch) for number in batch)
        if epoch >= 2:
            for first, size in ((0, 1000), (5000, 100)):
                own = [count for number, count in counts.items() if first <= number < first + 5000]
                assert len(own) == size, "none is left out"
                assert max(own) - min(own) <= 1


def test_proportional_is_one_pass_where_the_sizes_divide() -> None:
    batches = _epoch(_loader(_data(_policy("proportional")), batch_size=50), 0)
    numbers = [number for batch in batches for number in batch]
    assert len(numbers) == len(set(numbers)) == 1100


def test_round_robin_is_a_strict_cycle_over_epochs() -> None:
    loader = _loader(_data(_policy("round_robin")))
    sources = [batch[0] >= 5000 for epoch in range(4) for batch in _epoch(loader, epoch)]
    assert sources == [turn % 2 == 1 for turn in range(4 * 35)]


@pytest.mark.parametrize("name", [name for name in SAMPLING if name != "round_robin"])
def test_other_policies_mix_the_sources_anew_each_epoch(name: str) -> None:
    data = _data(_policy(name))
    mixed = {
        tuple(batch[0] >= 5000 for batch in _epoch(_loader(data, seed=seed), epoch))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(mixed) == 4


def test_a_source_smaller_than_a_batch_fills_it() -> None:
    loader = _loader(_data(_policy("uniform"), small=5))
    counts: Counter[int] = Counter()
    for epoch in range(2):
        counts.update(
            number for batch in _epoch(loader, epoch) for number in batch if number >= 5000
        )
    assert len(counts) == 5
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("batches", [1, 7, 300])
def test_the_length_of_an_epoch_can_be_set(batches: int) -> None:
    loader = _loader(_data(_policy("proportional"), batches))
    assert [len(_epoch(loader, epoch)) for epoch in (0, 1)] == [batches, batches]
    assert loader.samples == 32 * batches


def test_a_share_of_less_than_a_batch_is_carried_over_epochs() -> None:
    loader = _loader(_data(_policy("proportional"), batches=3))  # 3/11 of a batch an epoch
    drawn = []
    for epoch in range(11):
        _epoch(loader, epoch)
        drawn.append(loader.samples_by_source["small"])
    assert sum(drawn) == 3 * 32
    assert set(drawn) == {0, 32}


# ---------------------------------------------------------------------------- tasks of some sources


@pytest.mark.parametrize("name", SAMPLING)
@pytest.mark.parametrize(("target", "source", "least"), [("a", "big", 0), ("b", "small", 5000)])
def test_a_single_task_draws_from_its_own_source_what_it_gets_in_joint_training(
    name: str, target: str, source: str, least: int
) -> None:
    data = _data(_policy(name), batches=60)
    alone, joint = _loader(data, [target]), _loader(data)
    own = [batch for epoch in range(10) for batch in _epoch(alone, epoch)]
    shared = [
        b for epoch in range(10) for b in _epoch(joint, epoch) if (b[0] >= 5000) == (least == 5000)
    ]
    assert alone.samples_by_source == {source: 32 * len(alone)}
    assert (
        abs(len(own) - len(shared)) <= 5.5
    )  # the epoch is a whole number of batches in both, half a batch off
    both = min(len(own), len(shared))
    assert own[:both] == shared[:both], "the same batches, in the same order"


def test_targets_without_labels_draw_from_all_sources() -> None:
    loader = _loader(_data(_policy("uniform")), [])
    _epoch(loader, 0)
    assert set(loader.samples_by_source) == {"big", "small"}


def test_validation_is_in_order_and_whole() -> None:
    data = _data(_policy("uniform"))
    loader = Loader(data, "validation", views=["x"], targets=["a"], batch_size=8, device=CPU)
    assert [number for batch in _epoch(loader, 0) for number in batch] == data.inputs["x"][
        data.splits["validation"]
    ].ravel().tolist()
    assert loader.samples_by_source == {}


def test_a_streamed_part_gives_the_batches_of_memory(tmp_path: Path) -> None:
    big, small = _part(1000, "a"), _part(100, "b", 5000)
    np.save(tmp_path / "x.npy", big.inputs["x"][:])
    streamed = concat(
        {"big": replace(big, inputs={"x": MemmapArray(tmp_path / "x.npy")}), "small": small}
    )
    whole = concat({"big": big, "small": small})
    assert _epoch(_loader(streamed, resident=False), 1) == _epoch(_loader(whole), 1)
    assert _epoch(_loader(streamed), 1) == _epoch(_loader(whole), 1)


# ------------------------------------------------------------------------------------------- quotas


@given(shares=SHARES, total=st.integers(0, 400))
def test_quotas_are_those_of_batches_in_the_order_in_which_they_are_due(
    shares: Array, total: int
) -> None:
    due = sorted(((j + 0.5) / share, k) for k, share in enumerate(shares) for j in range(total + 1))
    first = [k for _, k in due[:total]]
    assert quotas(shares, total).tolist() == np.bincount(first, minlength=len(shares)).tolist()


@given(shares=SHARES, start=st.integers(0, 10**7), steps=st.lists(st.integers(0, 50), max_size=20))
def test_quotas_never_fall_and_stay_near_the_shares(
    shares: Array, start: int, steps: list[int]
) -> None:
    totals = start + np.cumsum([0, *steps])
    counts = np.array([quotas(shares, int(total)) for total in totals])
    assert (counts.sum(1) == totals).all()
    assert (np.diff(counts, axis=0) >= 0).all()
    assert (
        np.abs(counts - totals[:, None] * shares) <= (1 + len(shares) * shares) / 2 + 1e-6
    ).all()


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    batch_size=st.integers(1, 40),
    name=st.sampled_from(sorted(SAMPLING)),
    wanted=st.lists(st.booleans(), min_size=5, max_size=5),
    epochs=st.integers(1, 5),
)
@settings(max_examples=60)
def test_any_sources_are_drawn_evenly(
    sizes: list[int], batch_size: int, name: str, wanted: list[bool], epochs: int
) -> None:
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    chosen = np.array(wanted[: len(sizes)])
    chosen[0] |= not chosen.any()
    sources = Sources(tuple("abcde"[: len(sizes)]), numbers, _policy(name))
    order = MixtureSampler(sources, np.arange(len(numbers)), batch_size, chosen)
    rows = np.concatenate([order.rows(3, epoch) for epoch in range(epochs)])
    assert len(rows) == epochs * sum(order.sizes)
    assert set(order.samples_by_source(rows)) == {sources.names[k] for k in np.flatnonzero(chosen)}
    assert sum(order.samples_by_source(rows).values()) == len(rows)
    assert (numbers[rows].reshape(-1, batch_size) == numbers[rows][::batch_size, None]).all()
    for k in range(len(sizes)):
        often = np.bincount(rows, minlength=len(numbers))[numbers == k]
        assert np.ptp(often) <= 1
        expected = order.shares[k] * len(rows) / batch_size
        bound = (1 + len(sizes) * order.shares[k]) / 2 + 1e-9
        assert abs(often.sum() / batch_size - expected) <= (bound if chosen[k] else 0)


# ----------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize("parts", [(0.5,), (1.0, 0.0), (1.0, float("nan")), (2.0, -1.0)])
def test_a_policy_of_the_users_gives_every_source_a_part(parts: tuple[float, ...]) -> None:
    with pytest.raises(
        ConfigError, match="a part above 0 is needed for each of 2 sources"
    ) as caught:
        _data(Fixed(*parts))
    assert caught.value.path == "data.sampling"


def test_a_policy_of_the_users_that_fails() -> None:
    class Failing(Fixed):
        def shares(self, sizes: Any) -> Any:
            raise KeyError("sizes")

    with pytest.raises(ConfigError, match=r"failed with KeyError: 'sizes'(.|\n)*'Failing'"):
        _data(Failing())


def test_parts_of_a_users_policy_need_not_sum_to_1() -> None:
    loader = _loader(_data(Fixed(6, 2)), batch_size=11)
    _epoch(loader, 0)
    assert loader.samples_by_source == {"big": 75 * 11, "small": 25 * 11}


@pytest.mark.parametrize(
    ("names", "numbers", "message"),
    [
        (("a", "a"), [0] * 3 + [1] * 5, "one name: a, a"),
        (("a", "b"), [0] * 7, "integers; given: int64"),
        (("a", "b"), [0.0] * 8, "given: float64"),
        (("a", "b"), [2] * 8, r"outside 0\.\.1"),
        (("a", "b"), [-1] * 8, r"outside 0\.\.1"),
        (("a", "b"), [0] * 6 + [1] * 2, "source 'b' has no sample in the train split"),
    ],
)
def test_sources_fit_their_data_set(
    names: tuple[str, ...], numbers: list[float], message: str
) -> None:
    splits = {"train": np.arange(6), "validation": np.array([6]), "test": np.array([7])}
    with pytest.raises(DataError, match=message):
        DataSet(
            {"x": np.ones((8, 2))},
            {"y": Target(np.ones(8), "real")},
            splits,
            sources=Sources(names, np.array(numbers)),
        )


@pytest.mark.parametrize("batches", [None, 10])
def test_batches_in_pieces_are_the_whole_ones_cut(batches: int | None) -> None:
    data = _data(_policy("temperature"), batches)
    whole, pieces = _loader(data, batch_size=8), _loader(data, batch_size=4, consecutive=2)
    for epoch in range(3):
        large, small = _epoch(whole, epoch), _epoch(pieces, epoch)
        assert [a + b for a, b in zip(small[::2], small[1::2], strict=True)] == large
        assert whole.samples_by_source == pieces.samples_by_source
