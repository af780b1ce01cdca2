"""Numbers of tokens: the most frequent first, whatever the order of the sentences."""

from __future__ import annotations

import numpy as np

from mtl_search.data.preprocessing.token_windows import Windows
from mtl_search.data.preprocessing.vocabulary import (
    PADDING,
    UNKNOWN,
    fit_vocabulary,
    token_numbers,
)

SENTENCES = [["The", "cat", "and", "the", "dog"], ["a", "dog"], ["A", "THE"]]


def test_the_most_frequent_tokens_come_first_in_lower_case() -> None:
    vocabulary = fit_vocabulary(SENTENCES, 100)
    assert vocabulary == {"the": 2, "a": 3, "dog": 4, "and": 5, "cat": 6}
    assert fit_vocabulary(SENTENCES[::-1], 100) == vocabulary


def test_the_size_counts_padding_and_unknown() -> None:
    assert fit_vocabulary(SENTENCES, 4) == {"the": 2, "a": 3}
    assert fit_vocabulary(SENTENCES, 2) == {}


def test_kept_tokens_become_numbers() -> None:
    windows = Windows(np.array([1, 0]), np.array([3, 2]), 4)
    numbers = token_numbers(SENTENCES[:2], {"the": 2, "a": 3}, windows)
    assert numbers.tolist() == [[UNKNOWN, UNKNOWN, 2, PADDING], [3, UNKNOWN, PADDING, PADDING]]
