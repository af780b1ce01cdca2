"""Arrays that need no more than a type and a scale: what an npz file or one's own code holds."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mtl_search.data.preparation.base import Field, Preparation, Prepared, check_finite
from mtl_search.data.readers.memmap import divide
from mtl_search.data.types import Array, InputArray, network_dtype
from mtl_search.errors import DataError, listed, nearest

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArrayView:
    """What a view of raw arrays looks like.

    Attributes:
        shape: The shape of one sample.
        raw_dtype: The type of the values as they were read.
        scale: The number by which they are divided.
        mask: Whether the view has a mask.
        key: The key of the array in an npz file or folder; empty: the name of the view.
        mask_key: The key of its mask there; empty: `<view>_mask`.
    """

    shape: tuple[int, ...]
    raw_dtype: str
    scale: float = 1.0
    mask: bool = False
    key: str = ""
    mask_key: str = ""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type in which the network reads them."""
        if self.scale != 1.0:
            return np.dtype(np.float32)
        return network_dtype(np.dtype(self.raw_dtype), self.key)

    def prepare(self, name: str, raw: Any) -> Array:
        """Convert and scale an array.

        Raises:
            DataError: It is not what training saw.
        """
        array = np.asarray(raw)
        if array.dtype.kind not in "fiub":
            raise DataError(
                f"view {name!r} has values of type {array.dtype}; numbers are needed, of type "
                f"{self.raw_dtype}"
            )
        self._check_shape(name, array)
        is_whole = self.dtype.kind == "i"
        if is_whole and array.dtype.kind == "f":
            raise DataError(
                f"view {name!r} has values of type {array.dtype}; training saw whole numbers "
                f"({self.raw_dtype}), such as those of tokens"
            )
        if not is_whole and self.scale == 1.0 and array.dtype.kind in "iu":
            # Whole numbers of a view of fractions are the same numbers, bytes included.
            array = array.astype(np.float32)
        # A number too large for float32 becomes infinite, which is refused.
        with np.errstate(over="ignore"):
            converted = array.astype(network_dtype(array.dtype, name), copy=False)
        check_finite(name, converted)
        return divide(converted, self.scale)

    def may_be_prepared(self, values: Any) -> bool:
        """Return whether values may be scaled already: bytes are at most 255 divided by it."""
        if self.scale == 1.0 or self.raw_dtype != "uint8":
            return True
        highest = float(np.max(values, initial=0.0))
        return highest <= 255 / self.scale * (1 + 1e-5)

    def _check_shape(self, name: str, array: Array) -> None:
        given = array.shape[1:]
        # Tokens may be more or fewer than training's, where a mask says which are real.
        expected = (given[:1] + self.shape[1:]) if self.mask and given else self.shape
        if array.ndim and given == expected:
            return
        hint = ""
        if given == (*self.shape[1:], *self.shape[:1]) and len(self.shape) == 3:
            hint = " (channels come first)"
        elif array.shape == self.shape:
            hint = f" (one sample is `{name}[None]`)"
        raise DataError(
            f"view {name!r} has the shape {_text(array.shape)}; training saw "
            f"{_text(('N', *self.shape))}{hint}"
        )


