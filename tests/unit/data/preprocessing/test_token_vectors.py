"""Frozen token vectors and sub-words of a tiny BERT with random weights, made here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.data import DataSet
from mtl_search.data.preprocessing.encoders import encoder_source, load_tokenizer
from mtl_search.data.preprocessing.token_vectors import subwords
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.extras import define_torchvision_schemas
from tests.support.encoders import write_encoder

define_torchvision_schemas()  # as whatever loads an encoder does first
transformers = pytest.importorskip(
    "transformers", reason="an optional dependency: pip install 'mtl-search[text]'"
)


def test_vectors_are_the_means_of_sub_words_in_the_whole_sentence(
    make_marked: Callable[..., DataSet], encoder_folder: Path
) -> None:
    data = make_marked(positions="none")
    tokens, mask = data.inputs["tokens"], data.masks["tokens"]
    assert (tokens.shape, tokens.dtype) == ((24, 8, 8), np.dtype(np.float32))
    assert isinstance(tokens, MemmapArray), "they are streamed, not held in every worker's memory"
    tokenizer = transformers.AutoTokenizer.from_pretrained(encoder_folder)
    model = transformers.AutoModel.from_pretrained(encoder_folder).eval()
    # Sentence 100: The thing100 w0 w1 w2 an old box100 .   with pieces th ing 1 0 0, w 0, box 1 0 0
    encoded = tokenizer("the thing100 w0 w1 w2 an old box100 .", return_tensors="pt")
    with torch.no_grad():
        hidden = model(**encoded)[0][0]
    pieces = [
        range(1, 2),
        range(2, 7),
        range(7, 9),
        range(9, 11),
        range(11, 13),
        range(13, 14),
        range(14, 15),
    ]
    wanted = np.stack([hidden[list(piece)].mean(0).numpy() for piece in [*pieces, range(15, 19)]])
    np.testing.assert_allclose(tokens[20:21][0], wanted, atol=2e-3)  # kept in half precision
    assert not tokens[:][~mask].any()


def test_vectors_are_computed_once(
    make_marked: Callable[..., DataSet],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    first = make_marked()
    assert "100 % of 24 sentences" in caplog.text
    (file,) = (tmp_path / "cache" / "token_vectors").iterdir()
    written = file.stat().st_mtime_ns

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the encoder is run again")

    monkeypatch.setattr("mtl_search.data.preprocessing.token_vectors.FrozenEncoder.write", fail)
    again = make_marked(seed=5, directed=False, tags="e1e2")
    assert (again.inputs["tokens"][:] == first.inputs["tokens"][:]).all()
    assert file.stat().st_mtime_ns == written
    for changed in ({"length": 7},):
        with pytest.raises(AssertionError, match="run again"):
            make_marked(**changed)


def test_another_encoder_gets_vectors_of_its_own(
    make_marked: Callable[..., DataSet], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = write_encoder(tmp_path / "other", seed=1)
    assert (
        make_marked().inputs["tokens"][:] != make_marked(encoder=str(other)).inputs["tokens"][:]
    ).any()
    write_encoder(other, seed=0)  # other weights of the same size, in the same place
    assert (
        make_marked().inputs["tokens"][:] == make_marked(encoder=str(other)).inputs["tokens"][:]
    ).all()


def test_a_run_that_dies_leaves_no_half_file(
    make_marked: Callable[..., DataSet], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mtl_search.data.preprocessing.token_vectors._mean_by_word", fail)
        with pytest.raises(KeyboardInterrupt):
            make_marked()
    assert list((tmp_path / "cache" / "token_vectors").iterdir()) == []
    assert make_marked().inputs["tokens"][:].any()


def test_longest_is_kept(encoder_folder: Path) -> None:
    tokenizer = load_tokenizer("encoder", encoder_source("encoder", str(encoder_folder)).name)
    parts = subwords(tokenizer, [["the"] * 50, ["box"]], longest=10)
    assert parts.ids.shape == (2, 10)
    assert parts.words[0].tolist() == [-1, *range(8), -1]
    assert parts.words[1].tolist() == [-1, 0, *[-1] * 8]
