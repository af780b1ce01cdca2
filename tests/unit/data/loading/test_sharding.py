"""Shards of batches: disjoint, complete, even, and with their labels counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data import Target
from mtl_search.data.loading.sharding import (
    BatchCounts,
    BatchShards,
    gathered_places,
    shard_bounds,
)

TOTALS = [4, 4, 3]
ORDER = np.array([5, 3, 9, 0, 7, 1, 10, 2, 8, 6, 4])


@given(total=st.integers(1, 40), workers=st.integers(1, 9), least=st.integers(1, 3))
def test_shards_are_disjoint_complete_and_even(total: int, workers: int, least: int) -> None:
    bounds = [shard_bounds(total, (worker, workers), least=least) for worker in range(workers)]
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == total
    sizes = [stop - start for start, stop in bounds]
    busy = [size for size in sizes if size]
    assert sizes[: len(busy)] == busy, "the first workers have the samples"
    assert max(busy) - min(busy) <= 1
    assert len(busy) == 1 or min(busy) >= least
    assert len(busy) == workers or total < workers * least, "nobody idles who could work"


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_rows_of_all_workers_are_those_of_the_batches(workers: int) -> None:
    shards = [BatchShards(TOTALS, (rank, workers), least=1, targets={}) for rank in range(workers)]
    rows = [np.split(x.rows(ORDER), np.cumsum(x.sizes)[:-1]) for x in shards]
    batches = np.split(ORDER, np.cumsum(TOTALS)[:-1])
    for number, batch in enumerate(batches):
        assert np.concatenate([x[number] for x in rows]).tolist() == batch.tolist()


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_rows_of_all_workers_find_their_place(workers: int) -> None:
    shards = [BatchShards(TOTALS, (rank, workers), least=1, targets={}) for rank in range(workers)]
    gathered = np.concatenate([shard.rows(ORDER) for shard in shards])
    places = gathered_places(TOTALS, workers)
    assert ORDER[places].tolist() == gathered.tolist()
    assert gathered[places.argsort()].tolist() == ORDER.tolist()


def test_labels_are_counted_of_the_shard_and_of_the_whole_batch() -> None:
    values: Any = np.where(np.arange(11) % 3 == 0, -1, 0)
    targets = {
        "some": Target(values, "class", ("a",)),
        "all": Target(np.zeros(11), "real"),
        "many": Target(np.stack([values, np.zeros(11, int)], 1), "multilabel", ("a", "b")),
    }
    shards = BatchShards(TOTALS, (1, 2), least=1, targets=targets)
    labelled = (values >= 0)[ORDER]
    counts = shards.counts(ORDER)
    assert [count.total for count in counts] == TOTALS
    assert [count.labels["some"] for count in counts] == [
        (labelled[2:4].sum(), labelled[:4].sum()),
        (labelled[6:8].sum(), labelled[4:8].sum()),
        (labelled[10:].sum(), labelled[8:].sum()),
    ]
    assert counts[0].labels["many"] == (labelled[2:4].sum() + 2, labelled[:4].sum() + 4)
    assert "all" not in counts[0].labels, "it lacks no label, so its labels are its samples"


def test_batches_share_no_counts() -> None:
    assert BatchCounts(3).labels is not BatchCounts(3).labels
