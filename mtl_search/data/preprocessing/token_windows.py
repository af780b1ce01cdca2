"""Which T tokens of a longer sentence are kept: never without its entities, if they fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_search.data.readers.semeval_text import MarkedSentence
from mtl_search.data.types import MISSING, Array

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Windows:
    """The kept tokens of every sentence.

    Attributes:
        start: (N,) first kept token.
        length: (N,) how many are kept, at most T.
        size: T.
        cut: Sentences that lost a token.
        moved: Those whose first tokens went, so that their last entity stays.
        lost: Those that lost a token of an entity: the two are further apart than T.
    """

    start: Array
    length: Array
    size: int
    cut: int
    moved: int
    lost: int

    @property
    def mask(self) -> Array:
        """(N, T) bool, True at kept tokens."""
        return np.asarray(np.arange(self.size) < self.length[:, None])


def choose_windows(sentences: Sequence[MarkedSentence], size: int) -> Windows:
    """The first T tokens of a sentence, or, where an entity would be cut away, the T that end with its last entity.

    What was cut is counted and said in the log.
    """
    counts = np.array([len(s.tokens) for s in sentences])
    first = np.array([min(s.first[0], s.second[0]) for s in sentences])
    last = np.array([max(s.first[1], s.second[1]) for s in sentences])
    # Where both do not fit, the first entity stays whole and as much of the rest as there is room for.
    start = np.minimum(np.maximum(last - size, 0), first)
    lost = int((last > start + size).sum())
    cut, moved = int((counts > size).sum()), int((start > 0).sum())
    if cut:
        logger.info(
            "%d of %d sentences have more than %d tokens and were cut; in %d the first tokens went, to keep an entity",
            cut, len(sentences), size, moved,
        )  # fmt: skip
    if lost:
        logger.warning(
            "%d of %d sentences lose a token of an entity: their two are more than %d tokens apart (raise `length`)",
            lost, len(sentences), size,
        )  # fmt: skip
    return Windows(start, np.minimum(counts - start, size), size, cut, moved, lost)


def relative_positions(sentences: Sequence[MarkedSentence], windows: Windows, entity: int) -> Array:
    """(N, T) int64 distance of each token to an entity, shifted to 1 .. 2T − 1; 0 at padding.

    T stands inside the entity, T − 1 just before it. D. Zeng and others, "Relation Classification via Convolutional
    Deep Neural Network", 2014, section 3.4.2; there the distance is to a one-word entity.

    Args:
        sentences: N of them.
        windows: Their kept tokens.
        entity: 1 or 2.
    """
    spans = np.array([s.first if entity == 1 else s.second for s in sentences])
    at = windows.start[:, None] + np.arange(windows.size)
    begin, end = spans[:, :1], spans[:, 1:]
    distance = np.where(at < begin, at - begin, np.where(at >= end, at - end + 1, 0))
    limit = windows.size - 1
    return np.where(windows.mask, distance.clip(-limit, limit) + windows.size, 0)


def entity_tags(
    sentences: Sequence[MarkedSentence], windows: Windows, *, which: bool
) -> tuple[Array, tuple[str, ...]]:
    """(N, T) tags of the kept tokens in the scheme B, I, O, -1 at padding; and their names.

    Args:
        sentences: N of them.
        windows: Their kept tokens.
        which: Whether the tags tell entity 1 from entity 2 (5 tags) or not (3 tags).
    """
    names = ("O", "B-e1", "I-e1", "B-e2", "I-e2") if which else ("O", "B-entity", "I-entity")
    tags = np.full((len(sentences), windows.size), MISSING, np.int64)
    for row, sentence in enumerate(sentences):
        whole = np.zeros(len(sentence.tokens), np.int64)
        for number, (begin, end) in enumerate((sentence.first, sentence.second)):
            code = 2 * number * which + 1
            whole[begin], whole[begin + 1 : end] = code, code + 1
        start, length = windows.start[row], windows.length[row]
        tags[row, :length] = whole[start : start + length]
    return tags, names
