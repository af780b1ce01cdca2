"""Influence of sentences on the F1 of whole entities.

Legend: N sentences, T tokens of a sentence, E entities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mtl_search.data.types import MISSING, Array
from mtl_search.metrics.span_f1 import spans


def span_f1(tags_NT: Array, label_NT: Array, names: Sequence[str]) -> Array:
    """Return the influence on F1 = 2·right / (predicted + actual) of each sentence, (N,).

    Args:
        tags_NT: The predicted tags.
        label_NT: The tags, -1 where missing or padded.
        names: The names of the tags.
    """
    known = label_NT != MISSING
    sentence_M = torch.from_numpy(np.nonzero(known)[0])
    predicted_E = spans(torch.from_numpy(tags_NT[known]), sentence_M, names)
    actual_E = spans(torch.from_numpy(label_NT[known]), sentence_M, names)
    both_E, times = torch.unique(torch.cat([predicted_E, actual_E]), dim=0, return_counts=True)

    def per_sentence(entities_E: torch.Tensor) -> Array:
        first = entities_E[:, 0]
        return np.bincount(sentence_M[first].numpy(), minlength=len(label_NT))

    right_N = per_sentence(both_E[times == 2])
    total_N = per_sentence(predicted_E) + per_sentence(actual_E)
    total = total_N.sum()
    f1 = 2 * right_N.sum() / total
    influence_N: Array = len(label_NT) * (2 * right_N - f1 * total_N) / total
    return influence_N
