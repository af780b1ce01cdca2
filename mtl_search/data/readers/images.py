"""Image files as an input: decoded by threads, once into a cache where they fit, and batch by batch where not.

pillow is an optional dependency (`pip install 'mtl-search[images]'`) and imported at first use. It releases Python's
lock while it decodes, so threads use all cores and nothing has to be sent between processes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mtl_search.data.types import Array
from mtl_search.errors import ConfigError

logger = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")
_SHOWN = 5


def decode(path: Path, shape: tuple[int, int, int]) -> Array:
    """An image file as bytes (C, H, V): upright, in the middle of what is cut off where its sides are otherwise.

    Raises:
        ValueError: It cannot be decoded, to its last byte.
    """
    image_module, ops = _pillow()
    channels, height, width = shape
    try:
        with image_module.open(path) as image:
            upright = _in_bytes(ops.exif_transpose(image), image_module).convert(
                "L" if channels == 1 else "RGB"
            )
            fitted = ops.fit(upright, (width, height), image_module.Resampling.BICUBIC)
            pixels = np.asarray(fitted, np.uint8)
    except Exception as error:  # noqa: BLE001  pillow raises OSError, SyntaxError, struct.error, zlib.error and others
        raise ValueError(f"{type(error).__name__}: {error}") from None
    return np.asarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))


def _in_bytes(image: Any, image_module: Any) -> Any:
    """An image whose pixels are 16-bit or real numbers with bytes instead, which pillow would cut off.

    Raises:
        ValueError: Real numbers beyond 0 .. 1, or whole ones beyond 16 bits: what is white is not known.
    """
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    pixels, white = np.asarray(image, np.float64), 1.0 if image.mode == "F" else 65535.0
    if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= white):
        raise ValueError(
            f"pixels from {pixels.min():g} to {pixels.max():g}, and only 0 to {white:g} can be read"
        )
    return image_module.fromarray(np.rint(pixels * (255 / white)).astype(np.uint8))


class ImageFiles:
    """Images (N, C, H, V) float32 in [0, 1] that are decoded when they are read.

    A file that was fine when the data set was built and is no longer is named in the log, and its image is black: no
    trial dies of it.

    Args:
        paths: N image files. They must exist on every node that trains.
        shape: C (1 or 3), H and V.
    """

    def __init__(self, paths: Sequence[Path], shape: tuple[int, int, int]) -> None:
        self.paths = np.array([str(path) for path in paths], dtype=object)
        self.image_shape = shape
        self.shape = (len(paths), *shape)
        self.dtype: np.dtype[Any] = np.dtype(np.float32)

    @property
    def nbytes(self) -> int:
        """Bytes once read."""
        return int(np.prod(self.shape)) * 4

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Any, /) -> Array:
        """Samples by a slice or an integer array, decoded now."""
        images = in_threads(self._decode, list(self.paths[rows]))
        stacked = np.stack(images) if images else np.empty((0, *self.image_shape), np.uint8)
        return np.asarray(np.divide(stacked, 255, dtype=np.float32))

    def _decode(self, path: str) -> Array:
        try:
            return decode(Path(path), self.image_shape)
        except ValueError as error:
            logger.warning("%s can no longer be decoded and is black from now on (%s)", path, error)
            return np.zeros(self.image_shape, np.uint8)


def check_images(
    paths: Sequence[Path], shape: tuple[int, int, int], keep: Array | None
) -> list[str]:
    """What is wrong with each file, an empty text for those that are fine.

    Args:
        paths: N image files.
        shape: C, H and V.
        keep: (N, C, H, V) bytes that get the pixels; None keeps none.
    """

    def check(row: int) -> str:
        try:
            pixels = decode(paths[row], shape)
        except ValueError as error:
            return str(error)
        if keep is not None:
            keep[row] = pixels
        return ""

    _pillow()  # or each file would be said to be broken
    return in_threads(check, list(range(len(paths))))


def shown(names: Sequence[str], problems: Sequence[str]) -> str:
    """The first few bad files with what is wrong, and how many more there are."""
    listed = "; ".join(
        f"{name} ({problem})"
        for name, problem in zip(names[:_SHOWN], problems[:_SHOWN], strict=True)
    )
    return listed + (f"; and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def in_threads(function: Callable[[K], V], items: Sequence[K]) -> list[V]:
    """The function of every item, in order, computed by as many threads as there are cores."""
    workers = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        return list(pool.map(function, items))


def _pillow() -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ConfigError(
            f"image files need the package pillow: pip install 'mtl-search[images]' ({error})",
            path="data.name",
        ) from None
    return Image, ImageOps
