"""Frozen token vectors and sub-words of a tiny BERT with random weights, made here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.data import DataSet
from mtl_search.data.concat import ColumnConcat
from mtl_search.data.datasets.semeval import semeval
from mtl_search.data.preprocessing.token_vectors import encoder_source, load_tokenizer, subwords
from mtl_search.data.readers.memmap import MemmapArray
from mtl_search.errors import ConfigError
from mtl_search.extras import define_torchvision_schemas
from tests.support.marked_files import plain, write_marked

define_torchvision_schemas()  # as whatever loads an encoder does first
transformers = pytest.importorskip(
    "transformers", reason="an optional dependency: pip install 'mtl-search[text]'"
)

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "the",
    "th",
    "##ing",
    "w",
    "an",
    "old",
    "box",
    ".",
    "$",
    "#",
]
WORDS += [*"0123456789", *(f"##{digit}" for digit in "0123456789")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("tiny"), seed=0)


def write_encoder(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    (path / "vocab.txt").write_text("\n".join(WORDS))
    transformers.BertTokenizerFast(str(path / "vocab.txt"), do_lower_case=True).save_pretrained(
        path
    )
    sizes = {
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    config = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes)
    transformers.BertModel(config).save_pretrained(path)
    return path


@pytest.fixture
def make(tmp_path: Path, folder: Path) -> Callable[..., DataSet]:
    def make(**arguments: Any) -> DataSet:
        own = write_marked(tmp_path / "train.txt", [plain(k) for k in range(20)])
        official = write_marked(
            tmp_path / "test.txt", [plain(100 + k, between=3) for k in range(4)], start=101
        )
        given = {
            "encoder": str(folder),
            "length": 8,
            "validation": 0.2,
            "cache": str(tmp_path / "cache"),
        }
        return semeval(str(own), str(official), **{**given, **arguments})

    return make


def test_vectors_are_the_means_of_sub_words_in_the_whole_sentence(
    make: Callable[..., DataSet], folder: Path
) -> None:
    data = make(positions="none")
    tokens, mask = data.inputs["tokens"], data.masks["tokens"]
    assert (tokens.shape, tokens.dtype) == ((24, 8, 8), np.dtype(np.float32))
    assert isinstance(tokens, MemmapArray), "they are streamed, not held in every worker's memory"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
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
    make: Callable[..., DataSet],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    first = make()
    assert "100 % of 24 sentences" in caplog.text
    (file,) = (tmp_path / "cache" / "token_vectors").iterdir()
    written = file.stat().st_mtime_ns

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the encoder is run again")

    monkeypatch.setattr("mtl_search.data.preprocessing.token_vectors._write_vectors", fail)
    again = make(seed=5, directed=False, tags="e1e2")
    assert (again.inputs["tokens"][:] == first.inputs["tokens"][:]).all()
    assert file.stat().st_mtime_ns == written
    for changed in ({"length": 7},):
        with pytest.raises(AssertionError, match="run again"):
            make(**changed)


def test_another_encoder_gets_vectors_of_its_own(
    make: Callable[..., DataSet], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = write_encoder(tmp_path / "other", seed=1)
    assert (make().inputs["tokens"][:] != make(encoder=str(other)).inputs["tokens"][:]).any()
    write_encoder(other, seed=0)  # other weights of the same size, in the same place
    assert (make().inputs["tokens"][:] == make(encoder=str(other)).inputs["tokens"][:]).all()


def test_a_run_that_dies_leaves_no_half_file(
    make: Callable[..., DataSet], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mtl_search.data.preprocessing.token_vectors._mean_by_word", fail)
        with pytest.raises(KeyboardInterrupt):
            make()
    assert list((tmp_path / "cache" / "token_vectors").iterdir()) == []
    assert make().inputs["tokens"][:].any()


def test_positions_are_the_last_two_columns(make: Callable[..., DataSet]) -> None:
    tokens = make().inputs["tokens"]
    assert isinstance(tokens, ColumnConcat)
    assert (tokens.shape, tokens.dtype, len(tokens)) == ((24, 8, 10), np.dtype(np.float32), 24)
    plain_views = make(positions="none").inputs
    rows = np.array([3, 21, 4])
    assert tokens[rows].dtype == np.float32
    assert (tokens[rows][..., :8] == plain_views["tokens"][rows]).all()
    assert (tokens[rows][..., 8] == plain_views["position1"][rows]).all()
    assert (tokens[rows][..., 9] == plain_views["position2"][rows]).all()


@pytest.mark.parametrize("marks", [False, True])
def test_subwords_with_and_without_marks(
    make: Callable[..., DataSet], folder: Path, marks: bool
) -> None:
    data = make(view="subwords", length=32, marks=marks, tags="e1e2")
    ids, mask, tags = (
        data.inputs["subwords"],
        data.masks["subwords"],
        data.targets["entities"].values,
    )
    assert set(data.inputs) == {"subwords", "spans"}
    assert (ids.dtype, ids.shape) == (np.dtype(np.int64), mask.shape)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
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
    make: Callable[..., DataSet], caplog: pytest.LogCaptureFixture
) -> None:
    make(view="subwords", length=32)
    assert "lose an entity" not in caplog.text
    make(view="subwords", length=16, marks=True)
    assert "lose an entity after 16 sub-words" in caplog.text


def test_longest_is_kept(folder: Path) -> None:
    tokenizer = load_tokenizer("encoder", encoder_source("encoder", str(folder)).name)
    parts = subwords(tokenizer, [["the"] * 50, ["box"]], longest=10)
    assert parts.ids.shape == (2, 10)
    assert parts.words[0].tolist() == [-1, *range(8), -1]
    assert parts.words[1].tolist() == [-1, 0, *[-1] * 8]


def test_a_folder_without_an_encoder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="this folder holds no encoder") as caught:
        load_tokenizer("encoder", str(tmp_path / "empty"))
    assert caught.value.path == "data.encoder"
    assert len(str(caught.value).splitlines()) == 2
