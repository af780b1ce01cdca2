"""The contract of a preparation of the user's: stored and read again, it prepares rows alike."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from mtl_search.data.dataset import DataSet
from mtl_search.data.preparation.base import Field, Preparation, Prepared
from mtl_search.errors import DataError, MtlSearchError, first_line


def check_own_preparation(data: DataSet) -> None:
    """Prepare the example of a preparation of the user's, before and after it was stored.

    Args:
        data: The data set; a preparation of ours is not tried.

    Raises:
        DataError: It fails, or prepares rows otherwise than the data set has them.
    """
    preparation = data.preparation
    if preparation is None or preparation.stored_name:
        return
    part = f"the preparation {type(preparation).__name__}"
    try:
        stored = json.loads(json.dumps(preparation.to_json()))
        read = type(preparation).from_json(stored)
        before, after = (x.transform(preparation.example()) for x in (preparation, read))
        _check(part, preparation, before, data)
        _check(part, preparation, after, data)
    except MtlSearchError:
        raise
    except Exception as error:  # code of the user's may raise anything
        reason = f"{type(error).__name__}: {first_line(error)[:300]}"
        raise DataError(f"{part} fails on its own example: {reason}") from error
    for view, x in before.inputs.items():
        if not np.array_equal(x, after.inputs[view]):
            raise DataError(
                f"{part} prepares its example in another way after `from_json` of its `to_json`; "
                "return all that was fitted"
            )


def _check(part: str, preparation: Preparation, prepared: object, data: DataSet) -> None:
    if not isinstance(prepared, Prepared) or not isinstance(prepared.inputs, Mapping):
        kind = type(prepared).__name__
        raise DataError(f"{part} returns a {kind}, and needed is a mtl_search.data.Prepared")
    for view, x in prepared.inputs.items():
        needed = data.inputs.get(view)
        if needed is None:
            raise DataError(f"{part} makes the view {view!r}, which the data set has not")
        if np.shape(x)[1:] != tuple(needed.shape[1:]) or x.dtype != needed.dtype:
            raise DataError(
                f"{part} makes the view {view!r} of {x.dtype} (rows, {np.shape(x)[1:]}), and the "
                f"data set has {needed.dtype} (rows, {tuple(needed.shape[1:])})"
            )
    fields = preparation.describe()
    if not fields or not all(isinstance(field, Field) for field in fields):
        raise DataError(f"`describe` of {part} is to return a tuple of mtl_search.data.Field")
