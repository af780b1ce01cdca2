"""Several inputs side by side as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl_search.data.dataset import Array, InputArray


class Joined:
    """Arrays (N, ..., W_i) as one (N, ..., ΣW_i), put together batch by batch; as float32 if one of them is.

    Args:
        parts: At least one; they agree in all but the last dimension.
    """

    def __init__(self, *parts: InputArray) -> None:
        assert len({part.shape[:-1] for part in parts}) == 1
        self.parts = parts
        self.shape = (*parts[0].shape[:-1], sum(part.shape[-1] for part in parts))
        kinds = {np.dtype(part.dtype).kind for part in parts}
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if "f" in kinds else np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes once read."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Array:
        """Samples by a slice or an integer array."""
        return np.concatenate([np.asarray(part[rows], self.dtype) for part in self.parts], axis=-1)
