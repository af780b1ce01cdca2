"""A winner's value at the end of its range."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mtl_search.analysis.health.search_range import check_search_range, end_of_range
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder

LR = "training.optimizer.lr"
LOG = {"low": 1e-3, "high": 1e-1, "log": True}
LINEAR = {"low": 0.0, "high": 0.5, "log": False}


@pytest.mark.parametrize(
    ("value", "distribution", "end"),
    [
        (1e-3, LOG, "lower"),
        (1.09e-3, LOG, "lower"),  # 100 ** 0.02 = 1.096
        (1.11e-3, LOG, None),
        (1e-2, LOG, None),
        (0.09, LOG, None),  # close to the end, if it were not for the logarithm
        (0.092, LOG, "upper"),
        (0.1, LOG, "upper"),
        (0.01, LINEAR, "lower"),
        (0.011, LINEAR, None),
        (0.495, LINEAR, "upper"),
        (16, {"low": 16, "high": 256, "log": False}, "lower"),
        (17, {"low": 16, "high": 66, "log": False}, "lower"),
        (3, {"low": 3, "high": 3, "log": False}, None),
    ],
)
def test_ends_are_two_percent_of_the_scale(
    value: float, distribution: dict[str, Any], end: str | None
) -> None:
    assert end_of_range(value, distribution) == end


@pytest.mark.parametrize("distribution", [LOG, LINEAR])
def test_four_percent_of_random_values_stand_at_an_end(distribution: dict[str, Any]) -> None:
    u_N = np.random.default_rng(0).uniform(size=20_000)
    low, high = distribution["low"], distribution["high"]
    values_N = low + u_N * (high - low)
    if distribution["log"]:
        values_N = low * (high / low) ** u_N
    share = np.mean([end_of_range(value, distribution) is not None for value in values_N])
    assert share == pytest.approx(0.04, abs=0.005)


@pytest.mark.parametrize(("value", "ok"), [(0.01, True), (0.0299, False), (0.00101, False)])
def test_the_winner_is_checked_and_its_key_is_named(
    builder: Builder, value: float, *, ok: bool
) -> None:
    space = {f"search.space.{LR}": {"log": [0.001, 0.03]}}
    builder.trial("equal", 0, 0.6, drawn={LR: (0.001, 0.001, 0.03)})  # at an end, but not the best
    builder.trial("equal", 1, 0.8, drawn={LR: (value, 0.001, 0.03)})
    check = check_search_range(evidence_of(builder, **space))
    assert check.ok is ok
    if not ok:
        end = "upper" if value > 0.01 else "lower"
        assert check.text == (
            f"the best of equal has {LR} {value:.3g}, at the {end} end of 0.001 … 0.03: "
            f"widen search.space.{LR}"
        )


def test_weights_are_named_by_their_pattern(builder: Builder) -> None:
    space = {"search.space": {"tasks.*.loss_weight": {"log_ratio": 10, "reference": "left"}}}
    builder.trial("search", 0, 0.8, drawn={"tasks.right.loss_weight": (9.99, 0.1, 10.0)})
    check = check_search_range(evidence_of(builder, **space))
    assert check.ok is False
    assert "tasks.right.loss_weight as a ratio 9.99" in check.text
    assert check.text.endswith("widen search.space.tasks.*.loss_weight")


def test_an_offered_winner_is_measured_by_the_ranges_of_its_arm(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.6, drawn={LR: (0.02, 0.02, 0.03)})
    trial = builder.begin("single/left", 1, origin="equal-0000", role="offered")
    builder.sweep_record.trials[trial].overrides[LR] = 0.03
    builder.epoch(trial, 1, 0.9, {"left": 0.9})
    builder.end(trial)
    check = check_search_range(evidence_of(builder))
    assert check.ok is False
    assert f"the best of single/left has {LR} 0.03, at the upper end" in check.text
    assert check.text.endswith(f"widen the range of {LR}")  # a function has no key


def test_natural_ends_say_nothing(builder: Builder) -> None:
    trial = builder.trial("search", 0, 0.8)
    record = builder.sweep_record.trials[trial]
    ends = {"model.sharing.depth": (0, 0, 3), "model.backbone.dropout": (0.0, 0.0, 0.5)}
    for path, (value, low, high) in ends.items():
        record.params[path] = value
        attributes = {"low": low, "high": high, "log": False, "step": 1}
        record.distributions[path] = json.dumps({"name": "any", "attributes": attributes})
    assert check_search_range(evidence_of(builder)).ok is True
    record.params["model.backbone.dropout"] = 0.5
    assert check_search_range(evidence_of(builder)).ok is False


def test_choices_have_no_ends(builder: Builder) -> None:
    trial = builder.trial("search", 0, 0.8)
    record = builder.sweep_record.trials[trial]
    record.params["training.weighting"] = "uw"
    choice = {"name": "CategoricalDistribution", "attributes": {"choices": ["static", "uw"]}}
    record.distributions["training.weighting"] = json.dumps(choice)
    assert check_search_range(evidence_of(builder)).ok is None
