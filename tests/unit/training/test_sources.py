"""Trials on several sources draw what is documented and log it; resuming changes nothing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.config import Config, override
from mtl_search.data import SAMPLING, DataSet, concat
from mtl_search.data.mixture import RoundRobin, Uniform, build_sampling
from mtl_search.export.folder import load_model
from tests.support.trials import (
    all_heads,
    assert_same_weights,
    changed,
    config,
    data,
    told,
    train,
    trainer,
    weights_of,
)

# Policy, with its parts for sources of 200 and 20 training samples.
POLICIES: dict[str, tuple[dict[str, Any], float]] = {
    "proportional": ({}, 10 / 11),
    "uniform": ({}, 1 / 2),
    "temperature": ({"temperature": 2}, 10**0.5 / (10**0.5 + 1)),
    "round_robin": ({}, 1 / 2),
}


def _part(train: int, *targets: str, flip: bool = False) -> DataSet:
    """The samples of `trials.data` with some targets; `flip` negates them, so that they differ."""
    whole = data(train=train)
    inputs = {name: -x[:] if flip else x for name, x in whole.inputs.items()}
    return dataclasses.replace(
        whole, inputs=inputs, targets={name: whole.targets[name] for name in targets}
    )


def _samples(policy: str = "proportional", *, batches: int | None = None) -> DataSet:
    parts = {"big": _part(200, "kind", "size"), "small": _part(20, "flag", flip=True)}
    return concat(parts, build_sampling({"name": policy, **POLICIES[policy][0]}), batches)


def test_every_policy_has_a_case() -> None:
    assert POLICIES.keys() == SAMPLING.keys()


@pytest.mark.parametrize("policy", SAMPLING)
def test_a_trial_draws_the_documented_shares(policy: str, tmp_path: Path) -> None:
    reports = train(trainer(config(epochs=4, batch_size=4), tmp_path, _samples(policy)))
    drawn = {
        name: sum(r.metrics[f"train/draws/{name}"] for r in reports) for name in ("big", "small")
    }
    share = POLICIES[policy][1]
    assert sum(drawn.values()) == 4 * 220
    assert drawn["big"] / sum(drawn.values()) == pytest.approx(share, rel=0.01)
    assert drawn["small"] / sum(drawn.values()) == pytest.approx(1 - share, rel=0.01)
    assert all(math.isfinite(value) for report in reports for value in report.metrics.values())


def test_data_without_sources_tells_no_draws(tmp_path: Path) -> None:
    assert not [
        name for name in train(trainer(config(epochs=1), tmp_path))[0].metrics if "draws" in name
    ]


@pytest.mark.parametrize("policy", ["temperature", "round_robin"])
def test_a_trial_that_is_taken_up_again_goes_on_as_if_nothing_had_happened(
    policy: str, tmp_path: Path
) -> None:
    settings, samples = (
        changed(config(epochs=4, batch_size=16), checkpoint_every_s=0),
        _samples(policy),
    )
    whole = trainer(settings, tmp_path / "whole", samples)
    expected = [told(report) for report in train(whole)]
    first = trainer(settings, tmp_path / "parts", samples)
    reports = [told(first.run_epoch()), told(first.run_epoch())]
    second = trainer(settings, tmp_path / "parts", samples)
    reports += [told(report) for report in train(second)]
    assert reports == expected
    assert_same_weights(weights_of(second), weights_of(whole))


def _only(settings: Config, task: str) -> Config:
    return settings.model_copy(update={"tasks": {task: settings.tasks[task]}})


def test_a_single_task_arm_draws_its_own_source_as_often_as_joint_training_does(
    tmp_path: Path,
) -> None:
    settings, samples = config(epochs=3, batch_size=16), _samples("uniform")
    joint = trainer(settings, tmp_path / "joint", samples)
    alone = trainer(_only(settings, "flag"), tmp_path / "alone", samples, objective=lambda _: 0.0)
    together, single = train(joint)[0].metrics, train(alone)[0].metrics
    assert together["train/draws/small"] == single["train/draws/small"] == 7 * 16
    assert "train/draws/big" not in single


def test_steps_with_batches_of_several_sources(tmp_path: Path) -> None:
    """Two batches of a strict cycle are one step on both sources: all heads get a gradient."""
    parts = {"big": _part(200, "kind", "size"), "small": _part(20, "flag", flip=True)}
    settings = config(epochs=1, batch_size=16, accumulate=2)
    made = trainer(settings, tmp_path, concat(parts, RoundRobin()))
    seen: list[bool] = []

    def record() -> None:
        gradients = [p.grad for head in made.heads.values() for p in head.parameters()]
        seen.append(all(g is not None and bool(g.abs().sum() > 0) for g in gradients))

    made.optimizer.step = record  # type: ignore[method-assign,assignment]
    made.train_epoch()
    assert seen == [True] * 7


def test_every_head_lives_with_batches_without_its_labels(tmp_path: Path) -> None:
    settings, samples = all_heads()
    first, second = ("softmax", "multilabel", "crf"), ("binary", "regression", "pair")
    parts = {
        "one": dataclasses.replace(
            samples, targets={name: samples.targets[name] for name in first}
        ),
        "two": dataclasses.replace(
            samples, targets={name: samples.targets[name] for name in second}, masks={}
        ),
    }
    made = trainer(
        changed(settings, batch_size=8),
        tmp_path,
        concat(parts, Uniform()),
        objective=lambda m: -m["val/crf/loss"],
    )
    reports = train(made)
    assert all(math.isfinite(value) for report in reports for value in report.metrics.values())
    losses = [report.metrics["train/regression/loss"] for report in reports]
    assert losses[0] != losses[1], "it trains"


def test_an_epoch_without_a_batch_of_a_source_has_no_loss_of_its_tasks(tmp_path: Path) -> None:
    made = trainer(config(epochs=2, batch_size=16), tmp_path, _samples(batches=1))
    told_of = {
        name for name in made.train_epoch() if name.startswith("train/") and name.endswith("/loss")
    }
    (drawn,) = [source for source, count in made.train_loader.samples_by_source.items() if count]
    assert (
        told_of
        == {"big": {"train/kind/loss", "train/size/loss"}, "small": {"train/flag/loss"}}[drawn]
    )


def test_a_task_is_judged_on_its_own_source(tmp_path: Path) -> None:
    """Validation on the joined data is validation on the source that has the labels."""
    samples, settings = _samples(), config(epochs=2, batch_size=16)
    made = trainer(settings, tmp_path, samples)
    train(made)
    rows = samples.splits["validation"][
        samples.targets["flag"].labelled[samples.splits["validation"]]
    ]
    assert len(rows) == 16
    ((kept,), _) = load_model(tmp_path / "best")
    predictor = kept.predictor
    assert set(predictor.data_spec.targets) == {"kind", "size", "flag"}
    made.network.load_state_dict(predictor.network.state_dict())
    metrics = made.evaluate("validation")
    right = (predictor.predict({"x": samples.inputs["x"][rows]})["flag"] > 0.5) == samples.targets[
        "flag"
    ].values[rows]
    assert metrics["val/flag/accuracy"] == pytest.approx(np.mean(right))


def test_the_policy_reaches_training(tmp_path: Path) -> None:
    settings = config(epochs=2, batch_size=16)
    ends = {
        policy: told(train(trainer(settings, tmp_path / policy, _samples(policy)))[-1])[
            "val/size/loss"
        ]
        for policy in SAMPLING
    }
    ends["batches"] = told(
        train(trainer(settings, tmp_path / "batches", _samples(batches=30)))[-1]
    )["val/size/loss"]
    assert len(set(ends.values())) == len(ends), ends


@pytest.mark.parametrize("aggregator", ["mgda", "imtl_g", "aligned_mtl", "upgrad"])
def test_steps_without_a_label_say_nothing_of_a_tasks_weight(
    aggregator: str, tmp_path: Path
) -> None:
    """Alone in its steps, each task counts by 1, however few these are."""
    even = dict.fromkeys((f"tasks.{task}.loss_weight" for task in ("kind", "flag")), 1.0)
    settings = override(config(aggregator=aggregator, batch_size=4), even)
    two = settings.model_copy(
        update={"tasks": {task: settings.tasks[task] for task in ("kind", "flag")}}
    )
    metrics = trainer(two, tmp_path, _samples()).train_epoch()
    assert metrics["train/draws/big"] > 5 * metrics["train/draws/small"] > 0
    found = {name: value for name, value in metrics.items() if "/weight/" in name}
    assert found == pytest.approx({"train/weight/kind": 1.0, "train/weight/flag": 1.0}, rel=1e-5)
