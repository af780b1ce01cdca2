"""Arrays on disk: read as their own memory, pickled as their path."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from mtl_search.data.readers.memmap import MemmapArray, divide
from mtl_search.data.types import in_memory
from mtl_search.errors import DataError


def test_reads_what_is_asked_for_as_its_own_memory(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 1, 4, 4), np.uint8)
    np.save(tmp_path / "x.npy", pixels)
    x = MemmapArray(tmp_path / "x.npy")
    assert (x.shape, x.dtype) == ((40, 1, 4, 4), np.dtype(np.float32))
    assert (len(x), x.nbytes) == (40, 40 * 16 * 4)
    for rows in (np.array([3, 1]), slice(2, 5), slice(None)):
        read = x[rows]
        assert in_memory(read)
        assert read.flags.writeable
        assert read.base is None
        assert (read == pixels[rows]).all()


def test_is_pickled_as_its_path(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((10_000, 10), np.float32))
    x = MemmapArray(tmp_path / "x.npy", divisor=2.0)
    message = pickle.dumps(x)
    assert len(message) < 500
    again = pickle.loads(message)
    assert (again.path, again.divisor, again.shape) == (x.path, 2.0, x.shape)


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_files_that_are_no_arrays(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"(there is no file .*x\.npy|x\.npy (is|holds) )"):
        MemmapArray(tmp_path / "x.npy")


def test_a_single_number_is_no_input(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float32(3))
    with pytest.raises(DataError, match="a single number"):
        MemmapArray(tmp_path / "x.npy")


def test_values_are_divided_in_single_precision(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([0, 51, 255], np.int32))
    x = MemmapArray(tmp_path / "x.npy", divisor=255)
    assert x.dtype == x[:].dtype == np.float32
    assert x[:] == pytest.approx([0, 0.2, 1])
    tokens = MemmapArray(tmp_path / "x.npy")
    assert tokens.dtype == tokens[:].dtype == np.int64
    kept = np.arange(3)
    assert divide(kept, 1.0) is kept
