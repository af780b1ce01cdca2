"""Direction and perfect value of every metric."""

from __future__ import annotations

import pytest

from mtl_search.metrics.definitions import METRICS
from tests.support.metric_cases import ALL, Maker, metric_case


def test_errors_are_better_when_lower() -> None:
    lower = {name for name, metric in METRICS.items() if not metric.higher_is_better}
    errors = {"mse", "rmse", "mae", "pinball_loss_10", "pinball_loss_50", "pinball_loss_90"}
    assert lower == errors | {"brier_score_loss", "calibration_error"}


@pytest.mark.parametrize(("name", "maker"), [pytest.param(*case[:2], id=case[2]) for case in ALL])
def test_no_prediction_is_better_than_the_labels_themselves(name: str, maker: Maker) -> None:
    case = metric_case(name, maker, 40)
    metric = METRICS[name]
    right = case.target.clone()
    if case.kind == "class":
        right = case.prediction * 0
        right[range(len(right)), case.target] = 1.0
    elif case.kind != "tags":
        right = right.float()
    value = type(case)(name, case.kind, right, case.target, case.classes, case.names).value()
    assert value == pytest.approx(metric.perfect)
    assert (value > case.value()) == metric.higher_is_better
