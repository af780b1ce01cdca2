"""Names, values and parts of the text, by the rules of the metrics."""

from __future__ import annotations

import numpy as np
import torch

from mtl_search.data.dataset import Target
from mtl_search.data.preparation.base import TokenText
from mtl_search.data.preparation.decode import decode, decode_tags, outputs_of
from mtl_search.metrics.span_f1 import spans

NAMES = ("O", "B-e1", "I-e1", "B-e2", "I-e2", "X")


def test_every_kind_of_target() -> None:
    flag = Target(np.array([0, 1]), "binary", ("no", "yes"))
    columns = decode("flag", flag, np.array([0.5, 0.6]))
    assert columns["flag"].tolist() == ["no", "yes"]  # 0.5 is not above the threshold
    assert list(columns) == list(outputs_of("flag", flag)) == ["flag", "flag:yes"]
    labels = Target(np.zeros((2, 2), int), "multilabel", ("p", "q"))
    columns = decode("l", labels, np.array([[0.9, 0.1], [0.8, 0.7]]))
    assert columns["l"] == [["p"], ["p", "q"]]
    assert list(columns) == list(outputs_of("l", labels))
    vector = Target(np.zeros((2, 2)), "vector", ("x", "y"))
    columns = decode("v", vector, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert {name: list(x) for name, x in columns.items()} == {"v:x": [1, 3], "v:y": [2, 4]}
    assert list(columns) == list(outputs_of("v", vector))
    assert decode("r", Target(np.zeros(2), "real"), np.array([7.0]))["r"].tolist() == [7]


def test_entities_are_those_of_the_metric() -> None:
    rng = np.random.default_rng(0)
    tags = rng.integers(-1, len(NAMES), (200, 9))
    ours = [
        (row, span["start"], span["end"])
        for row, sentence in enumerate(decode_tags(tags, NAMES))
        for span in sentence
    ]
    rows, columns = np.nonzero(tags >= 0)
    found = spans(torch.from_numpy(tags[rows, columns]), torch.from_numpy(rows), NAMES).tolist()
    expected = [(rows[first], columns[first], columns[last] + 1) for first, last, _ in found]
    assert ours == expected


def test_places_are_those_of_the_text() -> None:
    text = "The <e1>old</e1> box."
    sentence = TokenText(text, ("The", "old", "box", "."), (0, 8, 17, 20), (3, 11, 20, 21),
                         (0, 1, 2, -1))  # fmt: skip
    (found,) = decode_tags(np.array([[0, 1, 2]]), NAMES, [sentence])
    assert found == [{"start": 8, "end": 20, "text": "old box", "tag": "e1"}]
    tokens = TokenText("", ("The", "old", "box"), (0, 1, 2), (1, 2, 3), (0, 1, 2))
    (found,) = decode_tags(np.array([[0, 1, 2]]), NAMES, [tokens])
    assert found == [{"start": 1, "end": 3, "text": "old box", "tag": "e1"}]
