"""`semeval`: no sentence in two splits, positions and tags at the right tokens, losses reported."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.semeval import semeval
from mtl_search.data.readers.semeval_text import DIRECTED
from mtl_search.errors import ConfigError, DataError
from tests.support.marked_files import plain, write_marked
from tests.unit.data.conftest import Build

Make = Callable[..., DataSet]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The data set over 20 training and 4 test sentences, or those given."""

    def make(
        train: list[str] | None = None, test: list[str] | None = None, **arguments: Any
    ) -> DataSet:
        own = write_marked(tmp_path / "train.txt", train or [plain(k) for k in range(20)])
        official = write_marked(
            tmp_path / "test.txt", test or [plain(100 + k) for k in range(4)], start=101
        )
        return semeval(str(own), str(official), **{"length": 8, "validation": 0.2, **arguments})

    return make


def test_shapes_and_splits(make: Make) -> None:
    data = make()
    assert {name: len(data.splits[name]) for name in SPLITS} == {
        "train": 16,
        "validation": 4,
        "test": 4,
    }
    assert data.splits["test"].tolist() == [20, 21, 22, 23]
    assert {name: (x.shape, x.dtype) for name, x in data.inputs.items()} == {
        "tokens": ((24, 8, 3), np.dtype(np.int64))
    }
    assert data.masks["tokens"].sum(1).tolist() == [7] * 24
    assert data.targets["relation"].classes == DIRECTED
    assert data.targets["entities"].classes == ("O", "B-entity", "I-entity")


def test_positions_and_tags_of_one_sentence(make: Make) -> None:
    data = make(positions="none", tags="e1e2")
    names = data.targets["entities"].classes
    # The thing w0 an old box . (padding)
    assert [names[k] if k >= 0 else "" for k in data.targets["entities"].values[0]] == [
        "O", "B-e1", "O", "O", "B-e2", "I-e2", "O", "",
    ]  # fmt: skip
    assert data.inputs["position1"][0].tolist() == [7, 8, 9, 10, 11, 12, 13, 0]
    assert data.inputs["position2"][0].tolist() == [4, 5, 6, 7, 8, 8, 9, 0]
    assert set(data.masks) == {"tokens", "position1", "position2"}


def test_positions_as_input_are_the_same_numbers_beside_the_tokens(make: Make) -> None:
    beside, own = make(), make(positions="none")
    assert own.inputs["tokens"].shape == (24, 8), "or the strict tagger would see the positions"
    both = beside.inputs["tokens"][:]
    assert (both[..., 0] == own.inputs["tokens"][:]).all()
    assert (both[..., 1] == own.inputs["position1"][:]).all()
    assert (both[..., 2] == own.inputs["position2"][:]).all()


def test_words_are_numbered_by_the_train_split_alone(make: Make) -> None:
    data = make(positions="none")
    numbers, mask = data.inputs["tokens"][:], data.masks["tokens"]
    assert (numbers[~mask] == 0).all()
    assert (numbers[mask] > 0).all()
    for split, unknown in (("train", False), ("validation", True), ("test", True)):
        assert (numbers[data.splits[split], 1] == 1).all() == unknown  # thing<number> occurs once
        assert (numbers[data.splits[split], 0] > 1).all()  # "The" occurs everywhere


def test_vocabulary_has_a_limit(make: Make) -> None:
    numbers = make(positions="none", vocabulary=5).inputs["tokens"][:]
    assert (numbers.min(), numbers.max()) == (0, 4)


def test_directions_are_dropped_on_request(make: Make) -> None:
    directed, plain = make().targets["relation"], make(directed=False).targets["relation"]
    assert (len(directed.classes), len(plain.classes)) == (19, 10)
    for a, b in zip(directed.values, plain.values, strict=True):
        assert directed.classes[a].partition("(")[0] == plain.classes[b]


