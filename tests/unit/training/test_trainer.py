"""The loop: equal to plain torch, and none of the mistakes that multi-task loops are known for."""

from __future__ import annotations

import dataclasses
import math
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.config import Config, override
from mtl_search.data.dataset import DataSet, Target
from mtl_search.errors import TrialError
from mtl_search.storage.item_values import decode
from mtl_search.training.results.split_results import SplitResults
from mtl_search.training.trainer import Trainer
from tests.support.trials import (
    WEIGHTS,
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


class _Plain(nn.Module):
    """The networks of `config`, written by hand."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        if backbone == "mlp":
            self.trunk, width = (
                nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU()),
                8,
            )
        else:
            width = 6
            self.trunk = nn.Sequential(
                nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
            )  # fmt: skip
        self.kind, self.flag, self.size = (
            nn.Linear(width, 3),
            nn.Linear(width, 1),
            nn.Linear(width, 1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.trunk(x)
        if x.dim() == 4:
            x = x.mean((2, 3))
        return self.kind(x), self.flag(x).squeeze(1), self.size(x).squeeze(1)


def _by_hand(
    network: nn.Module, made: Trainer, samples: DataSet, settings: Config, epochs: int
) -> None:
    """Train as one writes it with nothing but torch."""
    training, rows = settings.training, samples.splits["train"]
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=training.epochs)
    x = torch.from_numpy(
        samples.inputs["x" if settings.model.backbone.name == "mlp" else "image"][:]
    )
    kind, flag, size = (
        torch.from_numpy(samples.targets[name].values) for name in ("kind", "flag", "size")
    )
    scaling = made.heads["size"].state_dict()
    size = (size - scaling["mean"]) / scaling["std"]
    scale = {task: WEIGHTS[task] / float(made.heads[task].trivial_loss) for task in WEIGHTS}
    w = {
        t: torch.tensor(scale[t] if training.loss_scale == "trivial" else WEIGHTS[t])
        for t in WEIGHTS
    }
    for epoch in range(epochs):
        network.train()
        order = torch.from_numpy(np.random.default_rng([3, epoch]).permutation(rows))
        for number, batch in enumerate(order.split(training.batch_size), start=1):
            out_kind, out_flag, out_size = network(x[batch])
            loss = (
                w["kind"] * F.cross_entropy(out_kind, kind[batch])
                + w["flag"] * F.binary_cross_entropy_with_logits(out_flag, flag[batch].float())
                + w["size"] * F.mse_loss(out_size, size[batch])
            )
            (loss / training.accumulate).backward()
            if number % training.accumulate == 0:
                if training.clip_norm is not None:
                    nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
                optimizer.step()
                optimizer.zero_grad()
        schedule.step()


@pytest.mark.parametrize("backbone", ["mlp", "convnet"])
@pytest.mark.parametrize(
    "training",
    [
        {},
        {"loss_scale": "none", "clip_norm": 0.5},
        {"batch_size": 8, "accumulate": 2, "clip_norm": 1.0},
        {"train_metrics": False, "cache_on_device": "never"},
    ],
    ids=["scaled", "clipped", "accumulated", "bare"],
)
def test_a_trial_is_the_loop_written_by_hand_to_the_last_bit(
    backbone: str, training: Mapping[str, Any], tmp_path: Path
) -> None:
    settings = config(
        backbone, optimizer={"name": "adamw", "lr": 1e-2}, schedule="cosine", **training
    )
    samples = data()
    made, plain = trainer(settings, tmp_path, samples), _Plain(backbone)
    with torch.no_grad():
        for target, source in zip(plain.parameters(), made.network.parameters(), strict=True):
            target.copy_(source)
    train(made)
    _by_hand(plain, made, samples, settings, epochs=4)
    for (name, ours), theirs in zip(
        made.network.named_parameters(), plain.parameters(), strict=True
    ):
        assert torch.equal(ours, theirs), name


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(("small", "accumulate"), [(8, 3), (5, 5)])
def test_accumulated_batches_are_one_big_batch(
    small: int, accumulate: int, missing: bool, tmp_path: Path
) -> None:
    # 48 samples: neither 24 nor 25 leaves equal groups of equal batches, and labels are spread
    # unevenly.
    samples = data(missing=missing)
    sgd = config(optimizer={"name": "sgd", "lr": 0.1}, train_metrics=False, epochs=2)
    parts = trainer(changed(sgd, batch_size=small, accumulate=accumulate), tmp_path, samples)
    whole = trainer(changed(sgd, batch_size=small * accumulate), tmp_path, samples)
    for _ in range(2):
        one, other = parts.train_epoch(), whole.train_epoch()
        assert one.keys() == other.keys()
    for ours, theirs in zip(parts.network.parameters(), whole.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("task", list(WEIGHTS))
def test_the_gradient_of_a_head_scales_with_its_loss_weight(
    task: str, precision: str, tmp_path: Path
) -> None:
    gradients: dict[float, dict[str, list[Tensor]]] = {}
    for weight in (1.0, 3.14159):
        settings = override(
            config(precision=precision, epochs=1, batch_size=48),
            {f"tasks.{task}.loss_weight": weight},
        )
        made = trainer(settings, tmp_path)

        def record(made: Trainer = made, weight: float = weight) -> None:
            heads = made.heads.items()
            gradients[weight] = {
                n: [p.grad for p in head.parameters() if p.grad is not None] for n, head in heads
            }

        made.optimizer.step = record  # type: ignore[method-assign,assignment]
        made.train_epoch()
        assert all(len(found) == 2 for found in gradients[weight].values())
    for name in WEIGHTS:
        factor = 3.14159 if name == task else 1.0
        bound = 1e-5 if precision == "fp32" else 1e-2  # in bf16 gradients are rounded to 8 bits
        for one, other in zip(gradients[1.0][name], gradients[3.14159][name], strict=True):
            assert float((one * factor - other).norm()) <= bound * float(other.norm())


def test_settings_reach_training_and_the_seed_decides_the_rest(tmp_path: Path) -> None:
    base = config(epochs=2)
    first = [told(report) for report in train(trainer(base, tmp_path / "a"))]
    again = [told(report) for report in train(trainer(base, tmp_path / "b"))]
    assert first == again
    variants = {
        "tasks.flag.loss_weight": 5.0,
        "training.optimizer.lr": 0.05,
        "model.sharing.depth": 0,
        "model.backbone.dropout": 0.5,
        "training.batch_size": 8,
        "training.loss_scale": "none",
        "training.clip_norm": 0.01,
        "training.schedule": "cosine",
    }
    ends = {"base": first[-1]["val/size/loss"]}
    for path, value in variants.items():
        ends[path] = told(train(trainer(override(base, {path: value}), tmp_path / path))[-1])[
            "val/size/loss"
        ]
    ends["seed"] = told(train(trainer(base, tmp_path / "seed", seed=4))[-1])["val/size/loss"]
    assert len(set(ends.values())) == len(ends), ends


def test_what_stands_in_for_a_missing_label_changes_nothing(tmp_path: Path) -> None:
    # The view of a sample without labels still passes the trunk, so samples are kept and only their
    # labels are hidden.
    samples = data(missing=True)
    settings = config(epochs=2)
    reports = train(trainer(settings, tmp_path / "a", samples))
    hidden = np.isnan(samples.targets["size"].values)
    assert hidden[samples.splits["train"]].any()
    known = {name: target.labelled for name, target in samples.targets.items()}
    for task in WEIGHTS:
        alone = override(
            settings, {f"tasks.{other}.loss_weight": 0.0 for other in WEIGHTS if other != task}
        )
        rows = samples.splits["train"][known[task][samples.splits["train"]]]
        only = dataclasses.replace(samples, splits={**samples.splits, "train": rows})
        one = changed(
            alone, batch_size=48, optimizer={"name": "sgd", "lr": 0.1}, epochs=1, loss_scale="none"
        )
        all_rows, labelled_rows = (
            trainer(one, tmp_path / "x", samples),
            trainer(one, tmp_path / "y", only),
        )
        all_rows.train_epoch()
        labelled_rows.train_epoch()
        for a, b in zip(
            all_rows.network.parameters(), labelled_rows.network.parameters(), strict=True
        ):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert all(math.isfinite(value) for report in reports for value in report.metrics.values())


def test_the_training_loss_is_the_mean_over_labels_not_over_batches(tmp_path: Path) -> None:
    samples = data(missing=True)
    labels = samples.targets["size"].values.copy()
    train_rows = samples.splits["train"]
    rows = train_rows[~np.isnan(labels[train_rows])][:3]  # three labels in six batches
    labels[np.setdiff1d(train_rows, rows)] = np.nan
    targets = {**samples.targets, "size": Target(labels, "real")}
    settings = config(batch_size=8, optimizer={"name": "sgd", "lr": 0.0})
    made = trainer(settings, tmp_path, dataclasses.replace(samples, targets=targets))
    network, head = made.network.train(), made.heads["size"]
    output = network({"x": torch.from_numpy(samples.inputs["x"][rows])})["size"]
    expected = float(head.loss(output.detach(), torch.from_numpy(labels[rows])))
    assert made.train_epoch()["train/size/loss"] == pytest.approx(expected, rel=1e-5)


def test_a_loss_that_is_not_finite_names_its_task_and_epoch(tmp_path: Path) -> None:
    made = trainer(config(), tmp_path)
    made.run_epoch()
    with torch.no_grad():
        next(made.heads["flag"].parameters()).fill_(float("nan"))
    with pytest.raises(TrialError, match=r"train loss of task 'flag' is nan in epoch 2"):
        made.run_epoch()


def test_an_objective_that_is_not_finite_fails_the_trial(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="objective is nan in epoch 1"):
        trainer(config(), tmp_path, objective=lambda _: float("nan")).run_epoch()


def _scripted(*values: float) -> Any:
    remaining = list(values)
    return lambda _: remaining.pop(0)


def test_the_best_epoch_is_kept_and_the_test_split_is_read_once_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    pass_split = SplitResults._pass

    def counted(self: SplitResults, split: str) -> Any:
        read.append(split)
        return pass_split(self, split)

    monkeypatch.setattr(SplitResults, "_pass", counted)
    made = trainer(config(epochs=4), tmp_path, test=True, objective=_scripted(0.1, 0.7, 0.3, 0.7))
    weights, reports = [], []
    for _ in range(4):
        reports.append(made.run_epoch())
        weights.append(weights_of(made))
    assert [report.objective for report in reports] == [0.1, 0.7, 0.7, 0.7]
    assert made.progress.best_epoch == 2
    assert read == ["validation"] * 4 + ["test"]
    assert [bool(report.test) for report in reports] == [False, False, False, True]
    assert_same_weights(
        weights[3], weights[1]
    )  # the network is back at its best epoch, where it was tested
    assert reports[3].test == made.evaluate("test")
    assert [bool(report.items) for report in reports] == [False, False, False, True]
    items = decode(reports[3].items)
    assert {f"test/{key}": values.mean() for key, values in items.items()} == pytest.approx(
        {key: value for key, value in reports[3].test.items() if not key.endswith("/loss")}
    )
    assert {len(values) for values in items.values()} == {len(made.data.splits["test"])}

    read.clear()
    reports = train(trainer(config(epochs=2), tmp_path / "searched"))
    assert "test" not in read
    assert not any(report.items for report in reports)


def test_early_stopping_waits_for_its_patience(tmp_path: Path) -> None:
    settings = config(epochs=10, early_stopping={"patience": 2, "min_delta": 0.1})
    made = trainer(settings, tmp_path, objective=_scripted(0.5, 0.65, 0.7, 0.72, 9.0))
    reports = train(made)
    assert [report.state for report in reports] == ["RUNNING"] * 3 + ["COMPLETE"]
    assert (
        reports[-1].objective == 0.72
    )  # better than the anchor by less than min_delta, yet the best


def test_every_head_trains_in_bf16(tmp_path: Path) -> None:
    settings, samples = all_heads()
    exact = train(_of_all(settings, samples, tmp_path / "fp32"))[-1].metrics
    rough = train(_of_all(changed(settings, precision="bf16"), samples, tmp_path / "bf16"))[
        -1
    ].metrics
    assert exact.keys() == rough.keys()
    for name, value in rough.items():
        assert math.isfinite(value), name
        if name.endswith("/loss"):
            assert value == pytest.approx(exact[name], rel=0.1), name
    assert any(rough[name] != exact[name] for name in rough if name.endswith("/loss"))


def _of_all(settings: Config, samples: DataSet, directory: Path) -> Trainer:
    return trainer(
        settings, directory, samples, objective=lambda metrics: -metrics["val/softmax/loss"]
    )


def test_nothing_of_the_inputs_is_kept_until_the_end_of_the_epoch(tmp_path: Path) -> None:
    made = trainer(config(batch_size=8), tmp_path)
    alive: list[Any] = []
    forward = made.network.forward

    def spy(inputs: Mapping[str, Tensor], masks: Any = None) -> dict[str, Tensor]:
        alive.append(weakref.ref(inputs["x"]))
        assert sum(reference() is not None for reference in alive) <= 2
        return forward(inputs, masks)

    made.network.forward = spy  # type: ignore[method-assign]
    made.train_epoch()
    made.evaluate("validation")
    assert len(alive) > 6
