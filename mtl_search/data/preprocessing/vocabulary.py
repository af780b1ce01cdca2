"""Tokens as numbers, for embeddings that are learned along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mtl_search.data.types import Array

PADDING, UNKNOWN = 0, 1


def fit_vocabulary(sentences: Sequence[Sequence[str]], size: int) -> dict[str, int]:
    """Token in lower case → its number, 2 and up, the most frequent first; 0 is padding and 1 is any other token.

    Args:
        sentences: Those to train on, and no others.
        size: The most numbers there may be, 0 and 1 included.
    """
    counts = Counter(token.casefold() for tokens in sentences for token in tokens)
    # Sorted by the token itself where counts are equal, so that the order of the sentences changes nothing.
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return {token: number for number, token in enumerate(ranked[: size - 2], start=2)}


def token_numbers(
    sentences: Sequence[Sequence[str]],
    vocabulary: dict[str, int],
    windows: tuple[Array, Array, int],
) -> Array:
    """(N, T) int64 numbers of the kept tokens, 0 at padding.

    Args:
        sentences: N lists of tokens.
        vocabulary: From `fit_vocabulary`.
        windows: (N,) first kept token, (N,) number of kept tokens, and T.
    """
    start, length, size = windows
    numbers = np.full((len(sentences), size), PADDING, np.int64)
    for row, tokens in enumerate(sentences):
        kept = tokens[start[row] : start[row] + length[row]]
        numbers[row, : length[row]] = [vocabulary.get(token.casefold(), UNKNOWN) for token in kept]
    return numbers
