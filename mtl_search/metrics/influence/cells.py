"""The labelled cells of a split, and how their parts add up to the influence of an item.

Most metrics are a ratio of totals over cells: g(Σ z_m) with g(c·S) = g(S). The influence of item i
is then N · ∇g(S) · Σ z_m over its cells, with N items. It is 0 for an item without a labelled cell,
and its sum over all items is 0 by Euler's theorem on homogeneous functions.

Legend: N items, M labelled cells. A cell is the label of a sample, or of one token.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_search.data.types import Array


@dataclass(frozen=True)
class Cells:
    """Labelled cells with what was predicted for them.

    Attributes:
        item: (M,) the number of the item that each cell belongs to.
        prediction: (M,) the predicted class, score or value.
        label: (M,) the label.
        items: N, those without a labelled cell included.
    """

    item: Array
    prediction: Array
    label: Array
    items: int

    @classmethod
    def known(cls, prediction: Array, label: Array, known: Array) -> Cells:
        """Take the cells that are known.

        Args:
            prediction: (N,) or (N, T) predictions.
            label: The labels, of the same shape.
            known: Where there is a label, of the same shape.
        """
        item = np.nonzero(known)[0]
        return cls(item, prediction[known], label[known], len(label))

    def influence(self, part_M: Array) -> Array:
        """Return the influence of each item, (N,).

        Args:
            part_M: ∇g(S) · z_m of each cell.
        """
        return self.items * np.bincount(self.item, weights=part_M, minlength=self.items)
