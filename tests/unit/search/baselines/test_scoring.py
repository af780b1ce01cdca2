"""References on tables: by the product's own metrics, once a sweep, and never in its way."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import Config
from mtl_search.data import DataSet, Target
from mtl_search.metrics.compute import compute
from mtl_search.search.baselines import models
from mtl_search.search.baselines.scoring import tabular_baselines, write_baselines
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.journal import Journal, read_record
from tests.support import small_sweeps as small

METRICS = {"kind": ("accuracy",), "size": ("r2", "mae")}


def scores(
    metrics: Mapping[str, tuple[str, ...]] = METRICS, data: DataSet = small.DATA, **options: Any
) -> dict[tuple[str, str], dict[str, float]]:
    events = tabular_baselines(small.config(), data, metrics, **options)
    return {(event.task, event.model): event.metrics for event in events}


def test_each_task_has_the_metrics_of_both_models_on_both_splits() -> None:
    found = scores()
    assert list(found) == [(task, model) for task in METRICS for model in models.MODELS]
    assert set(found["size", "linear"]) == {
        "val/size/r2", "val/size/mae", "test/size/r2", "test/size/mae"
    }  # fmt: skip


def test_metrics_are_those_of_the_product_without_missing_labels() -> None:
    """The constant label makes the prediction known."""
    values = np.where(np.arange(small.SAMPLES) < 20, 1.0, small.DATA.targets["size"].values)
    data = DataSet(small.DATA.inputs, {"size": Target(values, "real")}, small.DATA.splits)
    labels = torch.from_numpy(data.targets["size"].values[data.splits["test"]])
    assert labels.isnan().any()
    expected = compute("mae", torch.ones(10), labels, "real", 1)
    found = scores({"size": ("mae",)}, data)
    assert found["size", "linear"]["test/size/mae"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("first", "best"), [("r2", max), ("mae", min)])
def test_the_penalty_is_chosen_by_the_first_metric_on_validation(
    first: str, best: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"val/size/{first}"
    single = []
    for penalty in models.PENALTIES:
        monkeypatch.setattr("mtl_search.search.baselines.scoring.PENALTIES", (penalty,))
        single.append(scores({"size": (first,)})["size", "linear"])
    monkeypatch.undo()
    chosen = scores({"size": (first,)})["size", "linear"]
    assert len({metrics[key] for metrics in single}) == len(single)
    assert chosen == best(single, key=lambda metrics: metrics[key])


def test_a_failure_is_noted_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = models.fit

    def fail(inputs: Any, target: Target, train_N: Any, recipe: models.Recipe) -> Any:
        if target.kind == "class" and recipe.model == "linear":
            raise ZeroDivisionError("by\nnothing")
        return whole(inputs, target, train_N, recipe)

    monkeypatch.setattr(models, "fit", fail)
    failed, *others = tabular_baselines(small.config(), small.DATA, METRICS)
    assert (failed.metrics, failed.reason) == ({}, "ZeroDivisionError: by nothing")
    assert "no linear reference for task kind: ZeroDivisionError: by nothing" in caplog.text
    assert len(others) == 3
    assert all(event.metrics and not event.reason for event in others)


def test_what_takes_too_long_has_the_penalties_that_were_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = models.fit
    tried: list[float] = []

    def slow(inputs: Any, target: Target, train_N: Any, recipe: models.Recipe) -> Any:
        if len(tried) == most:
            raise TimeoutError
        tried.append(recipe.penalty)
        return whole(inputs, target, train_N, recipe)

    monkeypatch.setattr(models, "fit", slow)
    most = 1
    assert scores({"kind": ("accuracy",)})["kind", "linear"]
    assert tried == [1.0]
    (event, _) = tabular_baselines(small.config(), small.DATA, {"kind": ("accuracy",)})
    assert event.reason == "TimeoutError: it takes too long"


def test_a_model_and_all_of_them_have_a_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []
    monkeypatch.setattr(models, "fit", lambda *given: deadlines.append(given[-1].deadline))
    monkeypatch.setattr(models, "SECONDS", 50.0)
    began = time.monotonic()
    scores({"kind": ("accuracy",)})
    assert len(deadlines) == 2
    assert all(began + 50 <= deadline < began + 80 for deadline in deadlines)
    monkeypatch.undo()
    monkeypatch.setattr(models, "SECONDS_IN_ALL", -1.0)
    events = list(tabular_baselines(small.config(), small.DATA, METRICS))
    assert {event.reason for event in events} == {"TimeoutError: it takes too long"}


def test_a_metric_that_the_labels_leave_undefined_is_left_out() -> None:
    values = small.DATA.targets["flag"].values.copy()
    values[small.DATA.splits["test"]] = 1
    targets = {"flag": Target(values, "binary", ("no", "yes"))}
    data = DataSet(small.DATA.inputs, targets, small.DATA.splits)
    config = small.config({"tasks": {"flag": {"head": "binary", "view": "x"}}})
    events = list(tabular_baselines(config, data, {"flag": ("auroc", "accuracy")}))
    assert [event.reason for event in events] == ["", ""]
    for event in events:
        assert "test/flag/auroc" not in event.metrics
        assert all(math.isfinite(value) for value in event.metrics.values())
        assert len(event.metrics) == 3


def test_pictures_have_no_reference() -> None:
    inputs = {"x": np.zeros((small.SAMPLES, 1, 4, 4))}
    data = DataSet(inputs, small.DATA.targets, small.DATA.splits)
    assert scores(data=data) == {}


def written(folder: Path, config: Config) -> list[tuple[str, str]]:
    """Score what the journal does not have."""
    new = []
    journal = Journal(folder / "journal.jsonl")
    if not journal.record.id:
        journal.write(SweepStarted(id="ab12", name="small"))
    journal.observers.append(
        lambda event, record: new.append((event.task, event.model))  # type: ignore[attr-defined]
    )
    write_baselines(journal, config, small.DATA, METRICS)
    journal.close()
    return new


def test_a_sweep_scores_each_once_and_a_failed_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError

    off = small.config({"report.reference": False})
    assert written(tmp_path, off) == []
    with monkeypatch.context() as patch:
        patch.setattr(models, "_gradient_boosting", fail)
        assert len(written(tmp_path, small.config())) == 4
    record = read_record(tmp_path / "journal.jsonl")
    assert {task: list(by_model) for task, by_model in record.baselines.items()} == {
        "kind": ["linear"],
        "size": ["linear"],
    }
    assert written(tmp_path, small.config()) == [
        ("kind", "gradient_boosting"),
        ("size", "gradient_boosting"),
    ]
    assert written(tmp_path, small.config()) == []
    record = read_record(tmp_path / "journal.jsonl")
    assert set(record.baselines["size"]["gradient_boosting"]) == {
        "val/size/r2", "val/size/mae", "test/size/r2", "test/size/mae"
    }  # fmt: skip
