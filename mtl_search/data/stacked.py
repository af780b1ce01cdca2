"""Several inputs one after the other as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl_search.data.dataset import Array, InputArray, in_memory


class Stacked:
    """Arrays (N_i, ...) as one (ΣN_i, ...), read part by part: none of them is loaded for it.

    Args:
        parts: At least one; they agree in type and in all but the first dimension.
    """

    def __init__(self, *parts: InputArray) -> None:
        assert len({(part.shape[1:], np.dtype(part.dtype)) for part in parts}) == 1
        self.parts = parts
        self.dtype: np.dtype[Any] = np.dtype(parts[0].dtype)
        self._starts = np.cumsum([0, *(len(part) for part in parts)])
        self.shape = (len(self), *parts[0].shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes once read."""
        return sum(part.nbytes for part in self.parts)

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: Any, /) -> Array:
        """Samples by a slice or an integer array."""
        numbers = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)
        home = np.searchsorted(self._starts, numbers, side="right") - 1
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        for k in np.unique(home):
            own = home == k
            found[own] = self.parts[k][numbers[own] - self._starts[k]]
        return found


def stack(parts: list[InputArray]) -> InputArray:
    """One array after the other: in memory where all of them are, else `Stacked`."""
    held = [part for part in parts if in_memory(part)]
    return np.concatenate(held) if len(held) == len(parts) else Stacked(*parts)
