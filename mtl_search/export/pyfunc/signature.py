"""Signature and input example of a model, as MLflow has them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mtl_search.export.pyfunc.rows import are_columns

if TYPE_CHECKING:
    from mtl_search.export.model import Model

# What the folder of the networks is called among the model's artifacts.
FOLDER = "model"


@dataclass(frozen=True)
class Param:
    """A param of a prediction.

    Attributes:
        dtype: Its type, as MLflow names it.
        default: Its value where none is given.
        shape: The shape of a list; None for a single value.
    """

    dtype: str
    default: Any
    shape: tuple[int, ...] | None = None


PARAMS: Mapping[str, Param] = {
    "tasks": Param("string", [], (-1,)),
    "source": Param("string", ""),
    "batch_size": Param("long", 512),
}


def signature_of(model: Model) -> Any:
    """Return the signature of a model: its columns or views, what it gives, and its params.

    Columns of tables have no type. MLflow refuses whole numbers where it has been told of
    fractions, and numbers where it has been told of texts; training takes both. What each column
    holds is in `described`.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    outputs: list[Any] = [
        ColSpec(_output_type(kind), name) for name, kind in model.outputs().items()
    ]
    params = [ParamSpec(name, p.dtype, p.default, p.shape) for name, p in PARAMS.items()]
    return ModelSignature(_inputs(model), Schema(outputs), ParamSchema(params))


def _inputs(model: Model) -> Any:
    """Return the schema of the inputs.

    It is None where MLflow has no words for them: sources that are prepared differently, and views
    that may be left out or have any number of tokens.
    """
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    fields = model.inputs()
    if getattr(model.preparation, "sources", None) is not None:
        return None
    if are_columns(fields):
        return Schema([ColSpec(AnyType(), field.name) for field in fields])
    if len(fields) == 1 and fields[0].kind in ("image", "sentence"):
        return Schema([ColSpec(AnyType(), fields[0].name)])
    if any(field.optional or -1 in field.shape for field in fields):
        return None
    return Schema(
        [TensorSpec(np.dtype(field.dtype), (-1, *field.shape), field.name) for field in fields]
    )


def _output_type(kind: str) -> Any:
    from mlflow.types import DataType
    from mlflow.types.schema import Array, Object, Property

    if kind == "labels":
        return Array(DataType.string)
    if kind == "spans":
        places = [Property(name, DataType.long) for name in ("start", "end")]
        texts = [Property("tag", DataType.string), Property("text", DataType.string, False)]
        return Array(Object([*places, *texts]))
    return DataType.float if kind == "float32" else DataType.string


def described(model: Model) -> list[dict[str, Any]]:
    """Return the columns or views of a raw input as plain JSON types: kind, type, categories."""
    return [asdict(field) for field in model.inputs()]


def input_example(model: Model) -> Any:
    """Return a small input that MLflow can store and its server can read."""
    import pandas as pd

    example = model.example()
    fields = model.inputs()
    if len(fields) != 1 or fields[0].kind not in ("image", "sentence"):
        return example
    if fields[0].kind == "image" and isinstance(example, np.ndarray):
        example = [_as_base64(image) for image in example]
    return pd.DataFrame({fields[0].name: list(example)})


def _as_base64(pixels: np.ndarray[Any, Any]) -> str:
    """Return the PNG of an image (C, H, V) of bytes as base64."""
    from PIL import Image

    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
