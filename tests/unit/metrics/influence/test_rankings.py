"""Influence on metrics that rank, by hand and by brute force."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mtl_search.data.types import Array
from mtl_search.metrics.influence import rankings
from mtl_search.metrics.influence.cells import Cells


def cells(score: Array, label: Array) -> Cells:
    return Cells.known(score, label, label >= 0)


def samples(n: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    label = (rng.random(n) < 0.3).astype(int)
    label[:2] = 0, 1
    return (rng.random(n) + 0.3 * label).round(1), label


def test_auroc_is_made_of_placement_values() -> None:
    score, label = samples(60)
    wins = (score[:, None] > score[None]) + 0.5 * (score[:, None] == score[None])
    positive, negative = label == 1, label == 0
    area = wins[positive][:, negative].mean()
    expected = np.zeros(60)
    expected[positive] = (wins[positive][:, negative].mean(1) - area) * 60 / positive.sum()
    expected[negative] = (wins[positive][:, negative].mean(0) - area) * 60 / negative.sum()
    assert rankings.auroc(cells(score, label)) == pytest.approx(expected)


def test_auroc_of_the_opposite_score_moves_the_other_way() -> None:
    score, label = samples(60)
    influence = rankings.auroc(cells(score, label))
    assert rankings.auroc(cells(-score, label)) == pytest.approx(-influence)


def _weighted_average_precision(score: Array, label: Array, weight: Array) -> float:
    above = (score[None] >= score[:, None]) * weight[None]
    precision = (above * label[None]).sum(1) / above.sum(1)
    return float((precision * label * weight).sum() / (label * weight).sum())


def test_average_precision_is_the_derivative_by_the_weight_of_an_item() -> None:
    score, label = samples(25)
    step = 1e-6
    expected = []
    for item in range(25):
        weight = np.full(25, 1.0)
        weight[item] += step
        more = _weighted_average_precision(score, label, weight)
        weight[item] -= 2 * step
        less = _weighted_average_precision(score, label, weight)
        expected.append(25 * (more - less) / (2 * step))
    assert rankings.average_precision(cells(score, label)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("influence", [rankings.auroc, rankings.average_precision])
def test_scores_count_by_their_order_only(influence: object) -> None:
    assert callable(influence)
    score, label = samples(60)
    expected = influence(cells(score, label))
    assert influence(cells(np.exp(5 * score), label)) == pytest.approx(expected)
    assert expected.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("influence", [rankings.auroc, rankings.average_precision])
def test_many_items_take_little_time(influence: object) -> None:
    assert callable(influence)
    rng = np.random.default_rng(0)
    began = time.process_time()
    influence(cells(rng.random(200_000), rng.integers(0, 2, 200_000)))
    assert time.process_time() - began < 2.0  # all pairs would take minutes
