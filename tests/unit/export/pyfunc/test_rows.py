from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preparation.base import Field
from mtl_search.errors import DataError
from mtl_search.export.pyfunc.rows import are_columns, raw_rows


class _Model:
    """What `raw_rows` asks of a model."""

    preparation = object()

    def __init__(self, *fields: Field) -> None:
        self._fields = fields

    def inputs(self) -> tuple[Field, ...]:
        return self._fields


def rows(given: Any, *fields: Field, **options: Any) -> Any:
    model: Any = _Model(*fields)
    return raw_rows(model, given, **options)


NUMBER = Field("a", "number", "float64")
SENTENCE = Field("sentence", "sentence", "str")
IMAGE = Field("image", "image", "uint8", (3, 4, 4))
LEFT, RIGHT = Field("left", "image", "uint8", (2,)), Field("right", "image", "uint8", (2,))


def test_tables_pass_and_arrays_of_columns_become_plain_values() -> None:
    frame = pd.DataFrame({"a": [1.0]})
    assert rows(frame, NUMBER) is frame
    assert rows({"a": np.array([1, 2])}, NUMBER) == {"a": [1, 2]}
    assert are_columns([NUMBER])
    assert not are_columns([NUMBER, SENTENCE])


@pytest.mark.parametrize(
    "given",
    [
        ["x", "y"],
        np.array(["x", "y"]),
        {"sentence": ["x", "y"]},
        pd.DataFrame({"sentence": ["x", "y"], "number": [1, 2]}),
        pd.DataFrame([["x"], ["y"]]),
        pd.DataFrame({"sentence": [["x", "y"]]}),  # as MLflow reads a mapping of one list of texts
        [{"sentence": "x"}, {"sentence": "y"}],
    ],
)
def test_sentences_become_a_list(given: Any) -> None:
    assert rows(given, SENTENCE) == ["x", "y"]


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(DataError, match=r"lacks the column 'sentence'; it has: 'text'"):
        rows(pd.DataFrame({"text": ["x"]}), SENTENCE)
    with pytest.raises(DataError, match=r"lacks the column 'sentence'; it has: 'text'"):
        rows({"text": ["x"]}, SENTENCE)


def test_paths_of_images_are_taken_only_where_files_are_allowed(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"")
    assert rows([str(file)], IMAGE) == [str(file)]
    with pytest.raises(DataError, match=r"row 0: .* is no image; needed: an image in base64"):
        rows([str(file)], IMAGE, files=False)


def test_whole_numbers_take_the_type_of_training_unless_they_do_not_fit() -> None:
    given = rows({"left": [[1, 2]], "right": [[300, 1]]}, LEFT, RIGHT)
    assert given["left"].dtype == np.uint8
    assert given["right"].dtype == np.int64
    as_rows = rows([{"left": [1, 2], "right": [3, 4]}], LEFT, RIGHT)
    assert as_rows["right"].tolist() == [[3, 4]]
    with pytest.raises(DataError, match="'left' differ in their shape"):
        rows({"left": [[1, 2], [3]]}, LEFT, RIGHT)
