"""Sentences in every form, and what is said of those that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_search.data.preparation.sentences import SentencesPreparation
from mtl_search.errors import DataError

WORDS = {"the": 2, "child": 3, "is": 4, "in": 5, "cradle": 6, ".": 7}
PREPARATION = SentencesPreparation(
    "tokens", 8, "input", marks=True, distinguish=False, vocabulary=WORDS
)
TEXT = "The <e1>child</e1> is in the <e2>cradle</e2>."
TOKENS = {
    "tokens": ["The", "child", "is", "in", "the", "cradle", "."], "e1": [1, 2], "e2": [5, 6],
}  # fmt: skip


def test_a_sentence_in_every_form(tmp_path: Path) -> None:
    prepared = PREPARATION.transform([TEXT])
    assert prepared.inputs["tokens"][0, :, 0].tolist() == [2, 3, 4, 5, 2, 6, 7, 0]
    assert prepared.texts is not None
    (text,) = prepared.texts
    places = zip(text.starts, text.stops, strict=True)
    assert tuple(TEXT[start:stop] for start, stop in places) == text.tokens
    (tmp_path / "a.txt").write_text(f"{TEXT}\n\n{TEXT}\n")
    (tmp_path / "s.txt").write_text(f'1\t"{TEXT}"\nOther\nComment:\n\n2\t"{TEXT}"\nOther\n')
    (tmp_path / "a.json").write_text(json.dumps([TEXT, TOKENS]))
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(TEXT)}\n{json.dumps(TOKENS)}\n")
    pd.DataFrame({"sentence": [TEXT, TEXT]}).to_csv(tmp_path / "a.csv")
    forms: list[Any] = [[TOKENS, f'"{TEXT}"'], pd.DataFrame({"sentence": [TEXT, TEXT]})]
    for name in ("a.txt", "s.txt", "a.json", "a.jsonl", "a.csv"):
        (batch,) = PREPARATION.read(tmp_path / name, 10)
        forms.append(batch)
    for raw in forms:
        both = PREPARATION.transform(raw).inputs["tokens"]
        np.testing.assert_array_equal(both, np.repeat(prepared.inputs["tokens"], 2, axis=0))


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ([TEXT, "no marks"], "row 1: <e1>...</e1> and <e2>...</e2> are needed, once each"),
        ([TEXT, 3], "row 1 is a int; a sentence is needed"),
        ([{"tokens": ["a"]}], "row 0; needed: ."),
        ([{**TOKENS, "e2": [5, 9]}], "row 0 has an entity from 5 to 9 of 7 tokens"),
        (3, "a list of sentences is needed"),
        (pd.DataFrame({"text": [TEXT]}), "no column 'sentence'; it has: text"),
    ],
)
def test_mistakes(raw: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        PREPARATION.transform(raw)


def test_one_sentence_is_no_path() -> None:
    with pytest.raises(DataError, match=r"a list of sentences is needed"):
        next(PREPARATION.batches(TEXT, 1))
    with pytest.raises(DataError, match=r"cannot read sentences from"):
        next(PREPARATION.batches("no_such.txt", 1))


def test_marks_are_needed_only_where_the_network_reads_them() -> None:
    views = SentencesPreparation(
        "tokens", 8, "none", marks=False, distinguish=False, vocabulary=WORDS
    )
    for preparation in (PREPARATION.for_views({"tokens"}), views.for_views({"position1"})):
        assert preparation.needs_entities
    tagger = views.for_views({"tokens"})
    assert not tagger.needs_entities
    tokens = {"tokens": ["a", "b", "c"]}
    assert tagger.transform([tokens]).inputs["tokens"].shape[0] == 1
    with pytest.raises(DataError, match="row 0; needed"):
        views.transform([tokens])
    assert tagger.transform(["The child"]).inputs["tokens"][0, :2].tolist() == [2, 3]


def test_an_encoder_that_is_not_here() -> None:
    lost = SentencesPreparation(
        "subwords", 16, "input", marks=True, distinguish=False, encoder="./no/such/encoder"
    )
    with pytest.raises(DataError, match=r"'./no/such/encoder', which prepared the sentences"):
        lost.transform([TEXT])
