"""Which number stands for which class."""

from __future__ import annotations

import numpy as np

from mtl_search.data import DataSet, Target
from mtl_search.data.class_counts import as_tree, class_counts

SPLITS = {"train": np.arange(4), "validation": np.array([4]), "test": np.array([5])}


def test_classes_labels_and_tags_are_counted_in_train_alone() -> None:
    tags = np.array([[0, 1], [1, -1], [1, 1], [0, 0], [1, 1], [1, 1]])
    targets = {
        "kind": Target(np.array([0, 2, 2, -1, 1, 1]), "class", ("a", "b", "c")),
        "ill": Target(np.array([0, 1, 1, 1, 0, 0]), "binary"),
        "both": Target(
            np.array([[0, 1], [1, 1], [-1, 0], [0, 0], [1, 1], [1, 1]]), "multilabel", ("x", "y")
        ),
        "tags": Target(tags, "tags", ("O", "B")),
        "age": Target(np.arange(6.0), "real"),
    }
    counts = class_counts(DataSet({"x": np.zeros((6, 1))}, targets, SPLITS))
    assert {name: x.counts for name, x in counts.items()} == {
        "kind": (1, 0, 2),
        "ill": (1, 3),
        "both": (1, 2),
        "tags": (3, 4),
    }
    assert (counts["ill"].positive, counts["kind"].positive) == ("1", "")
    assert as_tree(counts, most=2)["kind"] == [["a", 1], ["b", 0]]
