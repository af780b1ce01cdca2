"""Images as the view `image`: files, opened images or pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from mtl_search.data.preparation.base import Field, Preparation, Prepared, RowError, check_finite
from mtl_search.data.readers.cells import plain_text
from mtl_search.data.readers.csv_format import CsvFormat
from mtl_search.data.readers.images import (
    decode_image,
    fit_image,
    map_in_threads,
    scaled,
)
from mtl_search.data.readers.paths import named_file
from mtl_search.data.readers.table_batches import read_batches
from mtl_search.data.readers.tables import table_suffix
from mtl_search.data.types import Array
from mtl_search.errors import DataError, listed

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (
    ".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif",
    ".tiff", ".webp",
)  # fmt: skip


@dataclass(frozen=True)
class ImagePreparation(Preparation):
    """The size and the channels of images.

    A row is the path of a file or an opened image of pillow, which are turned upright, scaled and
    cropped in the middle as in training; or pixels, which must have the right size: (N, C, H, V) or
    (N, H, V, C) bytes, or such fractions in 0 .. 1. A file as input is a CSV or Parquet file with
    the column of file names that training read, one image, or a folder of images.

    Attributes:
        size: C, H and V.
        column: The column of a table that names the files.
        csv: How the CSV was written that training read; that of prediction is written alike.
        white: The value of white in files of 16 bits or real numbers; None: the largest.
    """

    size: tuple[int, int, int]
    column: str = "file"
    csv: CsvFormat = field(default_factory=CsvFormat)
    white: float | None = None

    chunk: ClassVar[int] = 64
    stored_name: ClassVar[str] = "image"

    def transform(self, raw: Any) -> Prepared:
        """Decode, scale and crop images."""
        if isinstance(raw, Mapping):
            raw = raw.get("image", raw.get(self.column, raw))
        if hasattr(raw, "columns"):
            raw = list(self._files(raw, "the input"))
        if isinstance(raw, list) and raw and all(isinstance(row, np.ndarray) for row in raw):
            if len({row.shape for row in raw}) > 1:
                raise DataError("the arrays of pixels differ in their shape")
            raw = np.stack(raw)
        if isinstance(raw, np.ndarray) and raw.dtype.kind in "fiub":
            return Prepared({"image": self._pixels(raw)})
        if isinstance(raw, str | Path) or not isinstance(raw, Sequence | np.ndarray):
            raise DataError(
                f"the input is a {type(raw).__name__}; a list of paths or images of pillow, or "
                "an array of pixels is needed"
            )
        rows = list(enumerate(raw))
        images = map_in_threads(lambda item: self._decode(*item), rows)
        return Prepared({"image": scaled(np.stack(images))})

    def to_json(self) -> dict[str, Any]:
        """Return the size of the images, the column of their files, and the CSV's format."""
        tree = {"size": list(self.size), "column": self.column, "csv": asdict(self.csv)}
        return tree if self.white is None else {**tree, "white": self.white}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> ImagePreparation:
        """Read what `to_json` returned."""
        channels, height, width = tree["size"]
        csv = CsvFormat.from_json(tree.get("csv", {}))
        return cls((channels, height, width), tree["column"], csv, tree.get("white"))

    def describe(self) -> tuple[Field, ...]:
        """Return the one field, in pixels."""
        return (Field("image", "image", "uint8", self.size),)

    def example(self) -> Array:
        """Return one grey image, in bytes."""
        return np.full((1, *self.size), 127, np.uint8)

    def read(self, path: Path, size: int) -> Iterator[list[Path]]:
        """Yield the files that a table names, an image or those of a folder, `size` at a time."""
        if table_suffix(path) is not None:
            for frame in read_batches(path, self.csv, size, [self.column]):
                files = self._files(frame, str(path))
                yield [named_file(path.parent, str(name).strip()) for name in files]
            return
        yield from self.batches(image_files(path), size)

    def row_names(self, raw: Any) -> Sequence[Any] | None:
        """Return the names of the files, where the rows are some."""
        names = map(plain_text, getattr(raw, "columns", ()))
        if plain_text(self.column) in names:
            return list(map(str, self._files(raw, "the input")))
        if isinstance(raw, Sequence) and all(isinstance(row, str | Path) for row in raw):
            return list(map(str, raw))
        return None

    def _files(self, frame: Any, name: str) -> Any:
        """Return the column with the files of images.

        Raises:
            DataError: A frame, called `name`, has no such column.
        """
        given = list(map(plain_text, frame.columns))
        if plain_text(self.column) not in given:
            raise DataError(
                f"{name} has no column {self.column!r} with the files of images; it has: "
                f"{listed(given)}"
            )
        return frame.iloc[:, given.index(plain_text(self.column))]

    def _decode(self, row: int, image: Path | str | Image) -> Array:
        try:
            if isinstance(image, str | Path):
                return decode_image(Path(image).expanduser(), self.size, self.white)
            return fit_image(image, self.size, self.white)
        except (ValueError, AttributeError) as error:
            name = image if isinstance(image, str | Path) else type(image).__name__
            raise RowError(f"the image {name} of row", row, f" cannot be read ({error})") from None

    def _pixels(self, raw: Array) -> Array:
        """Return pixels as (N, C, H, V) in 0 .. 1."""
        channels, height, width = self.size
        if raw.shape[1:] == (height, width, channels) != self.size:
            raw = raw.transpose(0, 3, 1, 2)
        elif channels == 1 and raw.shape[1:] == (height, width):
            raw = raw[:, None]
        if raw.shape[1:] != self.size:
            raise DataError(
                f"the images have the shape {raw.shape}; training saw (N, {channels}, {height}, "
                f"{width}): other sizes are scaled where files or images of pillow are given"
            )
        if raw.dtype == np.uint8:
            return scaled(np.ascontiguousarray(raw))
        return _fractions("image", raw)


def image_files(path: Path) -> list[Path]:
    """Return an image, or the images of a folder and of those in it, sorted.

    Raises:
        DataError: There is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"there is no file or folder {path}")
    files = [file for file in sorted(path.rglob("*")) if file.suffix.lower() in SUFFIXES]
    if not files:
        raise DataError(f"the folder {path} has no image ({', '.join(SUFFIXES)})")
    return files


def _fractions(name: str, raw: Array) -> Array:
    """Return pixels that are in 0 .. 1 already as float32.

    Raises:
        DataError: They are in another range.
    """
    if raw.dtype.kind != "f":
        raise DataError(
            f"the pixels are {raw.dtype}; bytes (uint8), or fractions in 0 .. 1 are needed"
        )
    check_finite(name, raw)
    if raw.size and (raw.min() < -0.001 or raw.max() > 1.001):
        raise DataError(
            f"the pixels are fractions from {raw.min():g} to {raw.max():g}; needed: 0 to 1, or "
            "bytes (uint8)"
        )
    return raw.astype(np.float32, copy=False)
