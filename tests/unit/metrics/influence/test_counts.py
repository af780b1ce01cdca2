"""Influence on metrics of counts, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_search.metrics.influence import counts
from mtl_search.metrics.influence.cells import Cells


def cells(prediction: list[int], label: list[int]) -> Cells:
    return Cells.known(np.array(prediction), np.array(label), np.array(label) >= 0)


def test_accuracy_counts_an_unlabelled_item_as_nothing() -> None:
    influence = counts.accuracy(cells([0, 1, 1, 0], [0, 1, 0, -1]))
    assert influence == pytest.approx(np.array([1 / 3, 1 / 3, -2 / 3, 0]) * 4 / 3)


def test_balanced_accuracy_counts_an_item_of_a_rare_class_for_more() -> None:
    # Recall 1/2 of class 0 (two items), 1 of class 1 (one item).
    influence = counts.balanced_accuracy(cells([0, 1, 1], [0, 0, 1]))
    assert influence == pytest.approx([3 * 0.5 / 2 / 2, 3 * -0.5 / 2 / 2, 0.0])


def test_positive_f1_does_not_see_true_negatives() -> None:
    # F1 = 2·1 / (2 + 2) = 1/2.
    influence = counts.positive_f1(cells([1, 1, 0, 0], [1, 0, 1, 0]))
    assert influence == pytest.approx(np.array([2 - 1, -0.5, -0.5, 0]) * 4 / 4)


def test_without_a_positive_f1_is_0_whatever_an_item_weighs() -> None:
    assert counts.positive_f1(cells([0, 0], [0, 0])).tolist() == [0, 0]


def test_macro_f1_averages_the_classes_that_occur_only() -> None:
    two = counts.macro_f1(cells([0, 1, 1], [0, 0, 1]), 2)
    assert counts.macro_f1(cells([0, 1, 1], [0, 0, 1]), 5) == pytest.approx(two)
    # F1 is 2/3 for both classes; each has a total of 3.
    assert two == pytest.approx(np.array([2 - 2 / 3 * 2, -2 / 3 * 2, 2 - 2 / 3 * 2]) * 3 / (3 * 2))


def test_relations_in_the_wrong_direction_cost_and_other_costs_precision() -> None:
    names = ("A(e1,e2)", "A(e2,e1)", "Other")
    # n = 2, m = 3, right = 1: F1 = 2/5.
    influence = counts.relation_f1(cells([0, 1, 0, 2], [0, 0, 2, 2]), names)
    assert influence == pytest.approx(np.array([2 - 4 / 5, -4 / 5, -2 / 5, 0]) * 4 / 5)


def test_correlation_of_predictions_that_are_alike_does_not_move() -> None:
    assert counts.matthews_correlation(cells([1, 1, 1], [1, 0, 1])).tolist() == [0, 0, 0]


def test_correlation_of_right_answers_does_not_move() -> None:
    influence = counts.matthews_correlation(cells([1, 0, 1, 0, 0], [1, 0, 1, 0, 0]))
    assert influence == pytest.approx(np.zeros(5), abs=1e-12)


def test_correlation_is_symmetric_in_the_outcomes() -> None:
    p, y = [1, 1, 0, 0, 1], [1, 0, 1, 0, 1]
    influence = counts.matthews_correlation(cells(p, y))
    turned = counts.matthews_correlation(cells([1 - x for x in p], [1 - x for x in y]))
    assert influence == pytest.approx(turned)
    assert influence.sum() == pytest.approx(0.0, abs=1e-12)
