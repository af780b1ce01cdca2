"""Which T tokens of a longer sentence are kept: never without its entities, if they fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.readers.semeval_text import MarkedTokens
from mtl_search.data.types import MISSING, Array

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Windows:
    """The kept tokens of N sentences.

    Attributes:
        start: The first kept token of each sentence, (N,).
        length: The number of kept tokens of each sentence, (N,), at most T.
        size: T.
    """

    start: Array
    length: Array
    size: int

    @property
    def mask(self) -> Array:
        """(N, T) bool, True at kept tokens."""
        return np.asarray(np.arange(self.size) < self.length[:, None])

    def kept(self, row: int) -> slice:
        """Return the kept tokens of a sentence as a slice of all its tokens."""
        return slice(self.start[row], self.start[row] + self.length[row])


def choose_windows(sentences: Sequence[MarkedTokens], size: int) -> Windows:
    """Choose the first T tokens of a sentence, or the T that end with its last entity.

    The latter are chosen where an entity would be lost otherwise. The log says how many sentences
    lose tokens.

    Args:
        sentences: N sentences.
        size: T.
    """
    counts = np.array([len(s.tokens) for s in sentences])
    first = np.array([min(s.first.start, s.second.start) for s in sentences])
    last = np.array([max(s.first.stop, s.second.stop) for s in sentences])
    # Where both do not fit, the first entity stays whole, and what there is room for after it.
    start = np.minimum(np.maximum(last - size, 0), first)
    truncated = int((counts > size).sum())
    if truncated:
        logger.info(
            "%d of %d sentences have more than %d tokens and were cut; in %d the first tokens "
            "went, to keep an entity",
            truncated, len(sentences), size, int((start > 0).sum()),
        )  # fmt: skip
    incomplete = int((last > start + size).sum())
    if incomplete:
        logger.warning(
            "%d of %d sentences lose a token of an entity: their two are more than %d tokens apart "
            "(raise `length`)",
            incomplete, len(sentences), size,
        )  # fmt: skip
    return Windows(start, np.minimum(counts - start, size), size)


def relative_positions(sentences: Sequence[MarkedTokens], windows: Windows, entity: int) -> Array:
    """Return the distance of each token to an entity, (N, T) int64 in 1 .. 2T − 1; 0 at padding.

    T stands inside the entity, T − 1 just before it. D. Zeng and others, "Relation Classification
    via Convolutional Deep Neural Network", 2014, section 3.4.2; there the distance is to an entity
    of one word.

    Args:
        sentences: N sentences.
        windows: Their kept tokens.
        entity: 1 or 2.
    """
    spans = np.array([s.first if entity == 1 else s.second for s in sentences])
    start = spans[:, :1]
    stop = spans[:, 1:]
    token = windows.start[:, None] + np.arange(windows.size)
    distance = np.minimum(token - start, 0) + np.maximum(token - stop + 1, 0)
    limit = windows.size - 1
    return np.where(windows.mask, distance.clip(-limit, limit) + windows.size, 0)


def entity_tags(
    sentences: Sequence[MarkedTokens], windows: Windows, *, distinguish: bool
) -> Target:
    """Tag the kept tokens in the scheme B, I, O.

    Args:
        sentences: N sentences.
        windows: Their kept tokens.
        distinguish: Whether the tags tell entity 1 from entity 2 (5 tags) or not (3 tags).

    Returns:
        A target of kind `tags`, (N, T), missing at padding.
    """
    entities = ("e1", "e2") if distinguish else ("entity",)
    names = ["O"]
    for entity in entities:
        names += [f"B-{entity}", f"I-{entity}"]
    tags = np.full((len(sentences), windows.size), MISSING, np.int64)
    for row, sentence in enumerate(sentences):
        all_tags = np.zeros(len(sentence.tokens), np.int64)
        for number, span in enumerate((sentence.first, sentence.second)):
            begin = 1 + 2 * number * distinguish
            all_tags[span.start] = begin
            all_tags[span.start + 1 : span.stop] = begin + 1
        kept = all_tags[windows.kept(row)]
        tags[row, : len(kept)] = kept
    return Target(tags, "tags", tuple(names))
