"""Tokens as numbers, for embeddings that are trained with the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mtl_search.data.preprocessing.token_windows import Windows
from mtl_search.data.types import Array

PADDING = 0
UNKNOWN = 1


def fit_vocabulary(sentences: Sequence[Sequence[str]], size: int) -> dict[str, int]:
    """Assign numbers from 2 to tokens, the most frequent first; 0 is padding, 1 is unknown.

    Args:
        sentences: The sentences to train on, and no others.
        size: The most numbers there may be, 0 and 1 included.

    Returns:
        Token in lower case → its number.

    Examples:
        >>> fit_vocabulary([["A", "cat"], ["a", "dog"]], size=4)
        {'a': 2, 'cat': 3}
    """
    counts = Counter(token.casefold() for tokens in sentences for token in tokens)
    # Equal counts are sorted by the token, so that the order of the sentences changes nothing.
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return {token: number for number, token in enumerate(ranked[: size - 2], start=2)}


def token_numbers(
    sentences: Sequence[Sequence[str]], vocabulary: dict[str, int], windows: Windows
) -> Array:
    """Return the numbers of the kept tokens, (N, T) int64, 0 at padding.

    Args:
        sentences: N lists of tokens.
        vocabulary: Token → number, from `fit_vocabulary`.
        windows: Which tokens of each sentence are kept.
    """
    numbers = np.full((len(sentences), windows.size), PADDING, np.int64)
    for row, tokens in enumerate(sentences):
        kept = tokens[windows.kept(row)]
        numbers[row, : len(kept)] = [vocabulary.get(token.casefold(), UNKNOWN) for token in kept]
    return numbers
