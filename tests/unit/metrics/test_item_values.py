"""Item values against what the metric becomes without an item."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mtl_search.data.types import REAL_KINDS, Array
from mtl_search.metrics.definitions import METRICS
from mtl_search.metrics.item_values import item_values
from tests.support.metric_cases import ALL, Maker, MetricCase, metric_case

CASES = [pytest.param(*case[:2], id=case[2]) for case in ALL]
# Metrics that are means over items: their values are the items' own scores.
MEANS = {"accuracy", "mse", "mae", *(name for name in METRICS if name.startswith("pinball"))}


def values_of(case: MetricCase) -> Array:
    return item_values(
        case.metric, case.prediction, case.target, case.kind, case.classes, names=case.names
    )


def unlabelled(case: MetricCase) -> Array:
    """Return the items without any label, (N,) bool."""
    missing = case.target.isnan() if case.kind in REAL_KINDS else case.target == -1
    return missing.reshape(len(missing), -1).all(1).numpy()


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_the_mean_is_the_metric(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 83)
    values = values_of(case)
    assert values.shape == (83,)
    assert values.dtype == np.float64
    assert np.mean(values) == pytest.approx(case.value(), rel=1e-12, abs=1e-12)
    assert np.std(values) > 0


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_an_item_without_a_label_has_the_value_of_the_metric(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 83)
    missing = unlabelled(case)
    assert missing.any()
    assert values_of(case)[missing] == pytest.approx(case.value(), rel=1e-12, abs=1e-12)
    # The others count for more: the mean of what they are in a split without the unlabelled ones.
    labelled = case.of_items(torch.from_numpy(~missing).nonzero().squeeze(1))
    scale = len(missing) / (~missing).sum()
    expected = case.value() + scale * (values_of(labelled) - case.value())
    assert values_of(case)[~missing] == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_values_are_the_derivative_by_the_weight_of_an_item(name: str, maker: Maker) -> None:
    """Of many copies of the items, one is left out: a small step in the weight of this item."""
    items, copies = 20, 60
    case = metric_case(name, maker, items)
    all_copies = torch.arange(items).repeat(copies)
    whole, total = case.of_items(all_copies).value(), items * copies
    pseudo = [
        total * whole - (total - 1) * case.of_items(_without(all_copies, item)).value()
        for item in range(items)
    ]
    values = values_of(case)
    assert pseudo == pytest.approx(values, abs=0.06 * (np.abs(values - whole).max()))


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_values_are_those_of_the_jackknife(name: str, maker: Maker) -> None:
    """θ of all minus θ without an item, times N; the difference shrinks as 1/N."""
    distance = [_distance_to_jackknife(metric_case(name, maker, n)) for n in (60, 480)]
    assert distance[1] < 0.12
    if distance[0] > 0.02:  # else it is rounding
        assert distance[1] < distance[0] / 2


def _distance_to_jackknife(case: MetricCase) -> float:
    """Return the mean distance to the pseudo-values, in standard deviations of the item values."""
    n, whole = len(case.target), case.value()
    everything = torch.arange(n)
    some = range(0, n, max(1, n // 60))
    pseudo = [n * whole - (n - 1) * case.of_items(_without(everything, i)).value() for i in some]
    values = values_of(case)
    return float(np.mean(np.abs(np.array(pseudo) - values[some]))) / float(np.std(values))


def _without(items: torch.Tensor, position: int) -> torch.Tensor:
    return torch.cat([items[:position], items[position + 1 :]])


@pytest.mark.parametrize(("name", "maker"), [p for p in CASES if p.values[0] in MEANS])
def test_values_of_a_mean_are_the_scores_of_the_items(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 40)
    # A vector without some of its elements counts for less than a whole one.
    whole = ~unlabelled(case) if case.kind != "vector" else ~case.target.isnan().any(1).numpy()
    case = case.of_items(torch.from_numpy(whole).nonzero().squeeze(1))
    own = [case.of_items(torch.tensor([i])).value() for i in range(len(case.target))]
    assert values_of(case) == pytest.approx(own, abs=1e-5)


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_order_of_the_items_does_not_matter(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 50)
    order = torch.from_numpy(np.random.default_rng(1).permutation(50))
    assert values_of(case.of_items(order)) == pytest.approx(values_of(case)[order], abs=1e-6)


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_an_undefined_metric_has_no_values(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 12)
    nothing = torch.full_like(case.target, math.nan if case.kind in REAL_KINDS else -1)
    values = item_values(name, case.prediction, nothing, case.kind, case.classes, names=case.names)
    assert values.shape == (12,)
    assert np.isnan(values).all()


@pytest.mark.parametrize(("name", "maker"), CASES)
def test_predictions_that_are_all_alike_have_finite_values(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 25)
    alike = case.prediction[:1].expand_as(case.prediction)
    values = item_values(name, alike, case.target, case.kind, case.classes, names=case.names)
    expected = MetricCase(name, case.kind, alike, case.target, case.classes, case.names).value()
    assert np.isfinite(values).all()
    assert np.mean(values) == pytest.approx(expected, abs=1e-9)


def test_perfect_predictions_have_no_spread() -> None:
    labels = torch.tensor([1.0, 2.0, 4.0])
    for name in ("r2", "mse", "rmse", "mae"):
        expected = METRICS[name].perfect
        assert item_values(name, labels, labels, "real", 1).tolist() == [expected] * 3


def test_the_variance_is_that_of_delong() -> None:
    """DeLong's variance of the AUROC, as the variance of the mean of the item values."""
    rng = np.random.default_rng(0)
    label = np.arange(300) % 3 == 0
    score = (0.7 * label + rng.normal(size=300)).round(1).astype(np.float32)
    values = item_values(
        "auroc", torch.from_numpy(score), torch.from_numpy(label).long(), "binary", 1
    )
    higher = (score[label][:, None] > score[~label]) + 0.5 * (
        score[label][:, None] == score[~label]
    )
    delong = np.var(higher.mean(1)) / 100 + np.var(higher.mean(0)) / 200
    assert np.var(values) / 300 == pytest.approx(delong, rel=1e-4)


def test_the_spread_of_values_foretells_that_of_the_metric() -> None:
    """By simulation: the standard error from one test split is that over many test splits."""
    for name, maker in [(name, maker) for name, maker, _ in ALL if name in ("f1", "r2", "auroc")]:
        cases = [metric_case(name, maker, 200, seed) for seed in range(60)]
        found = np.std([case.value() for case in cases])
        foretold = np.mean([np.std(values_of(case)) / math.sqrt(200) for case in cases])
        assert foretold == pytest.approx(found, rel=0.3)


@pytest.mark.parametrize("third", [0, -1])
def test_f1_of_many_labels_leaves_out_one_without_a_positive(third: int) -> None:
    rng = np.random.default_rng(5)
    labels = torch.from_numpy(rng.integers(0, 2, (30, 3)))
    labels[:, 2] = third
    scores = torch.from_numpy(rng.random((30, 3)).astype(np.float32))
    values = item_values("f1", scores, labels, "multilabel", 3)
    of_two = item_values("f1", scores[:, :2], labels[:, :2], "multilabel", 2)
    assert values == pytest.approx(of_two)
