"""Types and names that all data sets have in common."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

from mtl_search.errors import DataError

Array = npt.NDArray[Any]
TargetKind = Literal["class", "binary", "multilabel", "real", "vector", "tags"]

# Kinds whose values are numbers, NaN where missing, and not classes.
REAL_KINDS: tuple[TargetKind, ...] = ("real", "vector")

SPLITS = ("train", "validation", "test")
MISSING = -1


class InputArray(Protocol):
    """The interface of an input, which numpy arrays, memory maps and `MemmapArray` have."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or int64."""

    @property
    def nbytes(self) -> int:
        """The bytes of all samples together."""

    def __len__(self) -> int:
        """N."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Return samples, by a slice or an integer array, as an array in memory."""


def in_memory(x: InputArray) -> TypeGuard[Array]:
    """Return whether the array is held in memory and not read from somewhere at every access."""
    return isinstance(x, np.ndarray) and not isinstance(x, np.memmap)


def network_dtype(dtype: np.dtype[Any], name: str) -> np.dtype[Any]:
    """Return the type in which an input's values reach the network.

    Fractions, bytes and bools are measurements (float32); all other integers are tokens (int64).

    Args:
        dtype: The type of the input.
        name: The name of the input, for messages.

    Raises:
        DataError: The type is not a number.

    Examples:
        >>> network_dtype(np.dtype("uint8"), "image")
        dtype('float32')
        >>> network_dtype(np.dtype("int32"), "tokens")
        dtype('int64')
    """
    if dtype.kind == "f" or dtype in (np.uint8, np.bool_):
        return np.dtype(np.float32)
    if dtype.kind in "iu":
        return np.dtype(np.int64)
    raise DataError(f"input {name!r} has values of type {dtype}; numbers are needed")
