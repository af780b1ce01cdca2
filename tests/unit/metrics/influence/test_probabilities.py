"""Influence on metrics of probabilities, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.metrics.influence import probabilities
from mtl_search.metrics.influence.cells import Cells

SCORES = np.array([0.9, 0.9, 0.2, 0.4], np.float32)
LABELS = np.array([1, 0, 0, -1])
CELLS = Cells.known(SCORES, LABELS, LABELS >= 0)


def test_brier_score_is_a_mean_over_items() -> None:
    square = np.array([0.01, 0.81, 0.04])
    expected = [*(4 / 3 * (square - square.mean())), 0]
    assert probabilities.brier_score(CELLS) == pytest.approx(expected, abs=1e-6)


def test_calibration_error_takes_the_side_of_the_bin() -> None:
    # Both bins are too sure: 0.9 comes true once of twice, 0.2 never.
    gap = np.array([-0.1, 0.9, 0.2])
    expected = [*(4 / 3 * (gap - gap.mean())), 0]
    assert probabilities.calibration_error(CELLS) == pytest.approx(expected, abs=1e-6)


def test_top_accuracy_counts_hits() -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], np.float32)
    cells = Cells.known(scores, np.array([1, 2]), np.ones(2, bool))
    assert probabilities.top_accuracy(cells, 2) == pytest.approx([0.5, -0.5])
