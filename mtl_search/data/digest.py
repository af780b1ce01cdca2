"""A digest of a data set: the same wherever the same samples are, another where one differs.

It is made of the content alone: inputs, masks, targets with their kinds and classes, splits and
sources. It does not depend on the process, the machine, the version of Python, or on whether an
array is in memory or in a file. Labels, masks and splits count to the last bit. Of an input above
`_WHOLE_BYTES` there count its shape and `_BLOCKS` blocks of rows, evenly spaced, with
`_BLOCK_BYTES` in all, so that a digest takes seconds at most. An input that is not read for the
digest says itself what it is made of, by an attribute `fingerprint`: image files are known by their
names and sizes and the bytes of some, since decoders differ in the last bit, and vectors of an
encoder by the encoder and the sentences.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mtl_search.data.dataset import DataSet
from mtl_search.data.types import Array, InputArray

_WHOLE_BYTES = 256 << 20
_BLOCK_BYTES = 64 << 20
_BLOCKS = 64
# Rows are read and hashed by so many bytes at a time.
_CHUNK_BYTES = 16 << 20


def data_digest(data: DataSet) -> str:
    """Return the digest of a data set, 32 hexadecimal digits (BLAKE2b).

    Args:
        data: The data set.

    Examples:
        >>> from mtl_search.data import DataSet, Target
        >>> splits = {"train": [0, 1], "validation": [2], "test": [3]}
        >>> x = np.arange(8.0).reshape(4, 2)
        >>> first = DataSet({"x": x}, {"y": Target(np.array([0, 1, 1, 0]), "binary")}, splits)
        >>> other = DataSet({"x": x}, {"y": Target(np.array([0, 1, 1, 1]), "binary")}, splits)
        >>> data_digest(first) == data_digest(first), data_digest(first) == data_digest(other)
        (True, False)
    """
    content = _Content()
    for name, x in sorted(data.inputs.items()):
        content.add_text("input", name)
        _add_input(content, x)
    for name, mask in sorted(data.masks.items()):
        content.add_text("mask", name)
        content.add_array(mask)
    for name, target in sorted(data.targets.items()):
        content.add_text("target", name, target.kind, *target.classes)
        content.add_array(target.values)
    for name, rows in sorted(data.splits.items()):
        content.add_text("split", name)
        content.add_array(rows)
    if data.sources is not None:
        content.add_text("sources", *data.sources.names)
        content.add_array(np.asarray(data.sources.numbers, np.int64))
    return content.hexdigest()


class _Content:
    """Collect texts and arrays, so that other ones or another order give another digest."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add_text(self, *texts: str) -> None:
        """Add texts; JSON keeps them apart."""
        self._hash.update(json.dumps(texts).encode() + b"\n")

    def add_array(self, x: InputArray, blocks: Sequence[slice] | None = None) -> None:
        """Add type, shape and values of an array.

        Args:
            x: The array (N, ...).
            blocks: The rows that are read; None: all.
        """
        dtype = np.dtype(x.dtype).newbyteorder("<")
        self.add_text("array", dtype.kind + str(dtype.itemsize), *map(str, x.shape))
        for rows in _chunks(x, [slice(0, len(x))] if blocks is None else blocks):
            self._hash.update(np.ascontiguousarray(_canonical(np.asarray(x[rows], dtype))).data)

    def hexdigest(self) -> str:
        """Return the digest of all that has been added."""
        return self._hash.hexdigest()


def _add_input(content: _Content, x: InputArray) -> None:
    fingerprint = getattr(x, "fingerprint", "")
    if fingerprint:
        content.add_text("fingerprint", str(fingerprint), *map(str, x.shape))
        return
    parts: Sequence[Any] = getattr(x, "arrays", ())
    if any(getattr(part, "fingerprint", "") for part in parts):
        content.add_text("parts", str(len(parts)))
        for part in parts:
            _add_input(content, part)
        return
    content.add_array(x, _blocks(x) if x.nbytes > _WHOLE_BYTES else None)


def _blocks(x: InputArray) -> list[slice]:
    """Return evenly spaced blocks of rows, the first and the last rows among them."""
    row_bytes = max(1, x.nbytes // len(x))
    size = max(1, _BLOCK_BYTES // _BLOCKS // row_bytes)
    starts = np.linspace(0, max(0, len(x) - size), _BLOCKS).astype(np.int64)
    return [slice(int(start), int(start) + size) for start in np.unique(starts)]


def _chunks(x: InputArray, blocks: Sequence[slice]) -> Iterator[slice]:
    size = max(1, _CHUNK_BYTES // max(1, x.nbytes // max(1, len(x))))
    for block in blocks:
        for start in range(block.start, block.stop, size):
            yield slice(start, min(start + size, block.stop))


def _canonical(x: Array) -> Array:
    """Return fractions with one zero and one NaN, of which there are several in bits."""
    if x.dtype.kind != "f":
        return x
    return np.where(np.isnan(x), np.array(np.nan, x.dtype), x + np.array(0, x.dtype))
