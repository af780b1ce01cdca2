"""Weightings and aggregators in the loop: gradients, what is logged, and how a trial goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.config import Config, override
from mtl_search.errors import ConfigError, TrialError
from mtl_search.training.balanced_step import BalancedStep
from mtl_search.training.balancing import AGGREGATORS, WEIGHTINGS
from mtl_search.training.step import Step
from mtl_search.training.trainer import Trainer
from tests.support.trials import (
    WEIGHTS,
    assert_same_weights,
    config,
    data,
    told,
    train,
    trainer,
    weights_of,
)

SGD = {"name": "sgd", "lr": 0.1}


def _gradients(made: Trainer) -> dict[str, Tensor]:
    """Of the first step; the optimiser does not take it."""
    found: dict[str, Tensor] = {}

    def record() -> None:
        found.update(
            {n: p.grad.clone() for n, p in made.network.named_parameters() if p.grad is not None}
        )

    made.optimizer.step = record  # type: ignore[method-assign,assignment]
    made.train_epoch()
    return found


def _by_task(made: Trainer) -> tuple[dict[str, list[Tensor]], dict[str, float]]:
    """Each task's weighted loss over the training split, and its gradients of all parameters."""
    network = made.network.train()
    rows = torch.from_numpy(made.data.splits["train"])
    outputs = network({"x": torch.from_numpy(made.data.inputs["x"])[rows]})
    gradients, losses = {}, {}
    for task, head in network.heads.items():
        target = torch.from_numpy(made.data.targets[task].values)[rows]
        loss = WEIGHTS[task] / head.trivial_loss * head.loss(outputs[task], target)
        found = torch.autograd.grad(
            loss,
            list(network.parameters()),
            retain_graph=True,
            materialize_grads=True,
            allow_unused=True,
        )
        gradients[task], losses[task] = list(found), loss.item()
    return gradients, losses


