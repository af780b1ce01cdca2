"""The batches of a prediction as one."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mtl_search.export.joining import about_unknown, join_arrays


def test_tags_of_longer_sentences_make_room() -> None:
    joined = join_arrays([{"t": np.array([[1, 2]])}, {"t": np.array([[0, 1, 1]])}])
    assert joined["t"].tolist() == [[1, 2, -1], [0, 1, 1]]


def test_few_of_many_categories_are_named() -> None:
    counts = Counter({f"c{k}": 9 - k for k in range(7)})
    assert "'c0' (9), 'c1' (8)" in about_unknown("a", counts)
    assert "and 2 more" in about_unknown("a", counts)
    assert len(about_unknown("a" * 10000, Counter({"x" * 10000: 1}))) < 250
    assert about_unknown("a", Counter({"x": 1})).startswith("1 row has a category in column 'a'")
