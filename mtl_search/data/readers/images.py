"""Image files as an input: decoded by threads, once into a cache or whenever they are read.

pillow is an optional dependency (`pip install 'mtl-search[images]'`) and imported at first use. It
releases Python's lock while it decodes, so threads use all cores and nothing has to be sent between
processes.
"""

from __future__ import annotations

import logging
import os
import unicodedata
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
_MAX_LISTED = 5


def decode_image(path: Path, shape: tuple[int, int, int]) -> Array:
    """Decode an image file: upright, scaled, and cropped in the middle where its ratio differs.

    Args:
        path: The file.
        shape: C (1 or 3), H and V.

    Returns:
        Bytes (C, H, V).

    Raises:
        ValueError: The file cannot be decoded to its last byte.
    """
    image_module, _ = _pillow()
    try:
        with image_module.open(path) as image:
            return fit_image(image, shape)
    # pillow raises OSError, SyntaxError, struct.error, zlib.error and others.
    except Exception as error:  # noqa: BLE001
        raise ValueError(f"{type(error).__name__}: {error}") from None


def fit_image(image: Any, shape: tuple[int, int, int]) -> Array:
    """Turn an image of pillow upright, scale it, and crop it in the middle.

    Args:
        image: The image.
        shape: C (1 or 3), H and V.

    Returns:
        Bytes (C, H, V).
    """
    image_module, ops = _pillow()
    channels, height, width = shape
    mode = {1: "L", 3: "RGB"}[channels]
    upright = _in_bytes(ops.exif_transpose(image), image_module).convert(mode)
    fitted = ops.fit(upright, (width, height), image_module.Resampling.BICUBIC)
    pixels = np.asarray(fitted, np.uint8)
    return np.asarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))


def scaled(pixels: Array) -> Array:
    """Return bytes as float32 in [0, 1]."""
    return np.asarray(np.divide(pixels, 255, dtype=np.float32))


def named_file(folder: Path, name: str) -> Path:
    """Return the path of a file, whose é may be one code point in the table and two on the disk."""
    written = folder / name
    if name.isascii() or written.exists():
        return written
    others = (folder / unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return next((path for path in others if path.exists()), written)


def _in_bytes(image: Any, image_module: Any) -> Any:
    """Scale pixels that are 16-bit or real numbers to bytes; pillow would clip them.

    Raises:
        ValueError: Real numbers are outside 0 .. 1, or whole ones outside 16 bits, so that it is
            not known which number is white.
    """
    if image.mode == "F":
        white = 1.0
    elif image.mode.startswith("I"):
        white = 65535.0
    else:
        return image
    pixels = np.asarray(image, np.float64)
    if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= white):
        raise ValueError(
            f"pixels from {pixels.min():g} to {pixels.max():g}, and only 0 to {white:g} can be read"
        )
    return image_module.fromarray(np.rint(pixels * (255 / white)).astype(np.uint8))


class ImageFiles:
    """Images (N, C, H, V) float32 in [0, 1] that are decoded when they are read.

    A file that was fine when the data set was built and can no longer be decoded is reported in the
    log, and its image is black: no trial fails because of it.

    Args:
        paths: N image files. They must exist on every node that trains.
        shape: C (1 or 3), H and V.
        fingerprint: A text that stands for the images in the digest of a data set (see
            `data.digest`).
    """

    def __init__(
        self, paths: Sequence[Path], shape: tuple[int, int, int], fingerprint: str = ""
    ) -> None:
        self.fingerprint = fingerprint
        self.paths = np.array(list(map(str, paths)), dtype=object)
        self.image_shape = shape
        self.shape = (len(paths), *shape)
        self.dtype: np.dtype[Any] = np.dtype(np.float32)

    @property
    def nbytes(self) -> int:
        """The bytes of all samples once they are read."""
        return int(np.prod(self.shape)) * 4

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Any, /) -> Array:
        """Decode samples, by a slice or an integer array."""
        images = map_in_threads(self._decode, list(self.paths[rows]))
        stacked = np.stack(images) if images else np.empty((0, *self.image_shape), np.uint8)
        return scaled(stacked)

    def _decode(self, path: str) -> Array:
        try:
            return decode_image(Path(path), self.image_shape)
        except ValueError as error:
            logger.warning("%s can no longer be decoded and is black from now on (%s)", path, error)
            return np.zeros(self.image_shape, np.uint8)


def check_images(
    paths: Sequence[Path], shape: tuple[int, int, int], out: Array | None = None
) -> list[str]:
    """Decode every file and return what is wrong with each.

    Args:
        paths: N image files.
        shape: C, H and V.
        out: (N, C, H, V) bytes that receive the pixels, if given.

    Returns:
        N texts; empty for files that are fine.
    """

    def check(row: int) -> str:
        try:
            pixels = decode_image(paths[row], shape)
        except ValueError as error:
            return str(error)
        if out is not None:
            out[row] = pixels
        return ""

    _pillow()  # if pillow is missing, that is the problem, and not each file
    return map_in_threads(check, list(range(len(paths))))


def list_problems(names: Sequence[str], problems: Sequence[str]) -> str:
    """Return the first few bad files with what is wrong, and how many more there are."""
    pairs = zip(names[:_MAX_LISTED], problems[:_MAX_LISTED], strict=True)
    listed = "; ".join(f"{name} ({problem})" for name, problem in pairs)
    if len(names) > _MAX_LISTED:
        listed += f"; and {len(names) - _MAX_LISTED} more"
    return listed


def map_in_threads(function: Callable[[K], V], items: Sequence[K]) -> list[V]:
    """Return the function's value for every item, computed by as many threads as cores."""
    # A container may be allowed fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        workers = len(os.sched_getaffinity(0))
    else:
        workers = os.cpu_count() or 1
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