def _whole(directory: Path, **training: Any) -> Trainer:
    """One step an epoch."""
    return trainer(config(batch_size=48, optimizer=SGD, **training), directory, data(missing=True))


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_weighting_weighs_every_task_wherever_its_gradient_goes(
    accumulate: int, tmp_path: Path
) -> None:
    batches: dict[str, Any] = {"batch_size": 48 // accumulate, "accumulate": accumulate}
    made = trainer(
        config(optimizer=SGD, weighting="geometric_mean", **batches), tmp_path, data(missing=True)
    )
    gradients, losses = _by_task(made)
    mean = torch.tensor(list(losses.values())).log().mean().exp()
    weights = {task: mean / (3 * loss) for task, loss in losses.items()}
    found = _gradients(made)
    for number, (name, _) in enumerate(made.network.named_parameters()):
        expected = sum(weights[task] * rows[number] for task, rows in gradients.items())
        torch.testing.assert_close(found[name], expected, rtol=1e-4, atol=1e-6)


def test_an_aggregator_sees_shared_parameters_alone(tmp_path: Path) -> None:
    made = _whole(tmp_path, aggregator="mgda")
    gradients, _ = _by_task(made)
    found = _gradients(made)
    shared = {id(p) for p in made.network.shared_parameters()}
    numbers = [i for i, p in enumerate(made.network.parameters()) if id(p) in shared]
    assert 0 < len(numbers) < len(list(made.network.parameters()))
    jacobian = torch.stack(
        [torch.cat([rows[i].flatten() for i in numbers]) for rows in gradients.values()]
    )
    vector = torch.cat(
        [
            found[n].flatten()
            for i, (n, _) in enumerate(made.network.named_parameters())
            if i in numbers
        ]
    )
    assert vector.norm() < min(row.norm() for row in jacobian)  # the shortest of the hull
    assert (jacobian @ vector).min() >= 0.99 * vector.square().sum()
    for number, (name, _) in enumerate(made.network.named_parameters()):
        if number not in numbers:
            torch.testing.assert_close(
                found[name], sum(rows[number] for rows in gradients.values())
            )


def test_weighting_then_aggregator(tmp_path: Path) -> None:
    """With the sum as the weighting alone; with a method that is not linear, not the same."""
    plain = _gradients(_whole(tmp_path / "a", weighting="geometric_mean"))
    summed = _gradients(_whole(tmp_path / "b", weighting="geometric_mean", aggregator="sum"))
    other = _gradients(_whole(tmp_path / "c", weighting="geometric_mean", aggregator="mgda"))
    for name, gradient in plain.items():
        torch.testing.assert_close(summed[name], gradient, rtol=1e-4, atol=1e-6)
        if "head" in name:
            torch.testing.assert_close(other[name], gradient, rtol=1e-4, atol=1e-6)
    assert any(
        not torch.allclose(other[name], gradient, rtol=0.1) for name, gradient in plain.items()
    )


def test_the_sum_is_what_training_without_an_aggregator_does(tmp_path: Path) -> None:
    plain = _gradients(_whole(tmp_path / "a"))
    for name, gradient in _gradients(_whole(tmp_path / "b", aggregator="sum")).items():
        torch.testing.assert_close(gradient, plain[name])


@pytest.mark.parametrize(
    "how",
    [
        {"aggregator": "mgda"},
        {"weighting": "geometric_mean"},
        {"weighting": "gradnorm"},
        {"weighting": "autoscale"},
    ],
)
@pytest.mark.parametrize(
    "sharing", [{"name": "soft", "strength": 0.5}, {"name": "hard", "depth": 0}]
)
def test_where_nothing_is_shared_tasks_follow_their_own_losses(
    how: dict[str, Any], sharing: dict[str, Any], tmp_path: Path
) -> None:
    def of(training: dict[str, Any], folder: str) -> tuple[Trainer, dict[str, Tensor]]:
        settings = override(
            config(batch_size=48, optimizer=SGD, **training), {"model.sharing": sharing}
        )
        made = trainer(settings, tmp_path / folder, data(missing=True))
        return made, _gradients(made)

    made, found = of(how, "balanced")
    _, plain = of({}, "plain")
    pull: dict[str, Tensor] = {}
    if (penalty := made.network.sharing.penalty()) is not None:
        named = list(made.network.sharing.named_parameters())
        pull = dict(
            zip(
                [f"sharing.{n}" for n, _ in named],
                torch.autograd.grad(penalty, [p for _, p in named]),
                strict=True,
            )
        )
    ratios = []
    for name, gradient in found.items():
        own, expected = gradient - pull.get(name, 0), plain[name] - pull.get(name, 0)
        ratio = (own * expected).sum() / expected.square().sum()
        torch.testing.assert_close(own, ratio * expected, rtol=1e-3, atol=1e-6)
        ratios.append(float(ratio))
    if how != {"weighting": "geometric_mean"}:
        assert ratios == pytest.approx([1.0] * len(ratios), rel=1e-3)


# Those with a history, an optimiser of their own or random draws; the others have nothing to go on
# from.
HISTORIES = {
    "weighting": ["uw", "dwa", "famo", "random", "gradnorm", "db_mtl", "autoscale"],
    "aggregator": ["pcgrad", "gradvac", "excess_mtl", "sdmgrad", "pcd"],
}


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family in HISTORIES for name in HISTORIES[family]]
)
def test_a_balanced_trial_taken_up_again_is_the_one_that_ran_through(
    family: str, name: str, tmp_path: Path
) -> None:
    training: dict[str, Any] = {
        "epochs": 4,
        "checkpoint_every_s": 0,
        "batch_size": 8,
        "accumulate": 3,
        family: name,
    }
    settings = override(config(optimizer=SGD, **training), {"model.backbone.dropout": 0.2})
    samples = data(missing=True)
    whole = trainer(settings, tmp_path / "whole", samples)
    expected = [told(report) for report in train(whole)]
    first = trainer(settings, tmp_path / "cut", samples)
    found = [told(first.run_epoch()) for _ in range(3)]
    torch.rand(3)
    second = trainer(settings, tmp_path / "cut", samples)
    found.append(told(second.run_epoch()))
    assert found == expected
    assert_same_weights(weights_of(second), weights_of(whole))


