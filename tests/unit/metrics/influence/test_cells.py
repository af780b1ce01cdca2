"""Cells add up to items."""

from __future__ import annotations

import numpy as np

from mtl_search.metrics.influence.cells import Cells


def test_known_cells_remember_their_item() -> None:
    label = np.array([[0, -1], [-1, -1], [1, 0]])
    cells = Cells.known(label + 10, label, label >= 0)
    assert cells.item.tolist() == [0, 2, 2]
    assert cells.prediction.tolist() == [10, 11, 10]
    assert cells.label.tolist() == [0, 1, 0]
    assert cells.items == 3


def test_influence_is_the_sum_over_the_cells_of_an_item_times_the_items() -> None:
    label = np.array([[0, -1], [-1, -1], [1, 0]])
    cells = Cells.known(label, label, label >= 0)
    assert cells.influence(np.array([-3.0, 1.0, 2.0])).tolist() == [-9.0, 0.0, 9.0]