def test_sentences_of_the_same_words_stay_in_one_split(make: Make) -> None:
    own = [plain(k // 4) for k in range(40)]
    own[1] = own[1].replace(
        "The <e1>thing0</e1>", "<e1>the</e1>  THING0"
    )  # other marks, case and blanks
    data = make(own)
    home = {row: split for split in SPLITS for row in data.splits[split]}
    assert [len({home[4 * k + j] for j in range(4)}) for k in range(10)] == [1] * 10
    assert len(data.splits["validation"]) == 8


def test_sentences_of_the_test_file_are_not_trained_on(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    data = make(
        [plain(k) for k in range(20)],
        [plain(3), plain(5).upper().replace("E1>", "e1>").replace("E2>", "e2>")],
    )
    assert [len(data.splits[name]) for name in SPLITS] == [14, 4, 2]
    assert "2 training sentences are left out" in caplog.text


def test_validation_is_a_function_of_the_seed(make: Make) -> None:
    first, again, other = (make(seed=seed).splits for seed in (1, 1, 2))
    assert (first["validation"] == again["validation"]).all()
    assert (first["validation"] != other["validation"]).any()
    assert (first["test"] == other["test"]).all()


def test_a_long_sentence_keeps_its_entities(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    late = "a b c d e f g h i j " + plain(1)
    tail = plain(0).removesuffix(".") + " k l m n o p q r s"
    data = make([late, tail, *(plain(k) for k in range(2, 20))], tags="e1e2")
    tags = data.targets["entities"].values
    for row in (0, 1):
        assert sorted(set(tags[row])) == [0, 1, 3, 4]
        assert data.masks["tokens"][row].all()
        assert (data.inputs["tokens"][row, :, 1] == 8).sum() == 1
        assert (data.inputs["tokens"][row, :, 2] == 8).sum() == 2
    assert (
        "2 of 24 sentences have more than 8 tokens and were cut; in 1 the first tokens went"
        in caplog.text
    )
    assert "lose" not in caplog.text


def test_an_entity_that_cannot_stay_is_counted(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    data = make([plain(0, between=20), *(plain(k) for k in range(1, 20))], tags="e1e2")
    assert (
        "1 of 24 sentences lose a token of an entity: their two are more than 8 tokens apart"
        in caplog.text
    )
    assert sorted(set(data.targets["entities"].values[0])) == [0, 1], "entity 1 stays"
    assert data.inputs["tokens"][0, :, 2].min() == 1, "distances end at the range of the embedding"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"view": "token"}, "data.view"),
        ({"positions": "output"}, "data.positions"),
        ({"tags": "bio"}, "data.tags"),
        ({"length": 1}, "data.length"),
        ({"validation": 1.0}, "data.validation"),
        ({"vocabulary": 2}, "data.vocabulary"),
        ({"view": "subwords"}, "data.encoder"),
        ({"encoder": "./no/such/folder"}, "data.encoder"),
        ({"seed": -1}, "data.seed"),
    ],
)
def test_mistakes_are_named(make: Make, arguments: dict[str, object], path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(**arguments)
    assert caught.value.path == path


def test_a_validation_split_needs_sentences(make: Make) -> None:
    with pytest.raises(DataError, match="leave no"):
        make(validation=0.01)
    with pytest.raises(DataError, match="same words"):
        make([plain(1)] * 10)


def test_the_task_itself(
    need_data: Callable[[str], Path], build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    folder = need_data("semeval2010_task8")
    data = build(
        "semeval", train=str(folder / "TRAIN_FILE.TXT"), test=str(folder / "TEST_FILE_FULL.TXT")
    )
    assert len(data.splits["test"]) == 2717
    assert 790 <= len(data.splits["validation"]) <= 810
    assert len(data) - 2717 < 8000
    assert "training sentences are left out" in caplog.text
    # Both entities begin in every sentence that has room for them.
    begins = (data.targets["entities"].values == 1).sum(1)
    assert (begins == 2).mean() > 0.999
    tokens = data.inputs["tokens"][:]
    assert tokens[..., 1:].max() <= 79
    assert ((tokens[..., 1:] == 0).all(2) == ~data.masks["tokens"]).all()
