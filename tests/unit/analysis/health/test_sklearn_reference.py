"""Networks against models of scikit-learn."""

from __future__ import annotations

import pytest

from mtl_search.analysis.health.sklearn_reference import check_sklearn_reference
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


@pytest.mark.parametrize(
    ("linear", "boosted", "single", "shared", "ok"),
    [
        (0.7, 0.8, 0.9, 0.9, True),
        (0.95, 0.8, 0.9, 0.9, False),
        (0.7, 0.95, 0.9, 0.9, False),
        (0.7, 0.95, 0.9, 0.96, True),  # the better network counts
        (0.7, 0.902, 0.9, 0.9, True),  # within the margin of half a point of skill
        (0.7, 0.903, 0.9, 0.9, False),
    ],
)
def test_the_best_network_must_not_be_behind(
    builder: Builder, linear: float, boosted: float, single: float, shared: float, *, ok: bool
) -> None:
    for number in range(2):
        builder.finalist("single/left", number, {"left": single})
        builder.finalist("search", number, {"left": shared, "right": 0.9, "same": 0.9})
    models = {"linear": linear, "gradient_boosting": boosted}
    for model, value in models.items():
        builder.baseline("left", model, value)
    check = check_sklearn_reference(evidence_of(builder))
    assert check.ok is ok
    if not ok:
        name = "linear" if linear > boosted else "gradient boosting"
        value = max(models.values())
        best = max(single, shared)
        seen = f"task left: accuracy {best:.3f} of the best network, {value:.3f} of {name}: "
        assert check.text.startswith(seen)


@pytest.mark.parametrize(
    ("right", "seen"),
    [
        (0.7, "1 of 2 tasks is behind; {} 6.0 points of skill behind in the mean; task left: "),
        (0.2, "1 of 2 tasks is behind; {} 44.0 points of skill ahead in the mean; task left: "),
        (0.99, "2 of 2 tasks are behind; {} 35.0 points of skill behind in the mean; task right: "),
    ],
)
def test_of_several_tasks_the_mean_is_said_and_the_furthest_behind_comes_first(
    builder: Builder, right: float, seen: str
) -> None:
    for number in range(2):
        builder.finalist("single/left", number, {"left": 0.8})
        builder.finalist("single/right", number, {"right": 0.74})
    values = {"left": 0.9, "right": right}
    baselines = {
        task: {"linear": {f"test/{task}/accuracy": value}} for task, value in values.items()
    }
    object.__setattr__(builder.sweep_record, "baselines", baselines)
    check = check_sklearn_reference(evidence_of(builder))
    assert check.ok is False
    assert check.text.startswith(seen.format("over all tasks networks are"))


def test_nothing_is_said_without_references(builder: Builder) -> None:
    builder.finalist("single/left", 0, {"left": 0.9})
    assert check_sklearn_reference(evidence_of(builder)).ok is None
