"""Samples that stand in two splits: what is learned by heart counts as a good prediction."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from mtl_search.data import DataSet
from mtl_search.data.types import Array, InputArray, in_memory

logger = logging.getLogger(__name__)

_MOST_BYTES = 1 << 29  # of inputs on disk, which have to be read for it
_ROWS = 4096
# Where fewer samples differ from all others, equal ones are a matter of course: a few categories.
_LEAST_DIFFERENT = 0.5


def tell_leaks(data: DataSet) -> None:
    """Warn of samples of validation and test whose inputs are those of a training sample.

    Args:
        data: The data set.
    """
    arrays = [*data.inputs.values(), *data.masks.values()]
    if sum(x.nbytes for x in arrays if not in_memory(x)) > _MOST_BYTES:
        return
    keys = _row_keys(arrays)
    different = len(np.unique(keys))
    if different < _LEAST_DIFFERENT * len(keys):
        return
    train = np.unique(keys[data.splits["train"]])
    counts = {
        split: int(np.isin(keys[data.splits[split]], train).sum())
        for split in ("validation", "test")
    }
    told = [f"{count} {split} samples" for split, count in counts.items() if count]
    if told:
        logger.warning(
            "%s have the very inputs of a training sample; where these are one thing twice, leave "
            "one out, or keep them together by `data.group`",
            " and ".join(told),
        )


def _row_keys(arrays: list[InputArray]) -> Array:
    """Return a number of 64 bits for the content of each sample (N,)."""
    return np.concatenate([*_chunk_keys(arrays)])


def _chunk_keys(arrays: list[InputArray]) -> Iterator[Array]:
    for start in range(0, len(arrays[0]), _ROWS):
        key = np.zeros(min(_ROWS, len(arrays[0]) - start), np.uint64)
        for x in arrays:
            rows = np.ascontiguousarray(x[start : start + _ROWS])
            parts = rows.reshape(len(rows), -1).view(np.uint8)
            odd = -parts.shape[1] % 8
            words = np.pad(parts, ((0, 0), (0, odd))).view(np.uint64)
            # A product with fixed random numbers, modulo 2^64, is another one for another row.
            factors = np.random.default_rng(words.shape[1]).integers(
                0, 2**63, words.shape[1], dtype=np.uint64
            )
            key = key * np.uint64(0x9E3779B97F4A7C15) + (words * (factors | np.uint64(1))).sum(
                axis=1, dtype=np.uint64
            )
        yield key
