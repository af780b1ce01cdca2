from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest

from mtl_search.export.pyfunc.signature import PARAMS, described, input_example, signature_of
from tests.support.small_models import trained


def test_it_names_columns_outputs_and_params(tmp_path: Path) -> None:
    _, model = trained("penguins", tmp_path)
    signature = signature_of(model)
    assert signature.inputs.input_names() == [field.name for field in model.inputs()]
    assert signature.outputs.input_names() == list(model.outputs())
    assert [param.name for param in signature.params.params] == list(PARAMS)
    assert described(model)[1]["values"] == ("Biscoe", "Dream", "Torgersen")
    assert list(input_example(model).columns) == signature.inputs.input_names()


@pytest.mark.parametrize(("name", "inputs"), [("arrays", None), ("sources", None), ("pairs", 2)])
def test_views_are_tensors_unless_they_may_be_left_out(
    name: str, inputs: int | None, tmp_path: Path
) -> None:
    _, model = trained(name, tmp_path)
    schema = signature_of(model).inputs
    assert (None if schema is None else len(schema.inputs)) == inputs
    assert schema is None or schema.is_tensor_spec()


def test_spans_are_lists_of_objects_and_images_are_base64(tmp_path: Path) -> None:
    _, model = trained("sentences", tmp_path / "sentences")
    (entities,) = [x for x in signature_of(model).outputs.inputs if x.name == "entities"]
    assert {p.name for p in entities.type.dtype.properties} == {"start", "end", "text", "tag"}
    pillow = pytest.importorskip("PIL.Image")
    _, model = trained("images", tmp_path / "images")
    (text,) = input_example(model)["image"]
    assert pillow.open(io.BytesIO(base64.b64decode(text))).size == (6, 8)
