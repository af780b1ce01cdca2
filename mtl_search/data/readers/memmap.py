"""An input that stays in its file and is read batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.data.readers.foreign import unreadable_arrays
from mtl_search.data.types import Array, network_dtype
from mtl_search.errors import DataError


class MemmapArray:
    """A `.npy` file as an input: opened as a memory map, converted when it is read.

    It is pickled as its path, so that Ray's object store gets a few bytes and not the whole file
    (numpy pickles a memory map as a copy of its content). The path must therefore exist on every
    node that trains.

    Args:
        path: A `.npy` file with an array (N, ...).
        divisor: The number by which the values are divided, such as 255 for bytes. Other than 1,
            it makes them float32.
        fingerprint: A text that stands for the content in the digest of a data set (see
            `data.digest`); empty: the values themselves do.

    Raises:
        DataError: The file is missing, is no `.npy` file, or holds something other than numbers.
    """

    def __init__(self, path: str | Path, divisor: float = 1.0, fingerprint: str = "") -> None:
        self.path = Path(path)
        self.divisor = divisor
        self.fingerprint = fingerprint
        try:
            self._map: Array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise unreadable_arrays(self.path, "", error) from None
        if not self._map.shape:
            raise DataError(f"{self.path} holds a single number; an array (N, ...) is needed")
        self.dtype: np.dtype[Any] = network_dtype(self._map.dtype, self.path.stem)
        if divisor != 1.0:
            self.dtype = np.dtype(np.float32)

    @property
    def raw_dtype(self) -> np.dtype[Any]:
        """The type of the values in the file."""
        return self._map.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...)."""
        return self._map.shape

    @property
    def nbytes(self) -> int:
        """The bytes of all samples once they are read."""
        return self._map.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._map)

    def __getitem__(self, rows: Any, /) -> Array:
        """Read samples, by a slice or an integer array, into memory."""
        return divide(np.array(self._map[rows], self.dtype, subok=False), self.divisor)

    def __reduce__(self) -> tuple[type[MemmapArray], tuple[Path, float, str]]:
        return MemmapArray, (self.path, self.divisor, self.fingerprint)


def divide(x: Array, divisor: float) -> Array:
    """Return `x / divisor` in float32; `x` itself where the divisor is 1."""
    return x if divisor == 1.0 else np.asarray(np.divide(x, divisor, dtype=np.float32))
