"""Marked sentences as tokens with distances, and as sub-words with marks, tags and spans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mtl_search.data import DataSet
from mtl_search.data.concat import ColumnConcat
from mtl_search.errors import ConfigError
from mtl_search.extras import define_torchvision_schemas

define_torchvision_schemas()  # as whatever loads an encoder does first
transformers = pytest.importorskip(
    "transformers", reason="an optional dependency: pip install 'mtl-search[text]'"
)


def test_positions_are_the_last_two_columns(make_marked: Callable[..., DataSet]) -> None:
    tokens = make_marked().inputs["tokens"]
    assert isinstance(tokens, ColumnConcat)
    assert (tokens.shape, tokens.dtype, len(tokens)) == ((24, 8, 10), np.dtype(np.float32), 24)
    plain_views = make_marked(positions="none").inputs
    rows = np.array([3, 21, 4])
    assert tokens[rows].dtype == np.float32
    assert (tokens[rows][..., :8] == plain_views["tokens"][rows]).all()
    assert (tokens[rows][..., 8] == plain_views["position1"][rows]).all()
    assert (tokens[rows][..., 9] == plain_views["position2"][rows]).all()


@pytest.mark.parametrize("marks", [False, True])
def test_subwords_with_and_without_marks(
    make_marked: Callable[..., DataSet], encoder_folder: Path, marks: bool
) -> None:
    data = make_marked(view="subwords", length=32, marks=marks, tags="e1e2")
    ids, mask, tags = (
        data.inputs["subwords"],
        data.masks["subwords"],
        data.targets["entities"].values,
    )
    assert set(data.inputs) == {"subwords", "spans"}
    assert (ids.dtype, ids.shape) == (np.dtype(np.int64), mask.shape)
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder_folder)
    text = "[CLS] $ the thing3 $ w0 an # old box3 # . [SEP]".replace(
        "$ the thing3 $", "the $ thing3 $"
    )
    text = text if marks else text.replace("$ ", "").replace("# ", "")
    assert ids[3][mask[3]].tolist() == tokenizer(text, add_special_tokens=False)["input_ids"]
    shown = tokenizer.convert_ids_to_tokens(ids[3][tags[3] >= 0].tolist())
    assert shown == ["the", "th", "w", "an", "old", "box", "."], (
        "a tag on the first sub-word of every token"
    )
    assert tags[3][tags[3] >= 0].tolist() == [0, 1, 0, 0, 3, 4, 0]
    assert (tags[~mask] == -1).all()

    spans = data.inputs["spans"][:]
    first, second = (tokenizer.decode(ids[3][spans[3] == number]) for number in (1, 2))
    assert (first, second) == (("$ thing3 $", "# old box3 #") if marks else ("thing3", "old box3"))
    assert (spans[~mask] == 0).all()


def test_subwords_that_do_not_fit_are_counted(
    make_marked: Callable[..., DataSet], caplog: pytest.LogCaptureFixture
) -> None:
    make_marked(view="subwords", length=32)
    assert "lose an entity" not in caplog.text
    make_marked(view="subwords", length=16, marks=True)
    assert "lose an entity after 16 sub-words" in caplog.text


def test_marks_and_signs_must_leave_room_for_tokens(make_marked: Callable[..., DataSet]) -> None:
    with pytest.raises(ConfigError, match="too short for the encoder's own signs") as caught:
        make_marked(view="subwords", length=7)
    assert caught.value.path == "data.length"
    assert len(make_marked(view="subwords", length=8)) == 24
