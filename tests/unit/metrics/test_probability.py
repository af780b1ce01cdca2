"""Metrics of probabilities by hand."""

from __future__ import annotations

import pytest
import torch

from mtl_search.metrics.probability import (
    BINS,
    bin_numbers,
    brier_score,
    calibration_error,
    confidence,
    top_hits,
)


def test_brier_score_of_classes_and_of_two_outcomes() -> None:
    classes = brier_score(torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([0]))
    assert classes.tolist() == [0.25 + 2 * 0.0625]
    assert brier_score(torch.tensor([0.75]), torch.tensor([0])).tolist() == [0.5625]


def test_calibration_error_is_the_gap_by_bin() -> None:
    # Half of what is 0.9 sure comes true, and all that is 0.1 sure does not.
    sure = torch.tensor([0.9, 0.9, 0.1, 0.1])
    error = float(calibration_error(sure, torch.tensor([1, 0, 0, 0])))
    assert error == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)


def test_bins_hold_their_lower_end_and_confidence_1_has_its_own() -> None:
    assert bin_numbers(torch.tensor([0.0, 1 / BINS, 0.999, 1.0])).tolist() == [0, 1, 14, 15]


def test_of_classes_the_first_one_counts() -> None:
    sure, came_true = confidence(torch.tensor([[0.2, 0.8], [0.7, 0.3]]), torch.tensor([1, 1]))
    assert sure.tolist() == pytest.approx([0.8, 0.7])
    assert came_true.tolist() == [1, 0]


def test_of_equal_probabilities_the_higher_number_comes_first() -> None:
    probabilities = torch.tensor([[0.25, 0.25, 0.5]] * 3)
    assert top_hits(probabilities, torch.tensor([0, 1, 2]), 2).tolist() == [False, True, True]
    assert top_hits(probabilities, torch.tensor([0, 1, 2]), 3).all()
