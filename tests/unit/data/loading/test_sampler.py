"""Samplers: all samples once an epoch, in an order that seed and epoch alone decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data.loading.sampler import RandomSampler, SequentialSampler, batch_sizes

SAMPLES = np.array([4, 9, 2, 7, 5])


@given(samples=st.integers(1, 60), batch_size=st.integers(1, 20), single=st.booleans())
def test_batches_hold_all_samples(samples: int, batch_size: int, single: bool) -> None:
    sizes = batch_sizes(samples, batch_size, allow_single=single)
    assert sum(sizes) == samples
    assert all(size == batch_size for size in sizes[:-1])
    assert sizes[-1] <= batch_size + (not single)
    assert single or len(sizes) == 1 or batch_size == 1 or sizes[-1] > 1


@pytest.mark.parametrize(
    ("samples", "single", "sizes"),
    [(7, True, [3, 3, 1]), (7, False, [3, 4]), (8, False, [3, 3, 2]), (1, False, [1])],
)
def test_a_last_batch_of_one_joins_the_one_before(
    samples: int, single: bool, sizes: list[int]
) -> None:
    assert batch_sizes(samples, 3, allow_single=single) == sizes


def test_sequential_keeps_the_order_of_the_split() -> None:
    sampler = SequentialSampler(SAMPLES, 2)
    assert sampler.rows(0, 0).tolist() == sampler.rows(3, 5).tolist() == SAMPLES.tolist()
    assert sampler.sizes == [2, 2, 1]
    assert sampler.samples_by_source(SAMPLES) == {}


def test_random_depends_on_seed_and_epoch_alone() -> None:
    samples = np.arange(100)
    sampler = RandomSampler(samples, 7)
    order = sampler.rows(1, 2)
    assert sorted(order) == samples.tolist()
    assert (order == RandomSampler(samples, 50).rows(1, 2)).all()
    for seed, epoch in ((1, 3), (2, 2)):
        assert (order != sampler.rows(seed, epoch)).any()
