"""Members of a pack are told what they would be told alone, and what cannot pack is taken apart."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.config import override
from mtl_search.data import DataSet
from mtl_search.metrics.objective import Objective
from mtl_search.training.balancing import WEIGHTINGS
from mtl_search.training.packs.runner import PackRunner
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from tests.support.packed import (
    SAMPLES,
    Reports,
    alone,
    largest_difference,
    packed,
    settings,
    specs,
)
from tests.support.trials import OBJECTIVE, data, spec

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "adamw": ("mlp", {}),
    "adam": ("mlp", {"training.optimizer": {"name": "adam", "lr": 0.01, "weight_decay": 0.1}}),
    "sgd": ("mlp", {"training.optimizer": {"name": "sgd", "lr": 0.01}}),
    "momentum": (
        "mlp",
        {"training.optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "nesterov": True}},
    ),
    "dropout": ("mlp", {"model.backbone.dropout": 0.3}),
    "clipping": ("mlp", {"training.clip_norm": 0.1}),
    "schedule": ("mlp", {"training.schedule": "cosine"}),
    "accumulation": ("mlp", {"training.accumulate": 3}),
    "factors": ("mlp", {"training.lr_multipliers": {"backbone": 0.5, "heads": 2.0}}),
    "layer norm": ("mlp", {"model.backbone.norm": "layer"}),
    "depth 0": ("mlp", {"model.sharing": {"name": "hard", "depth": 0}}),
    "soft": ("mlp", {"model.sharing": {"name": "soft", "strength": 0.1}}),
    "cross-stitch": ("mlp", {"model.sharing": "cross_stitch"}),
    "convolutions": ("convnet", {"model.backbone.norm": "group"}),
    "no training metrics": ("mlp", {"training.train_metrics": False}),
    "no losses' scale": ("mlp", {"training.loss_scale": "none"}),
    "half precision": ("mlp", {"training.precision": "bf16"}),
    "half precision by vmap": (
        "mlp",
        {"training.precision": "bf16", "model.sharing": "cross_stitch"},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_members_are_told_what_they_would_be_told_alone(name: str, tmp_path: Path) -> None:
    backbone, changes = SHAPES[name]
    base = settings(backbone, **changes)
    samples = data(missing=name in ("adamw", "accumulation"), train=96)
    together = packed(specs(base, tmp_path / "pack"), samples)
    assert {report.info["pack"] for reports in together.values() for report in reports} == {3}
    separate = alone(specs(base, tmp_path / "alone"), samples)
    # Half precision has three digits, and rounds other sums.
    allowed = 0.02 if name.startswith("half precision") else 2e-5
    assert largest_difference(together, separate) < allowed


ALONE = [
    name
    for name in WEIGHTINGS
    if not WEIGHTINGS.constant(name, "needs_gradients")
    and not WEIGHTINGS.constant(name, "needs_losses_after_step")
]


@pytest.mark.parametrize("name", ALONE)
def test_weightings_that_read_losses_alone_work_in_a_pack(name: str, tmp_path: Path) -> None:
    weights = {"cosmos": {"preferences": [1, 1, 1]}, "pbi": {"preferences": [1, 1, 1]}}
    base = settings(**{"training.weighting": {"name": name, **weights.get(name, {})}})
    samples = data(missing=True, train=96)
    together = packed(specs(base, tmp_path / "pack"), samples)
    assert {report.info["pack"] for told in together.values() for report in told} == {3}
    separate = alone(specs(base, tmp_path / "alone"), samples)
    assert largest_difference(together, separate) < 1e-4
    for told, alike in zip(together.values(), separate.values(), strict=True):
        for mine, theirs in zip(told, alike, strict=True):
            weights_of = [key for key in mine.metrics if key.startswith("train/weight/")]
            assert [mine.metrics[key] for key in weights_of] == pytest.approx(
                [theirs.metrics[key] for key in weights_of], abs=1e-4
            )


def _ends(reports: Reports) -> list[tuple[str, int]]:
    return [(told[-1].state, told[-1].epoch) for told in reports.values()]


def test_a_member_that_diverges_hurts_no_other(tmp_path: Path) -> None:
    rates = (0.003, 1e30, 0.03)
    together = packed(specs(settings(), tmp_path / "pack", rates))
    assert _ends(together) == [("COMPLETE", 4), ("FAIL", 0), ("COMPLETE", 4)]
    assert "is nan in epoch 1" in together["t-0001"][0].reason
    others = {name: told for name, told in together.items() if name != "t-0001"}
    separate = alone(specs(settings(), tmp_path / "alone", rates))
    del separate["t-0001"]
    assert largest_difference(others, separate) < 2e-5


def test_members_stop_early_by_themselves(tmp_path: Path) -> None:
    base = settings(**{"training.epochs": 12, "training.early_stopping": {"patience": 2}})
    rates = (1e-4, 0.03, 0.003)
    together = packed(specs(base, tmp_path / "pack", rates))
    separate = alone(specs(base, tmp_path / "alone", rates))
    assert _ends(together) == _ends(separate)
    assert len({epoch for _, epoch in _ends(together)}) > 1
    assert largest_difference(together, separate) < 2e-5


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_the_rest_of_a_pack_goes_on_without_those_that_were_pruned(
    epoch: int, tmp_path: Path
) -> None:
    together = packed(specs(settings(), tmp_path / "pack"), stops={epoch: ["t-0000", "t-0002"]})
    assert [len(told) for told in together.values()] == [epoch, 4, epoch]
    separate = alone(specs(settings(), tmp_path / "alone")[1:2])
    assert largest_difference({"t-0001": together["t-0001"]}, separate) < 2e-5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"training.optimizer": {"name": "rmsprop", "lr": 0.01}}, "the optimizer RMSprop"),
        ({"training.aggregator": "cagrad"}, "a weighting or an aggregator that reads more"),
        ({"training.weighting": "famo"}, "a weighting or an aggregator that reads more"),
        ({"training.weighting": "gradnorm"}, "a weighting or an aggregator that reads more"),
        (
            {"training.weighting": "uw", "training.accumulate": 2},
            "a weighting over accumulated batches",
        ),
        ({"training.cache_on_device": "never"}, "data that are fetched"),
        ({"report.gradient_conflict": True}, "measurements of gradients"),
    ],
)
def test_what_cannot_pack_is_trained_one_after_another_and_says_why(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    base = settings(**changes)
    together = packed(specs(base, tmp_path / "pack"))
    assert all(
        str(report.info["pack"]).startswith(f"apart: {reason}")
        for told in together.values()
        for report in told
    )
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0


def test_an_operation_without_a_batching_rule_takes_the_pack_apart(tmp_path: Path) -> None:
    base = settings(**{"model.backbone": "tests.support.packed:control_flow"})
    together = packed(specs(base, tmp_path / "pack"))
    why = "an operation that torch.vmap cannot batch, such as control flow that depends on data"
    assert together["t-0000"][0].info["pack"] == f"apart: {why}"
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0


def test_too_little_memory_takes_the_pack_apart(tmp_path: Path) -> None:
    base = settings(**{"model.backbone": "tests.support.packed:greedy"})
    together = packed(specs(base, tmp_path / "pack"))
    assert together["t-0000"][0].info["pack"] == "apart: out of memory"
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0


def test_a_pack_goes_on_from_the_checkpoints_of_its_members(tmp_path: Path) -> None:
    base = settings(**{"training.checkpoint_every_s": 0, "model.backbone.dropout": 0.2})
    trials = specs(base, tmp_path / "pack")
    runner = PackRunner(TrialRunner(SAMPLES, OBJECTIVE), trials)
    before = [runner.run_epoch() for _ in range(2)]  # then its process dies
    after = packed(trials)
    whole = packed(specs(base, tmp_path / "whole"))
    joined = {name: [told[name] for told in before] + after[name] for name in whole}
    assert [r.epoch for r in joined["t-0001"]] == [1, 2, 3, 4]
    assert largest_difference(joined, whole) == 0.0


def test_a_member_may_lack_labels_that_others_have(tmp_path: Path) -> None:
    samples = data(missing=True, train=96)
    complete = data(train=96)
    targets = {"kind": samples.targets["kind"], "sort": complete.targets["kind"]}
    both = DataSet(dict(samples.inputs), targets, dict(samples.splits))
    base = override(settings(), {"tasks": {"kind": {"head": "softmax", "view": "x"}}})
    other = override(settings(), {"tasks": {"sort": {"head": "softmax", "view": "x"}}})

    def trials(folder: Path) -> list[TrialSpec]:
        objectives = [Objective({name: ("accuracy",)}, "primary") for name in ("kind", "sort")]
        return [
            replace(spec(c, folder / c.name / str(n), seed=n), id=f"t-{n:04d}", objective=objective)
            for n, (c, objective) in enumerate(zip((other, base), objectives[::-1], strict=True))
        ]

    together, separate = packed(trials(tmp_path / "pack"), both), alone(trials(tmp_path), both)
    assert together["t-0000"][0].info["pack"] == 2
    assert set(together["t-0001"][0].metrics) >= {"val/kind/loss"}
    assert largest_difference(together, separate) < 2e-5


@pytest.mark.parametrize(
    ("backbone", "reason"),
    [
        ("replaces_buffer", "a network that replaces its buffer 'mean'"),
        ("draws_by_python", "random numbers that each member has to draw by itself"),
    ],
)
def test_a_network_with_a_state_that_would_be_lost_takes_the_pack_apart(
    backbone: str, reason: str, tmp_path: Path
) -> None:
    base = settings(**{"model.backbone": f"tests.support.packed:{backbone}"})
    together = packed(specs(base, tmp_path / "pack"))
    assert together["t-0000"][0].info["pack"] == f"apart: ValueError: {reason}"
    assert largest_difference(together, alone(specs(base, tmp_path / "alone"))) == 0.0


def test_metrics_have_the_order_that_they_have_alone(tmp_path: Path) -> None:
    base = settings(**{"tasks.kind.metrics": ["auroc", "accuracy"]})
    changes = {"training.epochs": 1, "tasks.flag.metrics": ["auroc", "f1"]}
    trials = [spec(override(base, changes), tmp_path / str(n), seed=n) for n in range(4)]
    named = [replace(trial, id=f"t-{number:04d}") for number, trial in enumerate(trials)]
    together, separate = packed(named[:2]), alone(named[2:])
    (mine, *_), (theirs, *_) = together["t-0000"], separate["t-0002"]
    assert list(mine.metrics) == list(theirs.metrics)


def test_an_error_after_which_no_gpu_answers_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = PackRunner(TrialRunner(SAMPLES, OBJECTIVE), specs(settings(), tmp_path))
    runner.run_epoch()

    def fail(*_: object) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(next(iter(runner._members.values())).trainer, "finish_epoch", fail)
    with pytest.raises(torch.AcceleratorError, match="illegal memory"):
        runner.run_epoch()


def test_the_next_pack_finds_the_memory_of_the_last_one_free(tmp_path: Path) -> None:
    runner = TrialRunner(SAMPLES, OBJECTIVE)
    pack = PackRunner(runner, specs(settings(**{"training.epochs": 1}), tmp_path / "first"))
    pack.run_epoch()
    pack = PackRunner(runner, specs(settings(**{"training.epochs": 2}), tmp_path / "second"))
    pack.run_epoch()
    networks = [weakref.ref(member.trainer.network) for member in pack._members.values()]
    gc.disable()
    try:
        del pack
        PackRunner(runner, specs(settings(), tmp_path / "third"))
        assert [network() for network in networks] == [None] * 3
    finally:
        gc.enable()
