"""Image files as an input: decoded by threads, once into a cache or whenever they are read.

pillow is an optional dependency (`pip install 'mtl-search[images]'`) and imported at first use. It
releases Python's lock while it decodes, so threads use all cores and nothing has to be sent between
processes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mtl_search.data.readers.foreign import what_it_is
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError, first_line, short

logger = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")
_MAX_LISTED = 5
# Where all bytes are below, colours of 14 bits or fewer may have been read as 16.
_DARK = 64


class Seen:
    """What images of a data set have that is not in their pixels as the network reads them.

    Args:
        knows_white: Whether the config says which value is white.
    """

    def __init__(self, *, knows_white: bool = False) -> None:
        self.knows_white = knows_white
        # Of each image; appending is all that threads do.
        self.frames: list[int] = []
        self.brightest: list[int] = []
        self.deep: list[float] = []

    def look(self, image: Any, pixels: Array) -> None:
        """Look at an opened image and its bytes (C, H, V)."""
        self.frames.append(getattr(image, "n_frames", 1))
        self.brightest.append(int(pixels.max()))
        if image.mode.startswith("I"):
            self.deep.append(float(np.max(np.asarray(image))))

    def notes(self) -> list[str]:
        """Say what is missing or may be wrong, each in a sentence without a full stop."""
        notes = []
        if several := sum(frames > 1 for frames in self.frames):
            notes.append(
                f"{several} of {len(self.frames)} images have several frames or pages, of which "
                "the first is taken"
            )
        deepest = max(self.deep, default=0.0)
        white = next((w for bits in (8, 10, 12, 14) if (w := 2**bits - 1) >= deepest), 0)
        if self.deep and white and not self.knows_white:
            notes.append(
                f"the brightest pixel of {len(self.deep)} images of 16 bits is {deepest:g}, so "
                "they are dark; if they have fewer bits, say which value is white, such as "
                f"`white: {white}`"
            )
        elif 0 < max(self.brightest, default=0) < _DARK:
            notes.append(
                f"the brightest pixel of all images is {max(self.brightest)} of 255; colours of "
                "16 bits, of which fewer are used, are to be scaled before"
            )
        return notes


def decode_image(
    path: Path, shape: tuple[int, int, int], white: float | None = None, seen: Seen | None = None
) -> Array:
    """Decode an image file: upright, scaled, and cropped in the middle where its ratio differs.

    Args:
        path: The file.
        shape: C (1 or 3), H and V.
        white: The value of white in files of 16 bits or real numbers; default: the largest of
            16 bits, or 1.
        seen: Takes note of what the file has beside its pixels, if given.

    Returns:
        Bytes (C, H, V).

    Raises:
        ValueError: The file cannot be decoded to its last byte.
    """
    image_module, _ = _pillow()
    try:
        with image_module.open(path) as image:
            fitted = fit_image(image, shape, white)
            if seen is not None:
                seen.look(image, fitted)
            return fitted
    except FileNotFoundError:
        near = _names_in(path.parent).get(path.name.casefold(), "")
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"there is no such file{hint}") from None
    # pillow raises OSError, SyntaxError, struct.error, zlib.error and others.
    except Exception as error:  # noqa: BLE001
        what = what_it_is(path)
        if what and not what.startswith(("an image", "bytes")):
            raise ValueError(f"the file is {what}") from None
        problem = first_line(error).replace(repr(str(path)), "the file")
        raise ValueError(short(problem, 160)[1:-1]) from None


def fit_image(image: Any, shape: tuple[int, int, int], white: float | None = None) -> Array:
    """Turn an image of pillow upright, scale it, and crop it in the middle.

    What is transparent is shown on white, as viewers do.

    Args:
        image: The image.
        shape: C (1 or 3), H and V.
        white: The value of white in files of 16 bits or real numbers.

    Returns:
        Bytes (C, H, V).
    """
    image_module, ops = _pillow()
    channels, height, width = shape
    mode = {1: "L", 3: "RGB"}[channels]
    upright = _in_bytes(ops.exif_transpose(image), image_module, white)
    upright = _on_white(upright, image_module).convert(mode)
    fitted = ops.fit(upright, (width, height), image_module.Resampling.BICUBIC)
    pixels = np.asarray(fitted, np.uint8)
    return np.asarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))


def scaled(pixels: Array) -> Array:
    """Return bytes as float32 in [0, 1]."""
    return np.asarray(np.divide(pixels, 255, dtype=np.float32))


@lru_cache(maxsize=8)
def _names_in(folder: Path) -> dict[str, str]:
    """Return the names of a folder's files by their small letters."""
    try:
        return {path.name.casefold(): path.name for path in folder.iterdir()}
    except OSError:
        return {}


def _on_white(image: Any, image_module: Any) -> Any:
    """Show what is transparent on white; the colour that is hidden below would come out."""
    if image.mode not in ("RGBA", "LA", "PA", "La", "RGBa") and "transparency" not in image.info:
        return image
    if image.mode == "La":
        image = image.convert("LA")
    coloured = image.convert("RGBA")
    ground = image_module.new("RGBA", coloured.size, "white")
    return image_module.alpha_composite(ground, coloured)


def _in_bytes(image: Any, image_module: Any, white: float | None) -> Any:
    """Scale pixels that are 16-bit or real numbers to bytes; pillow would clip them.

    Raises:
        ValueError: Real numbers are outside 0 .. 1, or whole ones outside 16 bits, so that it is
            not known which number is white.
    """
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    if white is None:
        white = 1.0 if image.mode == "F" else 65535.0
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
        white: The value of white in files of 16 bits or real numbers.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        shape: tuple[int, int, int],
        fingerprint: str = "",
        white: float | None = None,
    ) -> None:
        self.white = white
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
            return decode_image(Path(path), self.image_shape, self.white)
        except ValueError as error:
            logger.warning("%s can no longer be decoded and is black from now on (%s)", path, error)
            return np.zeros(self.image_shape, np.uint8)


def check_images(
    paths: Sequence[Path],
    shape: tuple[int, int, int],
    out: Array | None = None,
    white: float | None = None,
    seen: Seen | None = None,
) -> list[str]:
    """Decode every file and return what is wrong with each.

    Args:
        paths: N image files.
        shape: C, H and V.
        out: (N, C, H, V) bytes that receive the pixels, if given.
        white: The value of white in files of 16 bits or real numbers.
        seen: Takes note of what the files have beside their pixels, if given.

    Returns:
        N texts; empty for files that are fine.
    """

    def check(row: int) -> str:
        try:
            pixels = decode_image(paths[row], shape, white, seen)
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
