"""What MLflow hands to a model → raw rows as `Model.predict` takes them."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.data.preparation.base import Field, RowError
from mtl_search.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from mtl_search.export.model import Model

_PREFIX = "data:image/"


def raw_rows(model: Model, given: Any, *, files: bool = True) -> Any:
    """Return raw rows from those that came through MLflow, whose forms are fewer.

    Args:
        model: The model that is to read them.
        given: A data frame, a list, an array, or a mapping of columns or views.
        files: Whether images may be named by the path of a file on this machine.

    Raises:
        DataError: The rows are in a form that cannot be read.
    """
    if model.preparation is None:
        return given
    fields = model.inputs()
    if are_columns(fields):
        return _listed(given)
    if len(fields) == 1 and fields[0].kind in ("image", "sentence"):
        return _one_column(fields[0], given, files=files)
    return _views(fields, given)


def are_columns(fields: Sequence[Field]) -> bool:
    """Return whether the fields of a model are the columns of a table."""
    return all(field.kind in ("number", "category") for field in fields)


def _listed(given: Any) -> Any:
    """Return a table whose cells are Python's own where it came as a mapping of arrays."""
    if isinstance(given, Mapping):
        return {name: x.tolist() if isinstance(x, np.ndarray) else x for name, x in given.items()}
    return given


def _one_column(field: Field, given: Any, *, files: bool) -> Any:
    """Return the images or sentences of rows as a list."""
    if hasattr(given, "columns"):
        given = _column(field, given)
    elif isinstance(given, Mapping):
        if field.name not in given:
            raise _lacks(field, given)
        given = given[field.name]
    elif isinstance(given, Sequence) and given and all(isinstance(x, Mapping) for x in given):
        # Rows as mappings; a sentence may be a mapping itself, of its tokens.
        given = [row.get(field.name, row) for row in given]
    if isinstance(given, str | bytes):
        given = [given]
    elif isinstance(given, np.ndarray) and given.dtype.kind in "fiub":
        return _as_pixels(field, given)
    values = [value.item() if hasattr(value, "item") else value for value in given]
    if len(values) == 1 and isinstance(values[0], list):
        # Of a mapping of one list of texts MLflow makes a frame of one row.
        values = values[0] if all(isinstance(x, str) for x in values[0]) else values
    if field.kind != "image":
        return values
    if values and all(isinstance(value, list) for value in values):
        return _as_pixels(field, _array(field.name, values))
    return [_image(row, value, files=files) for row, value in enumerate(values)]


def _column(field: Field, frame: pd.DataFrame) -> Any:
    if field.name in frame.columns:
        return list(frame[field.name])
    if list(map(str, frame.columns)) == ["0"]:  # a list, of which MLflow made a frame
        return list(frame.iloc[:, 0])
    if field.kind == "sentence" and "tokens" in frame.columns:
        return frame.to_dict("records")
    raise _lacks(field, frame.columns)


def _lacks(field: Field, names: Any) -> DataError:
    listed = ", ".join(map(repr, names)) or "none"
    return DataError(f"the input lacks the column {field.name!r}; it has: {listed}")


def _image(row: int, value: Any, *, files: bool) -> Any:
    """Return the path of an image, or an image that came as base64.

    Raises:
        RowError: It is neither.
    """
    if isinstance(value, str) and value.startswith(_PREFIX):
        value = value.partition(",")[2]
    elif files and isinstance(value, str | Path) and Path(value).expanduser().is_file():
        return value
    try:
        content = value if isinstance(value, bytes) else base64.b64decode(value, validate=True)
        return _opened(content)
    except (binascii.Error, ValueError, TypeError, OSError) as error:
        needed = "the path of an image, or one in base64" if files else "an image in base64"
        shown = value if isinstance(value, str) else type(value).__name__
        raise RowError(
            "row", row, f": {shown[:40]!r} is no image; needed: {needed} ({type(error).__name__})"
        ) from None


def _opened(content: bytes) -> Any:
    from PIL import Image

    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def _views(fields: Sequence[Field], given: Any) -> Any:
    """Return view → array, each in the type of its field where no value is lost.

    Raises:
        DataError: Samples of a view differ in their shape.
    """
    if hasattr(given, "columns"):
        given = {str(name): list(given[name]) for name in given.columns}
    elif isinstance(given, Sequence) and given and all(isinstance(x, Mapping) for x in given):
        given = {str(name): [row.get(name) for row in given] for name in given[0]}
    if not isinstance(given, Mapping):
        return _as_pixels(fields[0], _array(fields[0].name, given)) if fields else given
    known = {field.name: field for field in fields}
    return {
        name: _as_pixels(known[name], _array(name, values)) if name in known else values
        for name, values in given.items()
    }


def _array(name: str, values: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(f"the samples of {name!r} differ in their shape") from None


def _as_pixels(field: Field, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return whole numbers, which JSON gives no type, in the type that training saw."""
    wanted = np.dtype(field.dtype)
    if array.dtype == wanted or array.dtype.kind not in "iu" or wanted.kind not in "iu":
        return array
    limits = np.iinfo(wanted)
    fits = not array.size or (array.min() >= limits.min and array.max() <= limits.max)
    return array.astype(wanted) if fits else array
