"""The example of a model as the body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.export.pyfunc.signature import input_example

if TYPE_CHECKING:
    from mtl_search.export.model import Model


def example_request(model: Model) -> dict[str, Any]:
    """Return the body of a request with one row, or a few, as plain JSON types.

    Args:
        model: The model.
    """
    example = input_example(model)
    body: dict[str, Any]
    if hasattr(example, "to_dict"):
        body = {"dataframe_records": example.head(1).to_dict("records")}
    elif isinstance(example, Mapping):
        body = {"inputs": {name: np.asarray(array).tolist() for name, array in example.items()}}
    else:
        body = {"inputs": np.asarray(example).tolist()}
    sources = getattr(model.preparation, "sources", None)
    return body if sources is None else {**body, "params": {"source": next(iter(sources))}}
