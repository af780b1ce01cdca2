"""Pairs of images as the views `left` and `right`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
from mtl_search.data.preparation.base import Field, Preparation, Prepared
from mtl_search.data.types import Array
from mtl_search.errors import DataError

_SIDES = ("left", "right")


@dataclass(frozen=True)
class ImagePairsPreparation(Preparation):
    """The size of images and the number by which their pixels are divided.

    Raw rows are a mapping with the views `left` and `right`, (N, C, H, V) or (N, H, V) pixels as
    the files have them, or (N, H, V, C), which is transposed; or an array (N, 2, ...) of both.

    Attributes:
        size: C, H and V.
        scale: The number by which pixels are divided.
        raw_dtype: The type of the pixels in the files.
        required: The views that may not be left out.
        raw_shape: The shape of an image in the files that training read; (): C, H and V.
    """

    size: tuple[int, int, int]
    scale: float
    raw_dtype: str
    required: tuple[str, ...] = _SIDES
    raw_shape: tuple[int, ...] = ()

    chunk: ClassVar[int] = 512
    stored_name: ClassVar[str] = "image_pairs"

    def transform(self, raw: Any) -> Prepared:
        """Check and scale both images of every pair."""
        return self._arrays.transform(self._with_channels(raw))

    def to_json(self) -> dict[str, Any]:
        """Return the size, the scale, and shape and type of the images in the files."""
        return {
            "size": list(self.size),
            "scale": self.scale,
            "raw_dtype": self.raw_dtype,
            "raw_shape": list(self._raw_shape),
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> ImagePairsPreparation:
        """Read what `to_json` returned."""
        channels, height, width = tree["size"]
        raw_shape = tuple(tree.get("raw_shape", ()))
        size = (channels, height, width)
        return cls(size, tree["scale"], tree["raw_dtype"], raw_shape=raw_shape)

    def describe(self) -> tuple[Field, ...]:
        """Return both views."""
        return tuple(
            Field(
                side, "image", self.raw_dtype, self._raw_shape, optional=side not in self.required
            )
            for side in _SIDES
        )

    def example(self) -> dict[str, Array]:
        """Return one pair of images without anything on them."""
        return {side: np.zeros((1, *self._raw_shape), self.raw_dtype) for side in self.required}

    def read(self, path: Path, size: int) -> Iterator[dict[str, Array]]:
        """Yield the pairs of an npz file or a folder of npy files, `size` at a time."""
        yield from self._arrays.read(path, size)

    def may_be_prepared(self, views: Mapping[str, Any]) -> bool:
        """Return whether no pixel exceeds what scaled bytes can be."""
        return self._arrays.may_be_prepared(views)

    def for_views(self, views: Collection[str]) -> ImagePairsPreparation:
        """Return a preparation that may leave out the other side."""
        return replace(self, required=tuple(side for side in _SIDES if side in views))

    @property
    def _raw_shape(self) -> tuple[int, ...]:
        return self.raw_shape or self.size

    @property
    def _arrays(self) -> ArraysPreparation:
        # Pixels of any type are measurements: whole numbers that nothing divides are no tokens.
        dtype = "float32" if self.scale == 1.0 else self.raw_dtype
        view = ArrayView(self.size, dtype, self.scale)
        return ArraysPreparation(dict.fromkeys(_SIDES, view), self.required)

    def _with_channels(self, raw: Any) -> dict[str, Array]:
        """Return the views with their channels first."""
        if not isinstance(raw, Mapping):
            pairs = np.asarray(raw)
            if pairs.ndim < 4 or pairs.shape[1] != len(_SIDES):
                raise DataError(
                    f"the input has the shape {pairs.shape}; pairs of images (N, 2, C, H, V) or a "
                    "mapping with `left` and `right` is needed"
                )
            raw = {"left": pairs[:, 0], "right": pairs[:, 1]}
        return {str(name): self._one(np.asarray(value)) for name, value in raw.items()}

    def _one(self, pixels: Array) -> Array:
        channels, height, width = self.size
        if channels == 1 and pixels.shape[1:] == (height, width):
            return pixels[:, None]
        if pixels.shape[1:] == (height, width, channels) != self.size:
            return pixels.transpose(0, 3, 1, 2)
        return pixels