@dataclass(frozen=True)
class ArraysPreparation(Preparation):
    """Views that are arrays: their shape, type and scale.

    Raw rows are a mapping from view to array (N, ...), with the mask of a view under
    `<view>_mask`; one array where there is one view; or an npz file or folder of npy files.

    Attributes:
        views: View → what it looks like.
        required: The views that may not be left out; None: all.
    """

    views: Mapping[str, ArrayView]
    required: tuple[str, ...] | None = None

    chunk: ClassVar[int] = 512
    stored_name: ClassVar[str] = "arrays"

    @classmethod
    def of(cls, inputs: Mapping[str, InputArray], masks: Collection[str] = ()) -> ArraysPreparation:
        """Return the preparation of arrays that are given as the network reads them.

        Args:
            inputs: View → array (N, ...).
            masks: The views that have a mask.
        """
        return cls(
            {
                name: ArrayView(
                    tuple(x.shape[1:]),
                    np.dtype(x.dtype).name,
                    mask=name in masks,
                )
                for name, x in inputs.items()
            }
        )

    def transform(self, raw: Any) -> Prepared:
        """Check, convert and scale arrays."""
        given = self._mapping(raw)
        inputs = {}
        masks = {}
        for name, view in self.views.items():
            if name not in given:
                continue
            inputs[name] = view.prepare(name, given[name])
            if view.mask and f"{name}_mask" in given:
                masks[name] = _checked_mask(name, given[f"{name}_mask"], inputs[name])
        lengths = {name: len(x) for name, x in inputs.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"the views of the input differ in length: {lengths}")
        if 0 in lengths.values():
            raise DataError("the input has no rows")
        return Prepared(inputs, masks)

    def to_json(self) -> dict[str, Any]:
        """Return shape, type and scale of every view."""
        return {"views": {name: asdict(view) for name, view in self.views.items()}}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> ArraysPreparation:
        """Read what `to_json` returned."""
        return cls(
            {
                name: ArrayView(**{**view, "shape": tuple(view["shape"])})
                for name, view in tree["views"].items()
            }
        )

    def describe(self) -> tuple[Field, ...]:
        """Return the views, and the masks of those that have one."""
        fields = []
        for name, view in self.views.items():
            shape = (-1, *view.shape[1:]) if view.mask else view.shape
            fields.append(
                Field(name, "array", view.raw_dtype, shape, optional=name not in self._required)
            )
            if view.mask:
                fields.append(Field(f"{name}_mask", "array", "bool", (-1,), optional=True))
        return tuple(fields)

    def example(self) -> dict[str, Array]:
        """Return one sample of zeros."""
        rows = {}
        for name, view in self.views.items():
            if name not in self._required:
                continue
            rows[name] = np.zeros((1, *view.shape), view.raw_dtype)
            if view.mask:
                rows[f"{name}_mask"] = np.ones((1, *view.shape[:1]), np.bool_)
        return rows

    def read(self, path: Path, size: int) -> Iterator[dict[str, Array]]:
        """Yield the rows of an npz file or a folder of npy files, `size` at a time."""
        keys: dict[str, str] = {}
        for name, view in self.views.items():
            keys[name] = view.key or name
            if view.mask:
                keys[f"{name}_mask"] = view.mask_key or f"{name}_mask"
        arrays, others = _open_arrays(path, set(keys.values()))
        if not arrays:
            wanted = ", ".join(view.key or name for name, view in self.views.items())
            raise DataError(f"{path} has no array {wanted}; it has: {', '.join(others) or 'none'}")
        rows = {name: arrays[key] for name, key in keys.items() if key in arrays}
        for name in rows:
            mask = keys.get(f"{name}_mask")
            if mask is not None and mask not in arrays:
                logger.warning("%s has no mask %s: all tokens of %r are real", path, mask, name)
        yield from self.batches(rows, size)

    def may_be_prepared(self, views: Mapping[str, Any]) -> bool:
        """Return whether no view exceeds what scaled bytes can be."""
        return all(
            view.may_be_prepared(views[name]) for name, view in self.views.items() if name in views
        )

    def for_views(self, views: Collection[str]) -> ArraysPreparation:
        """Return a preparation that may leave out other views than these."""
        return replace(self, required=tuple(view for view in self.views if view in views))

    @property
    def _required(self) -> tuple[str, ...]:
        return tuple(self.views) if self.required is None else self.required

    def _mapping(self, raw: Any) -> Mapping[str, Any]:
        """Return view → array.

        Raises:
            DataError: A view is missing.
        """
        if not isinstance(raw, Mapping):
            if len(self._required) != 1:
                raise DataError(
                    f"the input is a {type(raw).__name__}; a mapping with the views "
                    f"{', '.join(self._required)} is needed"
                )
            return {self._required[0]: raw}
        for name in self._required:
            if name not in raw:
                near = nearest(name, map(str, raw))
                hint = f" (did you mean {near!r}?)" if near else ""
                given = listed(raw) or "nothing"
                raise DataError(f"the input lacks the view {name!r}{hint}; it has: {given}")
        return raw


def _checked_mask(name: str, raw: Any, inputs: Array) -> Array:
    mask = np.asarray(raw).astype(np.bool_)
    if mask.shape != inputs.shape[:2]:
        raise DataError(
            f"the mask of {name!r} has the shape {_text(mask.shape)}; needed: "
            f"{_text(inputs.shape[:2])}"
        )
    return mask


def _open_arrays(path: Path, keys: Collection[str]) -> tuple[dict[str, Array], list[str]]:
    """Open some arrays of an npz file, or of a folder of npy files as memory maps.

    Returns:
        The arrays by key, and the keys of the others, which are not read.
    """
    try:
        if path.is_dir():
            files = {file.stem: file for file in sorted(path.glob("*.npy"))}
            found = {
                key: np.load(file, mmap_mode="r", allow_pickle=False)
                for key, file in files.items()
                if key in keys
            }
            return found, [key for key in files if key not in keys]
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.lib.npyio.NpzFile):
            with loaded:
                found = {key: loaded[key] for key in loaded.files if key in keys}
            return found, [key for key in loaded.files if key not in keys]
    except (OSError, ValueError, EOFError) as error:
        message = f"{path} is neither an npz file nor a folder of npy files, which this model reads"
        # NumPy takes whatever it does not know for a pickle, and would have it trusted.
        detail = "" if "pickle" in str(error) else f" ({error})"
        raise DataError(message + detail) from None
    raise DataError(f"{path} is a single array; an npz file or a folder of npy is needed")


def _text(shape: tuple[Any, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
