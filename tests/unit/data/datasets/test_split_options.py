"""Options of a split are checked once, for all data sets alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_search.data import SPLITS, Target
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.splits import random_split
from mtl_search.errors import ConfigError

TARGETS = {
    "kind": Target(np.arange(40) % 4, "class", ("a", "b", "c", "d")),
    "size": Target(np.arange(40), "real"),
}


@pytest.mark.parametrize(
    "fractions", [[0.5, 0.25, 0.25], {"test": 0.25, "train": 0.5, "validation": 0.25}]
)
def test_a_split_by_seed(fractions: Any) -> None:
    options = SplitOptions.of(fractions=fractions, seed=3)
    assert list(options.fractions) == list(SPLITS)
    expected = random_split(40, {"train": 0.5, "validation": 0.25, "test": 0.25}, 3)
    rows = options.rows(40)
    assert all((rows[name] == expected[name]).all() for name in SPLITS)


def test_the_usual_fractions() -> None:
    assert SplitOptions.of().fractions == {"train": 0.6, "validation": 0.2, "test": 0.2}


def test_labels_of_the_target_to_stratify_by() -> None:
    labels = SplitOptions.of(stratify="kind").labels(TARGETS)
    assert labels is not None
    assert labels.tolist() == TARGETS["kind"].values.tolist()
    assert SplitOptions.of().labels(TARGETS) is None
    for name in ("size", "knid"):
        with pytest.raises(ConfigError, match="no class or binary target") as caught:
            SplitOptions.of(stratify=name).labels(TARGETS)
        assert caught.value.path == "data.stratify"


def test_a_column_that_says_the_split_needs_no_fractions() -> None:
    options = SplitOptions.of(split="part", fractions="unused")
    assert (options.column, options.fractions) == ("part", {})


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({"fractions": 0.8}, "fractions", "three numbers"),
        ({"fractions": [0.5, 0.5]}, "fractions", "three numbers"),
        ({"fractions": [True, 0.5, 0.5]}, "fractions", "three numbers"),
        ({"fractions": {"train": 0.5, "test": 0.5}}, "fractions", "three numbers"),
        ({"fractions": {"trian": 0.5}}, "fractions.trian", "did you mean 'train'"),
        ({"fractions": [1.2, -0.1, -0.1]}, "fractions", "above 0 and below 1"),
        ({"fractions": [0.5, 0.2, 0.2]}, "fractions", "they sum to 0.9"),
        ({"seed": -1}, "seed", "at least 0"),
        ({"split": ""}, "split", "a text is needed"),
        ({"split": "part", "given": "`path` names files"}, "split", "already: `path` names files"),
        ({"split": "part", "stratify": "kind"}, "stratify", "but `split` names a column"),
        ({"group": "g", "given": "`path` names files"}, "group", "but `path` names files"),
        ({"stratify": "kind", "group": "g"}, "group", "not both"),
        ({"stratify": 3}, "stratify", "a text is needed"),
        ({"group": ["g"]}, "group", "a text is needed"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        SplitOptions.of(**arguments)
    assert caught.value.path == f"data.{path}"
