"""Scales of metrics from labels, and metrics that have none."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from mtl_search.data import DataSet, Target
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError
from mtl_search.metrics.own import metric
from mtl_search.training.metric_scales import (
    SweepScales,
    left_out,
    metric_scales,
    tasks_without_skill,
)
from tests.support import small_sweeps as small

METRICS = {"kind": ("accuracy", "auroc"), "size": ("r2", "mae"), "flag": ("f1", "accuracy")}

FLAG = np.arange(small.SAMPLES) % 3 % 2  # positives in every split


def scales_of(
    labels: Mapping[str, Array] | None = None, overrides: Mapping[str, Any] | None = None
) -> SweepScales:
    return metric_scales(small.config(overrides), _with_labels(labels or {}), METRICS)


def _with_labels(labels: Mapping[str, Array]) -> DataSet:
    targets = dict(small.DATA.targets)
    targets["flag"] = Target(FLAG, "binary", ("no", "yes"))
    for name, values in labels.items():
        targets[name] = Target(values, targets[name].kind, targets[name].classes)
    return dataclasses.replace(small.DATA, targets=targets)


def _changed(name: str, rows: slice, value: float) -> dict[str, Array]:
    values = FLAG.copy() if name == "flag" else small.DATA.targets[name].values.copy()
    values[rows] = value
    return {name: values}


TRAIN, VALIDATION, TEST = slice(0, 20), slice(20, 30), slice(30, 40)


def test_scales_are_of_the_training_labels() -> None:
    scales = scales_of()
    kind = small.DATA.targets["kind"].values[:20]
    size = small.DATA.targets["size"].values[:20].astype(float)
    share = np.mean(FLAG[:20])
    majority = np.bincount(kind[kind >= 0]).max() / (kind >= 0).sum()
    assert scales.excluded == {}
    assert scales.values == {
        "kind/accuracy": (pytest.approx(majority), 1.0),
        "kind/auroc": (0.5, 1.0),
        "size/r2": (0.0, 1.0),
        "size/mae": (pytest.approx(np.nanmean(np.abs(size - np.nanmedian(size)))), 0.0),
        "flag/f1": (pytest.approx(2 * share / (1 + share)), 1.0),
        "flag/accuracy": (pytest.approx(max(share, 1 - share)), 1.0),
    }


@pytest.mark.parametrize(
    ("labels", "excluded"),
    [
        (_changed("flag", VALIDATION, 0), {"flag/f1": "no positive label in the validation split"}),
        (_changed("flag", TEST, -1), {"flag/f1": "no label", "flag/accuracy": "in the test split"}),
        (_changed("flag", TRAIN, 1), {"flag/f1": "is perfect", "flag/accuracy": "is perfect"}),
        (_changed("size", TRAIN, 0.1), {"size/r2": "alike in the train", "size/mae": "is perfect"}),
        (_changed("size", TEST, 0.1), {"size/r2": "alike in the test split"}),
        (_changed("kind", VALIDATION, 2), {"kind/auroc": "one outcome occurs in the validation"}),
    ],
)
def test_metrics_that_labels_leave_undefined_are_excluded_with_the_reason(
    labels: Mapping[str, Array], excluded: dict[str, str]
) -> None:
    scales = scales_of(labels)
    assert scales.excluded.keys() == excluded.keys()
    for key, reason in excluded.items():
        assert reason in scales.excluded[key]
        assert key not in scales.values
    assert len(scales.values) + len(excluded) == 6


def test_without_finalists_the_test_split_does_not_count() -> None:
    labels = _changed("size", TEST, 0.1)
    assert scales_of(labels, {"search.finalists.top": 0}).excluded == {}


def test_main_tasks_without_skill_are_those_whose_first_metric_is_excluded() -> None:
    config = small.config()
    for labels, expected in (
        (_changed("size", TEST, 0.1), ["size"]),
        (_changed("kind", VALIDATION, 2), []),  # its second metric
        (_changed("flag", TRAIN, 1), []),  # an auxiliary task
    ):
        assert list(tasks_without_skill(config, METRICS, scales_of(labels))) == expected


def test_a_sweep_of_which_no_task_can_be_judged_is_refused() -> None:
    labels = _changed("kind", TRAIN, 2) | _changed("size", TEST, 0.1)
    with pytest.raises(ConfigError, match="every main task is excluded") as caught:
        scales_of(labels)
    assert caught.value.path == "tasks.kind.metrics"
    assert "size: r2, all labels are alike in the test split" in str(caught.value)


def test_a_sweep_of_which_no_task_counts_is_refused() -> None:
    assert scales_of(overrides={"tasks.kind.importance": 0}).excluded == {}
    with pytest.raises(ConfigError, match="must count") as caught:
        scales_of(overrides={"tasks.kind.importance": 0, "tasks.size.importance": 0})
    assert caught.value.path == "tasks.kind.importance"
    with pytest.raises(ConfigError, match="must count"):  # the only one that counts has no skill
        scales_of(_changed("size", TEST, 0.1), {"tasks.kind.importance": 0})


def test_what_is_left_out_is_told_with_the_cure() -> None:
    scales = scales_of(_changed("flag", VALIDATION, 0))
    assert scales.undefined == {"flag/f1": "there is no positive label in the validation split"}
    config = small.config({"tasks.flag": {"head": "binary"}})
    first, *others = left_out(config, METRICS, scales)
    assert first.startswith("task 'flag' takes no part in objective and verdict: f1 is left out")
    assert "another first metric at tasks.flag.metrics" in first
    assert others == []
    second = {**METRICS, "flag": ("accuracy", "f1")}
    assert left_out(config, second, scales) == [
        "f1 of task 'flag' is left out, since there is no positive label in the validation split"
    ]


def test_metrics_of_the_users_have_scales_and_directions() -> None:
    own = {"cost": metric(higher_is_better=False)(lambda p, y: float(np.abs(p - y).mean()))}
    scales = metric_scales(small.config(), small.DATA, {**METRICS, "size": ("cost", "mae")}, own)
    assert scales.directions == {"cost": False}
    assert scales.values["size/cost"] == pytest.approx(scales.values["size/mae"])


def test_calibration_has_no_skill() -> None:
    metrics = {**METRICS, "flag": ("f1", "calibration_error")}
    scales = metric_scales(small.config(), _with_labels({}), metrics)
    assert (
        "a constant prediction is perfectly calibrated" in scales.excluded["flag/calibration_error"]
    )
    assert scales.undefined == {}


def test_hundreds_of_tasks_that_lack_a_metric_have_one_sentence() -> None:
    names = [f"assay_{number:03d}" for number in range(300)]
    why = {f"{name}/{metric}": "no label is 1" for name in names for metric in ("f1", "auroc")}
    scales = SweepScales(excluded=why)
    main = small.config().model_copy(
        update={"tasks": dict.fromkeys(names, small.config().tasks["kind"])}
    )
    first, second = left_out(main, dict.fromkeys(names, ("f1", "auroc")), scales)
    assert first.startswith("300 tasks (assay_000, assay_001")
    assert "take no part in objective and verdict: f1 is left out, since no label is 1" in first
    assert second.startswith("auroc of 300 tasks (assay_000, ")
    assert max(map(len, (first, second))) < 300