def _logged(settings: Config, directory: Path) -> dict[str, float]:
    metrics = trainer(settings, directory, data(missing=True)).train_epoch()
    return {
        name.removeprefix("train/weight/"): value
        for name, value in metrics.items()
        if "/weight/" in name
    }


@pytest.mark.parametrize("family", ["weighting", "aggregator"])
def test_weights_are_logged_as_static_ones_would_be_written(family: str, tmp_path: Path) -> None:
    table: Any = {"weighting": WEIGHTINGS, "aggregator": AGGREGATORS}[family]
    for name in table:
        found = _logged(config(accumulate=2, batch_size=8, **{family: name}), tmp_path / name)
        if name in ("static", "graddrop", "config", "trimmed_mean"):
            assert found == {}, name
            continue
        assert list(found) == list(WEIGHTS), name
        assert sum(found.values()) == pytest.approx(3, rel=1e-4), name
        if name in ("mean", "sum"):
            assert found == pytest.approx(
                {task: 3 * weight / 3.75 for task, weight in WEIGHTS.items()}
            ), name


@pytest.mark.parametrize(
    "how",
    [
        {"aggregator": "mgda"},
        {"aggregator": "imtl_g"},
        {"weighting": "gradnorm"},
        {"weighting": "autoscale"},
    ],
)
def test_a_task_that_shares_nothing_counts_by_one(how: dict[str, str], tmp_path: Path) -> None:
    even = dict.fromkeys((f"tasks.{task}.loss_weight" for task in WEIGHTS), 1.0)
    depths = {"model.sharing": {"name": "hard", "depth": {"kind": 1, "flag": 1, "size": 0}}}
    made = trainer(
        override(config(batch_size=8, **how), even | depths), tmp_path, data(missing=True)
    )
    raw = []
    combine = made.step._combine  # type: ignore[attr-defined]

    def noted(*arguments: Any) -> None:
        combine(*arguments)
        raw.append(made.step._used[-1][0])  # type: ignore[attr-defined]

    made.step._combine = noted  # type: ignore[attr-defined]
    made.train_epoch()
    assert [float(used[2]) for used in raw] == pytest.approx([1.0] * len(raw))
    assert len({round(float(used[0]), 4) for used in raw}) > 1


def test_plain_training_takes_the_direct_way(tmp_path: Path) -> None:
    assert type(trainer(config(), tmp_path).step) is Step
    assert type(trainer(config(weighting="mean"), tmp_path).step) is BalancedStep
    one_task = override(
        config(weighting="uw", aggregator="pcgrad"),
        {"tasks": {"kind": {"head": "softmax", "view": "x"}}},
    )
    single = one_task.model_copy(update={"tasks": {"kind": one_task.tasks["kind"]}})
    assert type(trainer(single, tmp_path).step) is Step


def test_a_trial_says_whether_its_weights_are_its_own(tmp_path: Path) -> None:
    """By which static weights are told from those that a trial found."""
    ways: list[dict[str, Any]] = [{}, {"weighting": "uw"}, {"aggregator": "graddrop"}]
    assert [trainer(config(**way), tmp_path).info()["adaptive"] for way in ways] == [
        False,
        True,
        True,
    ]


def test_a_weight_that_is_not_finite_is_named(tmp_path: Path) -> None:
    made = trainer(config(weighting="uw", batch_size=48), tmp_path)
    made.step.weighting.scalarizer.log_var.data[1] = float("nan")  # type: ignore[attr-defined]
    with pytest.raises(TrialError, match=r"weight of task 'flag' became nan"):
        made.run_epoch()


def test_a_wrong_name_is_refused_when_the_trainer_is_built(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.weighting\.name"):
        trainer(config(weighting="dwe"), tmp_path)
