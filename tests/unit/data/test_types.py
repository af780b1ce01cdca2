"""Types of inputs and where they are held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl_search.data.types import in_memory, network_dtype
from mtl_search.errors import DataError


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("f2", "f4"),
        ("f4", "f4"),
        ("f8", "f4"),
        ("u1", "f4"),
        ("?", "f4"),
        ("i1", "i8"),
        ("i4", "i8"),
        ("u2", "i8"),
    ],
)
def test_types_for_the_network(given: str, wanted: str) -> None:
    assert network_dtype(np.dtype(given), "x") == np.dtype(wanted)


@pytest.mark.parametrize("dtype", ["U3", "O", "M8[s]", "c8"])
def test_other_types_are_no_input(dtype: str) -> None:
    with pytest.raises(DataError, match="input 'x' has values of type"):
        network_dtype(np.dtype(dtype), "x")


def test_a_memory_map_is_not_in_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros(3))
    assert in_memory(np.load(tmp_path / "x.npy"))
    assert not in_memory(np.load(tmp_path / "x.npy", mmap_mode="r"))
